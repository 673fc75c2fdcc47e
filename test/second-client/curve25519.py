"""X25519, the Diffie-Hellman function of RFC 7748 section 5, written out plainly.

Python's integers do not run in constant time: this is for study and tests, not for a shared machine.
Run this file to check it against the vectors of the RFC.
"""

P = 2**255 - 19
A24 = 121665
BASE_POINT = (9).to_bytes(32, "little")


def decode_scalar(scalar: bytes) -> int:
    """The private key as a number: three low bits cleared, top bit cleared, next bit set."""
    k = int.from_bytes(scalar, "little")
    return k & ~7 & ~(1 << 255) | 1 << 254


def decode_u(u: bytes) -> int:
    """The u-coordinate as a number; its top bit is ignored."""
    return (int.from_bytes(u, "little") & ~(1 << 255)) % P


def x25519(scalar: bytes, u: bytes) -> bytes:
    """The Montgomery ladder: one step for each bit of the scalar, from the highest."""
    if len(scalar) != 32 or len(u) != 32:
        raise ValueError("X25519 takes 32 bytes and 32 bytes")
    k, x1 = decode_scalar(scalar), decode_u(u)
    x2, z2, x3, z3 = 1, 0, x1, 1
    swapped = 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if bit != swapped:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swapped = bit
        a, b = x2 + z2, x2 - z2
        aa, bb = a * a % P, b * b % P
        e = aa - bb
        c, d = x3 + z3, x3 - z3
        da, cb = d * a % P, c * b % P
        x3 = (da + cb) ** 2 % P
        z3 = x1 * (da - cb) ** 2 % P
        x2 = aa * bb % P
        z2 = e * (aa + A24 * e) % P
    if swapped:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def public_key(private: bytes) -> bytes:
    """The public key of a private key (RFC 7748 section 6.1)."""
    return x25519(private, BASE_POINT)


def self_test() -> None:
    """The vectors of RFC 7748 sections 5.2 and 6.1."""
    h = bytes.fromhex
    assert x25519(
        h("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
        h("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
    ) == h("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")
    assert x25519(
        h("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
        h("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"),
    ) == h("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957")
    k = u = BASE_POINT
    for i in range(1000):
        k, u = x25519(k, u), k
        if i == 0:
            assert k == h("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079")
    assert k == h("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51")
    alice = h("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    bob = h("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    assert public_key(alice) == h("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
    assert public_key(bob) == h("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
    shared = h("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
    assert x25519(alice, public_key(bob)) == x25519(bob, public_key(alice)) == shared


if __name__ == "__main__":
    self_test()
    print("curve25519: all vectors of RFC 7748 sections 5.2 and 6.1 agree")
