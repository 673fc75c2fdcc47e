"""The controller's side of the Countersign protocol, version 1: bytes in, bytes out.

Fragments, handshake, pairing, records and the countersignature. What the messages inside the records say
is in messages.py. The sections cited are those of PROTOCOL.md.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import NamedTuple

from chacha20poly1305 import open_sealed, seal
from curve25519 import public_key, x25519

CONFIRMED, PAIR, UNCONFIRMED = 0x01, 0x02, 0x03  # the modes of m2, section 3
OPERATE, OBSERVE = 0x01, 0x02                    # the roles, section 2
MAX_MESSAGE = 256                                # section 1.2
STALE_MS = 10_000                                # section 5


class ProtocolError(Exception):
    """The pump sent what this page does not allow: the controller ends the connection."""


# ---- introduction: labels, HMAC, HKDF

def label(text: str) -> bytes:
    """The ASCII characters, padded with zero bytes to 16 bytes."""
    return text.encode("ascii").ljust(16, b"\0")


def hmac256(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def extract(salt: bytes, ikm: bytes) -> bytes:
    """HKDF-Extract (RFC 5869 section 2.2)."""
    return hmac256(salt, ikm)


def expand(prk: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand (RFC 5869 section 2.3)."""
    out, block = b"", b""
    for i in range(1, -(-length // 32) + 1):
        block = hmac256(prk, block + info + bytes([i]))
        out += block
    return out[:length]


# ---- section 1.2: fragments

def fragments(message: bytes, mtu: int) -> list[bytes]:
    """The values to write for one message."""
    size = mtu - 3 - 1  # L - 1 bytes of the message in each fragment
    parts = [message[i:i + size] for i in range(0, len(message), size)]
    last = len(parts) - 1
    return [bytes([(i == 0) << 7 | (i == last) << 6 | i]) + part for i, part in enumerate(parts)]


class Reassembler:
    """Puts the pump's fragments together again."""

    def __init__(self) -> None:
        self.message = b""
        self.due: int | None = None  # the index that is due; None when no message has begun

    def take(self, value: bytes) -> bytes | None:
        """Takes one fragment; gives the message that it ends, if it ends one."""
        if len(value) < 2:
            raise ProtocolError("a fragment without message bytes")
        first, last, index = value[0] & 0x80, value[0] & 0x40, value[0] & 0x3F
        if first and (self.due is not None or index != 0):
            raise ProtocolError("a first fragment inside a message, or not of index 0")
        if not first and index != self.due:
            raise ProtocolError("a continuation that is not due")
        self.message += value[1:]
        self.due = index + 1  # 64 after 63, which no header can hold
        if len(self.message) > MAX_MESSAGE:
            raise ProtocolError("a message over 256 bytes")
        if not last:
            return None
        message, self.message, self.due = self.message, b"", None
        return message


# ---- sections 2 and 3: bonds and the handshake

@dataclass
class Bond:
    pump_id: bytes
    controller_id: bytes
    role: int
    k_auth: bytes
    k_dose: bytes


class Handshake(NamedTuple):
    """What is sent as m2, what must come as m3, and SHA-256(m1 || m2 || m3)."""
    m2: bytes
    m3: bytes
    transcript_hash: bytes


def bond_keys(k_auth: bytes) -> tuple[bytes, bytes, bytes]:
    """k_ctl, k_pump, k_ses (section 2)."""
    return (expand(k_auth, label("CS1 k ctl"), 32), expand(k_auth, label("CS1 k pump"), 32),
            expand(k_auth, label("CS1 k ses"), 32))


def check_m1(m1: bytes, pump_id: bytes) -> bytes:
    """Checks m1 as section 3 tells a controller to; gives ephemeralP, empty when the window is closed."""
    if len(m1) < 2 or m1[0] != 0x01:
        raise ProtocolError("the pump speaks another version")
    if m1[1] & ~0x01 or len(m1) != (58 if m1[1] else 26):
        raise ProtocolError("m1 has unknown flags or a wrong length")
    if m1[2:10] != pump_id:
        raise ProtocolError("this is another pump")
    return m1[26:]


def answer_m1(m1: bytes, k_ctl: bytes, k_pump: bytes, role: int, m2_without_tag: bytes) -> Handshake:
    """tagC, and the m3 that only the pump of these keys can send (section 3)."""
    who = bytes([role]) + m1
    m2 = m2_without_tag + hmac256(k_ctl, label("CS1 tag C") + who + m2_without_tag)[:16]
    m3 = hmac256(k_pump, label("CS1 tag P") + who + m2)[:16]
    return Handshake(m2, m3, hashlib.sha256(m1 + m2 + m3).digest())


def shake_hands(bond: Bond, mode: int, m1: bytes, nc: bytes) -> tuple[Handshake, bytes, bytes]:
    """Modes 01 and 03: the handshake, k_cp and k_pc."""
    k_ctl, k_pump, k_ses = bond_keys(bond.k_auth)
    hands = answer_m1(m1, k_ctl, k_pump, bond.role, bytes([mode]) + bond.controller_id + nc)
    keys = expand(k_ses, label("CS1 session") + hands.transcript_hash, 64)
    return hands, keys[:32], keys[32:]


def check_m3(hands: Handshake, m3: bytes) -> None:
    if not hmac.compare_digest(m3, hands.m3):
        raise ProtocolError("m3 is not from the pump of this bond")


# ---- section 4: pairing

class Shown(NamedTuple):
    """What the text on the pump's display holds."""
    pump_id: bytes
    role: int
    secret: bytes


def read_shown(text: str) -> Shown:
    """The 42 characters of base32 that the pump shows."""
    text = "".join(text.split()).upper()
    if len(text) != 42:
        raise ValueError("the pairing text has 42 characters")
    shown = base64.b32decode(text + "======")
    if shown[0] != 0x01 or shown[9] not in (OPERATE, OBSERVE):
        raise ValueError("the pairing text is of another version or role")
    return Shown(shown[1:9], shown[9], shown[10:])


def pairing_keys(secret: bytes) -> tuple[bytes, bytes, bytes]:
    """prk, and the k_ctl and k_pump that stand in for a bond's."""
    prk = extract(label("CS1 pairing"), secret)
    return prk, expand(prk, label("CS1 pair C"), 32), expand(prk, label("CS1 pair P"), 32)


def agree(prk: bytes, private: bytes, ephemeral_p: bytes) -> tuple[bytes, bytes]:
    """z and prk2."""
    z = x25519(private, ephemeral_p)
    if z == bytes(32):
        raise ProtocolError("the pump's ephemeral key is of small order")
    return z, extract(prk, z)


def pair(shown: Shown, controller_id: bytes, m1: bytes, nc: bytes, private: bytes) -> tuple[Handshake, Bond]:
    """Mode 02: the handshake, and the bond that it makes, before anything is sent."""
    ephemeral_p = check_m1(m1, shown.pump_id)
    if not ephemeral_p:
        raise ProtocolError("the pairing window is closed")
    prk, k_ctl, k_pump = pairing_keys(shown.secret)
    hands = answer_m1(m1, k_ctl, k_pump, shown.role, bytes([PAIR]) + controller_id + nc + public_key(private))
    _, prk2 = agree(prk, private, ephemeral_p)
    info = bytes([shown.role]) + hands.transcript_hash
    return hands, Bond(shown.pump_id, controller_id, shown.role,
                       expand(prk2, label("CS1 bond auth") + info, 32),
                       expand(prk2, label("CS1 bond dose") + info, 32))


# ---- section 5: records

def record_nonce(counter: int) -> bytes:
    return bytes(4) + counter.to_bytes(8, "little")


def signed32(difference: int) -> int:
    """A difference mod 2^32 taken as a signed number."""
    return (difference + 2**31) % 2**32 - 2**31


class Record(NamedTuple):
    time_ms: int
    channel: int
    value: bytes
    stale: bool


class Session:
    """Seals and opens the records of one connection."""

    def __init__(self, k_cp: bytes, k_pc: bytes) -> None:
        self.k_cp, self.k_pc = k_cp, k_pc
        self.sent = self.opened = 0      # the counters of both directions
        self.echo = 0                    # the pump's newest time
        self.smallest: int | None = None  # own clock minus record's time, at its smallest

    def seal(self, channel: int, value: bytes) -> bytes:
        if not self.opened:
            raise RuntimeError("the controller sends nothing before it has opened Hello")
        plaintext = self.echo.to_bytes(4, "little") + bytes([channel]) + value
        record = seal(self.k_cp, record_nonce(self.sent), plaintext)
        self.sent += 1
        return record

    def open(self, record: bytes, now_ms: int) -> Record:
        try:
            plaintext = open_sealed(self.k_pc, record_nonce(self.opened), record)
        except ValueError as e:
            raise ProtocolError(str(e)) from e
        if len(plaintext) < 5:
            raise ProtocolError("a record without time and channel")
        self.opened += 1
        time_ms = self.echo = int.from_bytes(plaintext[:4], "little")
        late = (now_ms - time_ms) % 2**32
        if self.smallest is None or signed32(late - self.smallest) < 0:
            self.smallest = late
        return Record(time_ms, plaintext[4], plaintext[5:], signed32(late - self.smallest) > STALE_MS)


# ---- section 7: the countersignature

def countersignature(bond: Bond, dose_id: bytes, challenge: bytes, channel: int, command: bytes,
                     reading: bytes) -> bytes:
    """The tag of Commit."""
    return hmac256(bond.k_dose, label("CS1 dose") + bond.pump_id + bond.controller_id + dose_id + challenge
                   + bytes([channel]) + len(command).to_bytes(2, "little") + command
                   + len(reading).to_bytes(2, "little") + reading)[:16]
