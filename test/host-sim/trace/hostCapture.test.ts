/** What hosts see of the air, as HCI and ATT: bytes against the Core specification's own layouts. */

import { strict as assert } from "node:assert";
import type { AirEvent, AirNote, PacketKind } from "../../../host-sim/air/packet.js";
import { HostCapture } from "../../../host-sim/trace/hostCapture.js";
import { fromHex } from "./hex.js";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const plain = (digits: string) => digits.replace(/\s/g, "");

/** An event of connection 1. */
function event(
  what: AirEvent["what"],
  direction: "toPeripheral" | "toCentral",
  kind: PacketKind,
  value = "",
  note?: AirNote,
): AirEvent {
  const packet = { connectionId: 1, direction, kind, value: fromHex(value) } as const;
  return { timeMs: 0, what, packet, ...(note && { note }) };
}

function taken(host: HostCapture, of: AirEvent): readonly string[] {
  return host.take(of).map(({ bytes }) => text(bytes));
}

function assertTaken(host: HostCapture, of: AirEvent, expected: readonly string[]): void {
  assert.deepEqual(taken(host, of), expected.map(plain));
}

/** Direction (u32, big-endian) and UART type. */
const COMMAND = "00000000 01";
const EVENT = "00000001 04";
const ACL_OUT = "00000000 02";
const ACL_IN = "00000001 02";
const PUMP = "01000000 16c5";
const CENTRAL = "02000000 16c5";
/** LE Connection Complete (Vol 4 Part E 7.7.65.1): handle 1; interval 24 x 1.25 ms, latency 0, timeout 100 x 10 ms. */
const connected = (role: string, peer: string) => `${EVENT} 3e 13 01 00 0100 ${role} 01 ${peer} 1800 0000 6400 00`;
/** PB flag 0 from a host, 2 from a controller, on handle 1; then the lengths of ACL and L2CAP, and CID 4. */
const out = (pdu: string) => framed(ACL_OUT, "0100", pdu);
const into = (pdu: string) => framed(ACL_IN, "0120", pdu);

function framed(head: string, handle: string, pdu: string): string {
  const length = fromHex(pdu).length;
  const le = (value: number) =>
    `${(value & 0xff).toString(16).padStart(2, "0")}${(value >> 8).toString(16).padStart(2, "0")}`;
  return `${head} ${handle} ${le(length + 4)} ${le(length)} 0400 ${pdu}`;
}

const SERVICE = "f0d1947a2b6e319c0f4d5a8b010016c5";
const TO_PUMP = "f0d1947a2b6e319c0f4d5a8b020016c5";
const FROM_PUMP = "f0d1947a2b6e319c0f4d5a8b030016c5";

function upCapture(side: "central" | "peripheral", mtu = "f700"): HostCapture {
  const host = new HostCapture(side);
  const central = side === "central";
  host.take(event(central ? "sent" : "arrived", "toPeripheral", "connect", mtu));
  host.take(event(central ? "arrived" : "sent", "toCentral", "connect", mtu));
  return host;
}

describe("a host's capture", () => {
  it("of a central shows connecting, the exchange of MTUs, and discovery with UUIDs by handle", () => {
    const host = new HostCapture("central");
    assertTaken(host, event("sent", "toPeripheral", "connect", "f700"), [
      // LE Create Connection (7.8.12), and Command Status (7.7.15).
      `${COMMAND} 0d20 19 6000 6000 00 01 ${PUMP} 01 1800 1800 0000 6400 0000 0000`,
      `${EVENT} 0f 04 00 01 0d20`,
    ]);
    assertTaken(host, event("arrived", "toCentral", "connect", "f700"), [
      connected("00", PUMP),
      out("02 f700"),
      into("03 f700"),
      out("10 0100 ffff 0028"),
      into(`11 14 1000 1500 ${SERVICE}`),
      out("08 1000 1500 0328"),
      into(`09 15 1100 08 1200 ${TO_PUMP} 1300 20 1400 ${FROM_PUMP}`),
      out("04 1500 1500"),
      into("05 01 1500 0229"),
    ]);
  });

  it("of the pump shows the same from the other side", () => {
    const host = new HostCapture("peripheral");
    assertTaken(host, event("arrived", "toPeripheral", "connect", "f700"), [connected("01", CENTRAL), into("02 f700")]);
    const [mtu, search] = taken(host, event("sent", "toCentral", "connect", "f700"));
    assert.equal(mtu, plain(out("03 f700")));
    assert.equal(search, plain(into("10 0100 ffff 0028")));
  });

  it("discovers one characteristic at a time where an MTU of 23 has no room for two, and asks for no MTU", () => {
    const host = new HostCapture("central");
    host.take(event("sent", "toPeripheral", "connect"));
    assertTaken(host, event("arrived", "toCentral", "connect", "1700"), [
      connected("00", PUMP),
      out("10 0100 ffff 0028"),
      into(`11 14 1000 1500 ${SERVICE}`),
      out("08 1000 1500 0328"),
      into(`09 15 1100 08 1200 ${TO_PUMP}`),
      out("08 1200 1500 0328"),
      into(`09 15 1300 20 1400 ${FROM_PUMP}`),
      out("04 1500 1500"),
      into("05 01 1500 0229"),
    ]);
  });

  it("shows that a peripheral without the service has none: Attribute Not Found", () => {
    const host = new HostCapture("central");
    host.take(event("sent", "toPeripheral", "connect", "f700"));
    const packets = taken(host, event("arrived", "toCentral", "connect"));
    assert.equal(packets.at(-1), plain(into("01 10 0100 0a")));
  });

  it("shows subscribing, writes, indications and their answers as ATT has them", () => {
    const host = upCapture("central");
    assertTaken(host, event("sent", "toPeripheral", "subscribe", "0200"), [out("12 1500 0200")]);
    assertTaken(host, event("arrived", "toCentral", "writeResponse"), [into("13")]);
    assertTaken(host, event("sent", "toPeripheral", "write", "c0aabb"), [out("12 1200 c0aabb")]);
    assertTaken(host, event("arrived", "toCentral", "writeResponse", "0d"), [into("01 12 1200 0d")]);
    assertTaken(host, event("arrived", "toCentral", "indication", "c011"), [into("1d 1400 c011")]);
    assertTaken(host, event("sent", "toPeripheral", "confirmation"), [out("1e")]);
  });

  it("tells by its reason who ended a connection: this host, the other, or silence", () => {
    const ends = (of: AirEvent) => taken(upCapture("peripheral"), of);
    assert.deepEqual(
      ends(event("sent", "toCentral", "disconnect")),
      [`${COMMAND} 0604 03 0100 13`, `${EVENT} 0f 04 00 01 0604`, `${EVENT} 05 04 00 0100 16`].map(plain),
    );
    assert.deepEqual(ends(event("arrived", "toPeripheral", "disconnect")), [plain(`${EVENT} 05 04 00 0100 13`)]);
    assert.deepEqual(ends(event("arrived", "toPeripheral", "disconnect", "", "timeout")), [
      plain(`${EVENT} 05 04 00 0100 08`),
    ]);
  });

  it("shows an attempt to connect that is given up, and a host that starts anew", () => {
    const host = new HostCapture("central");
    host.take(event("sent", "toPeripheral", "connect"));
    const [cancel, , outcome] = taken(host, event("sent", "toPeripheral", "disconnect"));
    assert.equal(cancel, plain(`${COMMAND} 0e20 00`));
    assert.equal(outcome, plain(`${EVENT} 3e 13 01 02 0100 00 01 ${PUMP} 1800 0000 6400 00`));
    assert.deepEqual(
      host.restarted().map(({ bytes }) => text(bytes)),
      [`${COMMAND} 030c 00`, `${EVENT} 0e 04 01 030c 00`].map(plain),
    );
  });

  it("shows a value over ATT_MTU - 3 as prepared writes, and their execution answered as such", () => {
    const host = upCapture("peripheral", "1700");
    const value = "c0".repeat(21);
    assertTaken(host, event("arrived", "toPeripheral", "write", value), [
      into(`16 1200 0000 ${"c0".repeat(18)}`),
      out(`17 1200 0000 ${"c0".repeat(18)}`),
      into("16 1200 1200 c0c0c0"),
      out("17 1200 1200 c0c0c0"),
      into("18 01"),
    ]);
    assertTaken(host, event("sent", "toCentral", "writeResponse"), [out("19")]);
  });

  it("splits a PDU over 247 bytes into ACL fragments of 251, the later ones marked as continuing", () => {
    const host = upCapture("central");
    const [first = "", second = ""] = taken(host, event("arrived", "toCentral", "indication", "ab".repeat(245)));
    assert.equal(first, plain(`${ACL_IN} 0120 fb00 f800 0400 1d 1400 ${"ab".repeat(244)}`));
    assert.equal(second, plain(`${ACL_IN} 0110 0100 ab`));
  });

  it("says what an attacker did, and of discovery that it is part of connecting", () => {
    const host = upCapture("peripheral");
    const comments = (of: AirEvent) => host.take(of).map(({ comment }) => comment);
    assert.deepEqual(comments(event("sent", "toCentral", "indication", "c0", "dropped")), ["attacker: dropped"]);
    assert.deepEqual(comments(event("arrived", "toPeripheral", "write", "c0", "injected")), ["attacker: injected"]);
    assert.deepEqual(comments(event("arrived", "toPeripheral", "confirmation")), [undefined]);
    const connecting = new HostCapture("central").take(event("arrived", "toCentral", "connect", "1700"));
    assert.match(connecting.at(-1)?.comment ?? "", /^discovery/);
  });
});
