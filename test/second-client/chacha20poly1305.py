"""AEAD_CHACHA20_POLY1305 of RFC 8439 section 2.8, written out plainly.

Run this file to check it against the vectors of the RFC.
"""

import hmac
import struct

MASK = 0xFFFFFFFF


def rotate_left(x: int, n: int) -> int:
    return (x << n | x >> (32 - n)) & MASK


def quarter_round(s: list[int], a: int, b: int, c: int, d: int) -> None:
    """RFC 8439 section 2.1, on four words of the state."""
    s[a] = (s[a] + s[b]) & MASK; s[d] = rotate_left(s[d] ^ s[a], 16)
    s[c] = (s[c] + s[d]) & MASK; s[b] = rotate_left(s[b] ^ s[c], 12)
    s[a] = (s[a] + s[b]) & MASK; s[d] = rotate_left(s[d] ^ s[a], 8)
    s[c] = (s[c] + s[d]) & MASK; s[b] = rotate_left(s[b] ^ s[c], 7)


def chacha20_block(key: bytes, counter: int, nonce: bytes) -> bytes:
    """64 bytes of key stream (section 2.3)."""
    start = list(struct.unpack("<16L", b"expand 32-byte k" + key + struct.pack("<L", counter) + nonce))
    s = start[:]
    for _ in range(10):
        quarter_round(s, 0, 4, 8, 12)
        quarter_round(s, 1, 5, 9, 13)
        quarter_round(s, 2, 6, 10, 14)
        quarter_round(s, 3, 7, 11, 15)
        quarter_round(s, 0, 5, 10, 15)
        quarter_round(s, 1, 6, 11, 12)
        quarter_round(s, 2, 7, 8, 13)
        quarter_round(s, 3, 4, 9, 14)
    return struct.pack("<16L", *((x + y) & MASK for x, y in zip(s, start)))


def chacha20(key: bytes, counter: int, nonce: bytes, text: bytes) -> bytes:
    """Encrypts or decrypts (section 2.4): the text XOR the key stream."""
    out = bytearray()
    for i in range(0, len(text), 64):
        stream = chacha20_block(key, counter + i // 64, nonce)
        out += bytes(x ^ y for x, y in zip(text[i:i + 64], stream))
    return bytes(out)


def poly1305(key: bytes, message: bytes) -> bytes:
    """The one-time authenticator (section 2.5): a polynomial in r over the message, mod 2^130 - 5, plus s."""
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    s = int.from_bytes(key[16:], "little")
    total = 0
    for i in range(0, len(message), 16):
        block = int.from_bytes(message[i:i + 16] + b"\x01", "little")
        total = (total + block) * r % (2**130 - 5)
    return ((total + s) % 2**128).to_bytes(16, "little")


def tag_of(key: bytes, nonce: bytes, aad: bytes, ciphertext: bytes) -> bytes:
    """The tag over both texts, each padded to 16 bytes, and both lengths (section 2.8)."""
    one_time_key = chacha20_block(key, 0, nonce)[:32]
    padded = b"".join(x + bytes(-len(x) % 16) for x in (aad, ciphertext))
    return poly1305(one_time_key, padded + struct.pack("<QQ", len(aad), len(ciphertext)))


def seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes = b"") -> bytes:
    """ciphertext || tag."""
    ciphertext = chacha20(key, 1, nonce, plaintext)
    return ciphertext + tag_of(key, nonce, aad, ciphertext)


def open_sealed(key: bytes, nonce: bytes, sealed: bytes, aad: bytes = b"") -> bytes:
    """The plaintext, or ValueError when the tag is wrong."""
    ciphertext, tag = sealed[:-16], sealed[-16:]
    if len(tag) != 16 or not hmac.compare_digest(tag, tag_of(key, nonce, aad, ciphertext)):
        raise ValueError("the record does not open")
    return chacha20(key, 1, nonce, ciphertext)


def self_test() -> None:
    """The vectors of RFC 8439 sections 2.3.2, 2.5.2, 2.6.2 and 2.8.2."""
    h = bytes.fromhex
    assert chacha20_block(bytes(range(32)), 1, h("000000090000004a00000000")) == h(
        "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
        "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e")
    poly_key = h("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b")
    assert poly1305(poly_key, b"Cryptographic Forum Research Group") == h("a8061dc1305136c6c22b8baf0c0127a9")
    key = bytes(range(0x80, 0xA0))
    assert chacha20_block(key, 0, h("000000000001020304050607"))[:32] == h(
        "8ad5a08b905f81cc815040274ab29471a833b637e3fd0da508dbb8e2fdd1a646")
    nonce, aad = h("070000004041424344454647"), h("50515253c0c1c2c3c4c5c6c7")
    plaintext = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip "
                 b"for the future, sunscreen would be it.")
    sealed = h("d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
               "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
               "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
               "3ff4def08e4b7a9de576d26586cec64b6116"
               "1ae10b594f09e26a7e902ecbd0600691")
    assert seal(key, nonce, plaintext, aad) == sealed
    assert open_sealed(key, nonce, sealed, aad) == plaintext
    try:
        open_sealed(key, nonce, sealed[:-1] + b"\x00", aad)
    except ValueError:
        return
    raise AssertionError("a wrong tag was taken")


if __name__ == "__main__":
    self_test()
    print("chacha20poly1305: all vectors of RFC 8439 sections 2.3.2, 2.5.2, 2.6.2 and 2.8.2 agree")
