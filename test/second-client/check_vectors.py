"""Checks this client against the test vectors of PROTOCOL.md, section 9.

    python3 check_vectors.py PROTOCOL.md

Every fenced block of JSON is read from the page. A block of an unknown kind or name is a failure. Prints one line
for each block and exits 0 when all agree.
"""

import hashlib
import json
import re
import sys
from decimal import Decimal
from typing import Any

import chacha20poly1305
import countersign as cs
import curve25519
import messages as ms

Vector = dict[str, Any]
h = bytes.fromhex


def blocks(page: str) -> list[Vector]:
    """The JSON of the page, in its order."""
    return [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```", page, re.M | re.S)]


def expect(name: str, ours: Any, theirs: Any) -> None:
    if isinstance(ours, bytes):
        ours = ours.hex()
    if ours != theirs:
        raise AssertionError(f"{name}: computed {ours}, the page has {theirs}")


def expect_all(vector: Vector, ours: dict[str, Any]) -> None:
    """Every output of the block is compared, none left out."""
    expect("names of the outputs", sorted(ours), sorted(vector["outputs"]))
    for name, value in ours.items():
        expect(name, value, vector["outputs"][name])


def check_labels(v: Vector) -> None:
    expect_all(v, {text: cs.label(text) for text in v["inputs"]["texts"]})


def check_pairing(v: Vector) -> None:
    i, o = {k: h(x) for k, x in v["inputs"].items()}, v["outputs"]
    shown = i["version"] + i["pumpId"] + i["role"] + i["secret"]
    expect("read_shown", cs.read_shown(o["shownBase32"]), (i["pumpId"], i["role"][0], i["secret"]))
    ephemeral_p = curve25519.public_key(i["ephemeralPrivateP"])
    m1 = i["version"] + i["flags"] + i["pumpId"] + i["np"] + ephemeral_p
    prk, k_ctl, k_pump = cs.pairing_keys(i["secret"])
    z, prk2 = cs.agree(prk, i["ephemeralPrivateC"], ephemeral_p)
    expect("z of the pump", curve25519.x25519(i["ephemeralPrivateP"], h(o["ephemeralC"])), o["z"])
    hands, bond = cs.pair(cs.read_shown(o["shownBase32"]), i["controllerId"], m1, i["nc"], i["ephemeralPrivateC"])
    expect("role of the bond", bond.role, i["role"][0])
    expect_all(v, {
        "shownBase32": cs.base64.b32encode(shown).decode().rstrip("="), "shown": shown, "prk": prk, "kCtl": k_ctl,
        "kPump": k_pump, "ephemeralP": ephemeral_p, "ephemeralC": curve25519.public_key(i["ephemeralPrivateC"]),
        "m1": m1, "tagCInput": cs.label("CS1 tag C") + i["role"] + m1 + hands.m2[:-16], "tagC": hands.m2[-16:],
        "m2": hands.m2, "tagPInput": cs.label("CS1 tag P") + i["role"] + m1 + hands.m2, "m3": hands.m3,
        "transcriptHash": hands.transcript_hash, "z": z, "prk2": prk2, "kAuth": bond.k_auth, "kDose": bond.k_dose})


def check_handshake(v: Vector) -> None:
    i = {k: h(x) for k, x in v["inputs"].items()}
    ephemeral_p = curve25519.public_key(i["ephemeralPrivateP"]) if "ephemeralPrivateP" in i else b""
    m1 = i["version"] + i["flags"] + i["pumpId"] + i["np"] + ephemeral_p
    expect("check_m1", cs.check_m1(m1, i["pumpId"]), ephemeral_p.hex())
    bond = cs.Bond(i["pumpId"], i["controllerId"], i["role"][0], i["kAuth"], b"")
    hands, k_cp, k_pc = cs.shake_hands(bond, i["mode"][0], m1, i["nc"])
    k_ctl, k_pump, k_ses = cs.bond_keys(bond.k_auth)
    expect_all(v, {
        "kCtl": k_ctl, "kPump": k_pump, "kSes": k_ses, "ephemeralP": ephemeral_p, "m1": m1,
        "tagCInput": cs.label("CS1 tag C") + i["role"] + m1 + hands.m2[:-16], "tagC": hands.m2[-16:], "m2": hands.m2,
        "tagPInput": cs.label("CS1 tag P") + i["role"] + m1 + hands.m2, "m3": hands.m3,
        "transcriptHash": hashlib.sha256(m1 + hands.m2 + hands.m3).digest(), "kCp": k_cp, "kPc": k_pc})


REQUESTS = {  # the controller's requests, built from the fields
    "read of Status": lambda f: b"",
    "tick from the controller": lambda f: b"",
    "Prepare of Set Bolus": lambda f: ms.prepare(f["lifeS"][0], ms.set_bolus(1_500_000, 0x10).command),
    "Prepare in state Stop": lambda f: ms.prepare(f["lifeS"][0], ms.set_bolus(1_500_000, 0x10).command),
    "Commit": lambda f: ms.commit(f["doseId"], f["tag"]),
    "Outcome": lambda f: ms.outcome(f["doseId"]),
    "Outcome after Stop": lambda f: ms.outcome(f["doseId"]),
    "Stop": lambda f: ms.STOP,
    "Reset Status: all": lambda f: ms.reset_status(0x00FF),
    "Get Active Basal Rate Delivery": lambda f: ms.GET_BASAL,
    "Get Active Bolus IDs": lambda f: ms.GET_ACTIVE_BOLUS_IDS,
    "Get Active Bolus Delivery: delivered": lambda f: ms.get_bolus_delivery(1, 0x3C),
    "Cancel Bolus": lambda f: ms.cancel_bolus(1),
    "Report Stored Records from 300 on": lambda f: ms.report_from(300),
    "Report Number of Stored Records from 1 to 258": lambda f: ms.number_of(1, 258),
    "Abort Operation": lambda f: ms.ABORT_REPORT,
    "Snooze Annunciation": lambda f: ms.snooze(0x0102),
    "Confirm Annunciation": lambda f: ms.confirm(0x0102),
    "List Bonds": lambda f: ms.LIST_BONDS,
    "Revoke Bond, one's own": lambda f: ms.revoke_bond(f["controllerId"]),
    "read of Battery Level": lambda f: b"",
    "Get Counter: lifetime elapsed": lambda f: ms.get_counter(0x0F, 0x33),
    "Get Counter: warranty remaining": lambda f: ms.get_counter(0x33, 0x0F),
    "Get Total Daily Insulin Status": lambda f: ms.GET_TOTAL_DAILY,
    "Stop Priming": lambda f: ms.STOP_PRIMING,
}


def check_value(v: Vector) -> None:
    """The fields, joined, are the value; ours is built from them, the pump's is taken apart into them."""
    i, value = v["inputs"], h(v["outputs"]["value"])
    fields = {k: h(x) for k, x in i["fields"].items()}
    channel = h(i["channel"])[0]
    expect("fields joined", b"".join(fields.values()), value.hex())
    if i["sender"] == "controller":
        expect("value", REQUESTS[v["name"]](fields), value.hex())
    elif channel == ms.TICK:
        expect("value", b"", value.hex())
    else:
        split = ms.split(ms.layout_of(channel, value)[1], value)
        expect("fields", [raw.hex() for _, raw in split.values() if raw], [x for x in i["fields"].values() if x])
        ms.read_answer(channel, value)


def check_record(v: Vector) -> None:
    """Sealed again from its parts, and opened, each by a session that stands at this counter."""
    check_value(v)
    i, o = v["inputs"], v["outputs"]
    channel, value, time_ms = h(i["channel"])[0], h(o["value"]), i["timeMs"]
    session = cs.Session(h(i["key"]), h(i["key"]))
    session.opened, session.sent, session.echo = i["counter"] or 1, i["counter"], time_ms
    record = session.seal(channel, value)
    session.opened = i["counter"]
    opened = session.open(h(o["record"]), time_ms)
    expect("opened", opened, (time_ms, channel, value, False))
    expect_all(v, {"value": value, "plaintext": ms.u32(time_ms) + h(i["channel"]) + value,
                   "nonce": cs.record_nonce(i["counter"]), "record": record})


WISHES = {  # the user's wish of each countersignature
    "countersignature of Set Bolus": ms.set_bolus(1_500_000, 0x10),
    "countersignature of Set TBR, 0.75 U/h for 90 min": ms.set_tbr(750_000, 90),
    "countersignature of Cancel TBR, 1.2 U/h takes over": ms.cancel_tbr(1_200_000),
    "countersignature of Run, 1.2 U/h begins": ms.run(1_200_000),
    "countersignature of Set TBR, 1.5 times 0.9 U/h for 60 min, AP controller": ms.relative_tbr(
        1_500_000, 60, 1_350_000, 0x55),
    "countersignature of the last chunk of the active profile, 0.8 and 1.1 U/h": ms.write_profile(
        1, [(360, 800_000), (1080, 1_100_000)], 800_000),
    "countersignature of Activate Profile Templates, 2": ms.activate_profile(2, 1_200_000),
    "countersignature of Propose Time Update, 2026-11-22 20:00:00": ms.set_time(
        848_707_200, -20, 4, (2026, 11, 22, 20, 0, 0), 900_000),
    "countersignature of Set Flight Mode": ms.set_flight_mode(),
    "countersignature of Start Priming, 10 U": ms.start_priming(10_000_000),
    "countersignature of Set Initial Reservoir Fill, 200 U": ms.set_reservoir_fill(200_000_000),
    "countersignature of Reset Reservoir Insulin Operation Time": ms.reset_reservoir_time(),
    "countersignature of Revoke Bond, an observer's": ms.revoke_other(bytes(range(0xD0, 0xD8)), cs.OBSERVE),
}


def check_countersignature(v: Vector) -> None:
    i, wish = v["inputs"], WISHES[v["name"]]
    k = {name: h(x) for name, x in i.items() if isinstance(x, str)}
    bond = cs.Bond(k["pumpId"], k["controllerId"], cs.OPERATE, b"", k["kDose"])
    expect("command fields joined", "".join(i["commandFields"].values()), wish.command.hex())
    name, layout = ms.READINGS.get(wish.reading[:2].hex(), ("", ""))
    if name and sum(ms.WIDTHS[field.split(" ")[1]] for field in layout.split(", ")) == len(wish.reading):
        expect("reading fields", [raw.hex() for _, raw in ms.split(layout, wish.reading).values()],
               list(i["readingFields"].values()))
    else:
        expect("reading fields joined", "".join(i["readingFields"].values()), wish.reading.hex())
    command, reading = wish.command, wish.reading
    tag_input = (cs.label("CS1 dose") + k["pumpId"] + k["controllerId"] + k["doseId"] + k["challenge"] + k["channel"]
                 + ms.u16(len(command)) + command + ms.u16(len(reading)) + reading)
    expect_all(v, {"command": command, "reading": reading, "tagInput": tag_input, "tag": cs.countersignature(
        bond, k["doseId"], k["challenge"], k["channel"][0], command, reading)})


def check_fragmentation(v: Vector) -> None:
    message, mtu = h(v["inputs"]["message"]), v["inputs"]["mtu"]
    expect_all(v, {"fragments": [f.hex() for f in cs.fragments(message, mtu)]})
    assembler = cs.Reassembler()
    taken = [assembler.take(h(f)) for f in v["outputs"]["fragments"]]
    expect("reassembled", taken, [None] * (len(taken) - 1) + [message])


def check_amounts(v: Vector) -> None:
    """Rounded as the pump does it, and read again as a controller does it."""
    amounts, up = v["inputs"]["amountsMicrounits"], v["inputs"]["rounding"] == "up"
    expect_all(v, {"sfloats": [ms.encode_amount(a, 2, up).hex() for a in amounts],
                   "floats": [ms.encode_amount(a, 4, up).hex() for a in amounts]})
    for name in ("sfloats", "floats"):
        for amount, text in zip(amounts, v["outputs"][name]):
            error = ms.decode_amount(h(text)) * 1_000_000 - Decimal(amount)
            assert (error >= 0) if up else (error <= 0), f"{text} is rounded the wrong way"


def place_of_end(values: list[bytes]) -> int:
    """Which value of a sequence the reassembler does not take."""
    assembler = cs.Reassembler()
    for place, value in enumerate(values):
        try:
            assembler.take(value)
        except cs.ProtocolError:
            return place
    return -1


def check_broken_fragments(v: Vector) -> None:
    expect_all(v, {"endsAt": [place_of_end([h(x) for x in sequence]) for sequence in v["inputs"]["sequences"]]})


def check_refused_m1(v: Vector) -> None:
    """This client has one exception for all of them: that each is refused is compared, not why."""
    pump_id = h(v["inputs"]["pumpId"])
    for text, why in zip(v["inputs"]["m1"], v["outputs"]["why"], strict=True):
        m1 = h(text)
        try:
            ephemeral_p = cs.check_m1(m1, pump_id)
            if why == "ephemeralP":  # what is wrong with it shows in pairing alone
                cs.agree(bytes(32), bytes([1] * 32), ephemeral_p)
        except cs.ProtocolError:
            continue
        raise AssertionError(f"an m1 of a wrong {why} was taken")


def check_stale_echoes(v: Vector) -> None:
    """The pump's rule; a controller needs it to know what will be refused."""
    i = v["inputs"]
    expect_all(v, {"stale": [(now - echo) % 2**32 > cs.STALE_MS
                             for now, echo in zip(i["pumpMs"], i["echoesMs"], strict=True)]})


def check_stale_times(v: Vector) -> None:
    key, stale = bytes(32), []
    ours, pump = cs.Session(key, key), cs.Session(key, key)
    pump.opened = 1
    for now, time_ms in zip(v["inputs"]["arrivedMs"], v["inputs"]["timesMs"], strict=True):
        pump.echo = time_ms
        stale.append(ours.open(pump.seal(ms.TICK, b""), now).stale)
    expect_all(v, {"stale": stale})


CHECKS = {"labels": check_labels, "pairing": check_pairing, "handshake": check_handshake, "record": check_record,
          "countersignature": check_countersignature, "fragmentation": check_fragmentation,
          "amounts": check_amounts, "value": check_value, "brokenFragments": check_broken_fragments,
          "refusedM1": check_refused_m1, "staleEchoes": check_stale_echoes, "staleTimes": check_stale_times}


def main() -> int:
    curve25519.self_test()
    chacha20poly1305.self_test()
    print("ok    RFC 7748 and RFC 8439")
    with open(sys.argv[1], encoding="utf-8") as page:
        vectors = blocks(page.read())
    failed = 0
    for v in vectors:
        try:
            CHECKS[v["kind"]](v)
            print(f"ok    {v['kind']}: {v['name']}")
        except Exception as e:  # whatever goes wrong is this block's failure
            failed += 1
            print(f"FAIL  {v['kind']}: {v['name']}: {type(e).__name__}: {e}")
    print(f"{len(vectors)} vectors, {failed} failed, none left out")
    return 1 if failed or not vectors else 0


if __name__ == "__main__":
    sys.exit(main())
