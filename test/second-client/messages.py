"""What the records of a Countersign session say: amounts, requests, readings and the pump's answers.

The sections cited are those of PROTOCOL.md.
"""

from decimal import Decimal
from typing import Any, NamedTuple

from countersign import ProtocolError

CONTROL, TICK, STATUS_CHANGED, STATUS, ANNUNCIATION, FEATURES, READER, COMMAND, RECORD_ACCESS, HISTORY = (
    0x00, 0x01, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x27, 0x28)  # channels, sections 5 and 6
BATTERY, MODEL, FIRMWARE, SOFTWARE, MANUFACTURER = 0xD9, 0xE4, 0xE6, 0xE8, 0xE9  # channels, section 6.6
PREPARE, COMMIT, OUTCOME = b"\x0f", b"\x3c", b"\x55"  # opcodes of channel 00, section 7
SUCCESS, NOT_COMPLETED, INVALID = 0x0F, 0x72, 0x71
RUN_STATE, STOP_STATE = 0x55, 0x33

CODES = {
    0x0F: "Success", 0x70: "OpcodeNotSupported", 0x71: "InvalidOperand", 0x72: "NotCompleted", 0x73: "OutOfRange",
    0x74: "NotApplicable", 0x75: "Plausibility", 0x76: "MaxBolusNumber", 0x80: "Stale", 0x81: "ChallengeUnknown",
    0x82: "ChallengeExpired", 0x83: "CountersignatureWrong", 0x84: "ReadingChanged", 0x85: "RoleNotPermitted",
}
KINDS = {0x0F: "never", 0x33: "refused", 0x3C: "applied", 0x55: "delivering", 0x5A: "delivered", 0x66: "stopped",
         0x69: "uncertain", 0x96: "forgotten"}


# ---- section 6: SFLOAT (2 bytes) and FLOAT (4 bytes)

MANTISSA = {2: (12, 2045), 4: (24, 8_388_605)}  # bits, and the largest that is not special


def encode_amount(microunits: int, size: int, up: bool = False) -> bytes:
    """An amount in units: exact with the fewest digits, else rounded with the finest exponent that fits."""
    bits, largest = MANTISSA[size]
    mantissa, exponent = microunits, -6
    while mantissa and mantissa % 10 == 0:
        mantissa, exponent = mantissa // 10, exponent + 1
    if mantissa == 0:
        exponent = 0
    elif mantissa > largest:
        mantissa, exponent = microunits, -6
        while mantissa > largest:
            exponent += 1
            step = 10 ** (exponent + 6)
            mantissa = -(-microunits // step) if up else microunits // step
    return (exponent % 2 ** (8 * size - bits) << bits | mantissa).to_bytes(size, "little")


NOT_A_NUMBER = b"\xff\x07"  # the reservoir when none is attached, section 6.1


def decode_amount(data: bytes) -> Decimal:
    """The value, in units."""
    bits, largest = MANTISSA[len(data)]
    raw = int.from_bytes(data, "little")
    exponent, mantissa = raw >> bits, raw & (1 << bits) - 1
    if largest < mantissa <= 2**bits - 1 - largest:
        raise ProtocolError("a special value where an amount is due")
    if mantissa >> bits - 1:
        mantissa -= 1 << bits
    top = 8 * len(data) - bits
    if exponent >> top - 1:
        exponent -= 1 << top
    return Decimal(mantissa).scaleb(exponent)


def command_amount(microunits: int) -> bytes:
    """The SFLOAT of a command, in hundredths of a unit as the examples of section 9 have it."""
    hundredths, rest = divmod(microunits, 10_000)
    if rest or not 0 <= hundredths <= 2045:
        raise ValueError("an amount is a multiple of 0.01 U, from 0 to 20.45 U")
    return u16(0xE000 | hundredths)


def u16(n: int) -> bytes:
    return n.to_bytes(2, "little")


def u32(n: int) -> bytes:
    return n.to_bytes(4, "little")


# ---- section 6.3: commands, and the readings of section 7

class Wish(NamedTuple):
    """A countersigned command and the reading that the user means by it.

    Run and Cancel TBR say a rate in their reading that only the pump may know: without it `reading` is but
    the beginning, equal to no reading, so that the user is asked.
    """
    command: bytes
    reading: bytes


def set_bolus(microunits: int, flags: int = 0) -> Wish:
    head = u16(0x114B) + bytes([flags, 0x33])
    return Wish(head + command_amount(microunits) + u16(0) + u16(0), head + u32(microunits) + u32(0) + u16(0))


def set_tbr(microunits_per_hour: int, minutes: int, change: bool = False) -> Wish:
    head = u16(0x0FFF)
    return Wish(head + bytes([0x04 if change else 0x00, 0x33]) + command_amount(microunits_per_hour) + u16(minutes),
                head + bytes([0x33 if change else 0x0F]) + u32(microunits_per_hour) + u16(minutes))


def cancel_tbr(rate: int | None = None) -> Wish:
    head = u16(0x1111)
    return Wish(head, head if rate is None else head + u32(rate))


def run(rate: int | None = None) -> Wish:
    head = u16(0x0F5A) + bytes([RUN_STATE])
    return Wish(head, head if rate is None else head + u32(rate))


def relative_tbr(factor_millionths: int, minutes: int, rate: int, context: int | None = None) -> Wish:
    """New, with the rate that the pump is to begin with."""
    head, tail = u16(0x0FFF), b"" if context is None else bytes([context])
    return Wish(head + bytes([0 if context is None else 0x02, 0x3C]) + command_amount(factor_millionths) + u16(minutes)
                + tail, head + bytes([0x3C]) + u32(factor_millionths) + u32(rate) + u16(minutes) + tail)


def write_profile(template: int, blocks: list[tuple[int, int]], rate: int) -> Wish:
    """The active template, in one chunk of 1 to 3 blocks (minutes, microunits an hour)."""
    head = u16(0x0FCC)
    chunk = bytes([(0x01, 0x03, 0x07)[len(blocks) - 1], template, 1])
    chunk += b"".join(u16(minutes) + command_amount(each) for minutes, each in blocks)
    day = sum(minutes * each for minutes, each in blocks) // 60
    reading = bytes([template, 0x33]) + u32(rate) + u32(day) + bytes([len(blocks)])
    return Wish(head + chunk, head + reading + b"".join(u16(minutes) + u32(each) for minutes, each in blocks))


def activate_profile(template: int, rate: int) -> Wish:
    return Wish(u16(0x122E) + bytes([1, template]), u16(0x122E) + bytes([template]) + u32(rate))


def set_time(base_s: int, zone: int, dst: int, local: tuple[int, int, int, int, int, int], rate: int) -> Wish:
    """By a cellular network, to 1 s; `local`: year, month, day, hours, minutes, seconds."""
    where = bytes([zone & 0xFF, dst])
    year, *rest = local
    return Wish(b"\x02" + u16(0x0041) + u32(base_s) + where + b"\x06\x08",
                b"\x02" + u16(year) + bytes(rest) + where + u32(rate))


def set_flight_mode() -> Wish:
    return Wish(u16(0x0F66), u16(0x0F66))


def start_priming(amount: int) -> Wish:
    return Wish(u16(0x127B) + command_amount(amount), u16(0x127B) + u32(amount))


def set_reservoir_fill(amount: int) -> Wish:
    """Whole units, as an SFLOAT without an exponent."""
    return Wish(u16(0x128B) + u16(amount // 1_000_000), u16(0x128B) + u32(amount))


def reset_reservoir_time() -> Wish:
    return Wish(u16(0x12B7), u16(0x12B7))


def revoke_other(controller_id: bytes, role: int) -> Wish:
    """Goes on channel 00."""
    return Wish(revoke_bond(controller_id), revoke_bond(controller_id) + bytes([role]))


STOP = u16(0x0F5A) + bytes([STOP_STATE])
GET_ACTIVE_BOLUS_IDS, GET_BASAL, GET_DELIVERED = u16(0x0330), u16(0x0365), u16(0x03C0)
GET_TOTAL_DAILY = u16(0x0395)
STOP_PRIMING = u16(0x1284)


def cancel_bolus(bolus_id: int) -> bytes:
    return u16(0x1178) + u16(bolus_id)


def get_bolus_delivery(bolus_id: int, value: int) -> bytes:
    return u16(0x0356) + u16(bolus_id) + bytes([value])


def snooze(instance: int) -> bytes:
    return u16(0x0F69) + u16(instance)


def confirm(instance: int) -> bytes:
    return u16(0x0F99) + u16(instance)


def get_counter(which: int, value: int) -> bytes:
    return u16(0x03A6) + bytes([which, value])


def reset_status(flags: int) -> bytes:
    return u16(0x030C) + u16(flags)


# ---- section 6.4: requests for history records

ABORT_REPORT = bytes([0x55, 0x0F])


def report_from(sequence: int) -> bytes:
    return bytes([0x33, 0x55, 0x0F]) + u32(sequence)


def number_of(first: int, last: int) -> bytes:
    return bytes([0x5A, 0x5A, 0x0F]) + u32(first) + u32(last)


# ---- section 7: requests of the control channel

def prepare(life_s: int, command: bytes) -> bytes:
    return PREPARE + bytes([life_s, COMMAND]) + command


def commit(dose_id: bytes, tag: bytes) -> bytes:
    return COMMIT + dose_id + tag


def outcome(dose_id: bytes) -> bytes:
    return OUTCOME + dose_id


LIST_BONDS = b"\x96"


def revoke_bond(controller_id: bytes) -> bytes:
    return b"\xa5" + controller_id


# ---- what the pump sends: channel, first bytes, name, fields and their widths

GENERAL = "opcode u16, requestOpcode u16, code u8"
BASAL = "opcode u16, flags u8, profileTemplate u8, rate sfloat"
LAYOUTS: list[tuple[int, str, str, str]] = [
    (CONTROL, "69", "Hello", "opcode u8, role u8"),
    (CONTROL, "33", "Challenge", "opcode u8, doseId 8, challenge 16, lifeS u8, reading rest"),
    (CONTROL, "5a", "OutcomeIs", "opcode u8, doseId 8, kind u8, code u8, intendedMicrounits u32, "
                                 "lowMicrounits u32, highMicrounits u32"),
    (CONTROL, "66", "Refused", "opcode u8, requestOpcode u8, code u8"),
    (CONTROL, "99", "Bonds Are", "opcode u8, count u8, bonds rest"),
    (CONTROL, "aa", "Bond Revoked", "opcode u8, controllerId 8"),
    (STATUS_CHANGED, "", "Status Changed", "flags u16"),
    (STATUS, "", "Status", "therapyControlState u8, operationalState u8, reservoirRemaining sfloat, flags u8"),
    (ANNUNCIATION, "00", "Annunciation Status", "flags u8"),
    (ANNUNCIATION, "01", "Annunciation Status", "flags u8, instance u16, type u16, status u8"),
    (FEATURES, "", "Features", "e2eCrc u16, e2eCounter u8, insulinConcentration sfloat, flags u24"),
    (READER, "0303", "Response", GENERAL),
    (READER, "3f03", "Active Bolus IDs", "opcode u16, count u8, bolusIds rest"),
    (READER, "5903", "Active Bolus Delivery", "opcode u16, flags u8, bolusId u16, type u8, fast sfloat, "
                                              "extended sfloat, durationMin u16"),
    (READER, "6a0300", "Active Basal Rate Delivery", BASAL),
    (READER, "6a0301", "Active Basal Rate Delivery",
     BASAL + ", tbrType u8, tbrRate sfloat, programmedMin u16, remainingMin u16"),
    (READER, "9a03", "Total Daily Insulin Status", "opcode u16, bolus sfloat, basal sfloat, total sfloat"),
    (READER, "a903", "Counter", "opcode u16, type u8, value u8, minutes u32"),
    (READER, "cf03", "Delivered Insulin", "opcode u16, bolus float, basal float"),
    (COMMAND, "550f", "Response", GENERAL),
    (COMMAND, "7711", "Set Bolus Response", "opcode u16, bolusId u16"),
    (COMMAND, "8711", "Cancel Bolus Response", "opcode u16, bolusId u16"),
    (COMMAND, "960f", "Snooze Annunciation Response", "opcode u16, instance u16"),
    (COMMAND, "a50f", "Confirm Annunciation Response", "opcode u16, instance u16"),
    (RECORD_ACCESS, "0f0f", "Response", "opcode u8, operator u8, requestOpcode u8, code u8"),
    (RECORD_ACCESS, "660f", "Number of Stored Records", "opcode u8, operator u8, number u32"),
    (BATTERY, "", "Battery Level", "percent u8"),
    (MODEL, "", "Model Number", "text rest"),
    (FIRMWARE, "", "Firmware Revision", "text rest"),
    (SOFTWARE, "", "Software Revision", "text rest"),
    (MANUFACTURER, "", "Manufacturer Name", "text rest"),
    (HISTORY, "", "History Data", "event u16, sequence u32, relativeOffsetS u16, data rest"),
]
READINGS = {
    "4b11": ("Set Bolus", "opcode u16, flags u8, type u8, fastMicrounits u32, extendedMicrounits u32, durationMin u16"),
    "ff0f": ("Set TBR", "opcode u16, mode u8, rateMicrounitsPerHour u32, durationMin u16"),
    "1111": ("Cancel TBR", "opcode u16, rateMicrounitsPerHour u32"),
    "5a0f": ("Run", "opcode u16, state u8, rateMicrounitsPerHour u32"),
}
WIDTHS = {"u8": 1, "u16": 2, "u24": 3, "u32": 4, "sfloat": 2, "float": 4, "8": 8, "16": 16}


def split(layout: str, value: bytes) -> dict[str, tuple[str, bytes]]:
    """The fields of a value as they stand on the wire, each with its kind; the lengths must agree."""
    fields = {}
    for field in layout.split(", "):
        name, kind = field.split(" ")
        width = WIDTHS.get(kind, len(value))
        fields[name], value = (kind, value[:width]), value[width:]
        if kind != "rest" and len(fields[name][1]) != width:
            raise ProtocolError("a message that is too short")
    if value:
        raise ProtocolError("a message that is too long")
    return fields


def to_plain(fields: dict[str, tuple[str, bytes]]) -> dict[str, Any]:
    """Numbers for what is a number, bytes for the rest."""
    plain: dict[str, Any] = {}
    for name, (kind, raw) in fields.items():
        if kind in ("sfloat", "float"):
            plain[name] = None if raw == NOT_A_NUMBER else decode_amount(raw)
        else:
            plain[name] = int.from_bytes(raw, "little") if kind.startswith("u") else raw
    return plain


def layout_of(channel: int, value: bytes) -> tuple[str, str]:
    """The name and the fields of what the pump sent."""
    for at, start, name, layout in LAYOUTS:
        if at == channel and value.startswith(bytes.fromhex(start)):
            return name, layout
    raise ProtocolError(f"unknown message on channel {channel:02x}: {value.hex()}")


def read_answer(channel: int, value: bytes) -> dict[str, Any]:
    """What the pump sent, by the names of its fields; `message` says what it is."""
    name, layout = layout_of(channel, value)
    return {"message": name, **to_plain(split(layout, value))}


def read_reading(reading: bytes) -> dict[str, Any]:
    """A reading in words and numbers, to show to the user."""
    name, layout = READINGS.get(reading[:2].hex(), ("", ""))
    if not name:
        raise ProtocolError("a reading of an unknown command")
    return {"command": name, **to_plain(split(layout, reading))}
