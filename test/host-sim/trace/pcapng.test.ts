/** Blocks of pcapng as the draft's figures lay them out, byte by byte, written and read. */

import { strict as assert } from "node:assert";
import { concat } from "../../../firmware/base/bytes.js";
import { enhancedPacket, interfaceDescription, LINKTYPE, sectionHeader } from "../../../host-sim/trace/pcapng.js";
import { type CapturedPacket, readCapture } from "../../../host-sim/trace/pcapngReader.js";
import { fromHex } from "./hex.js";

/** Section 4.1: type, length, magic, 1.0, length unknown; shb_userappl (4) of 2 bytes, padded; end; length. */
const SECTION = fromHex(`
  0a0d0d0a 28000000 4d3c2b1a 0100 0000 ffffffffffffffff
  0400 0200 43530000  0000 0000  28000000`);
/** Section 4.2: link type 201, no limit; if_name (2) "pump", if_tsresol (9) 6. */
const INTERFACE = fromHex(`
  01000000 28000000 c900 0000 00000000
  0200 0400 70756d70  0900 0100 06000000  0000 0000  28000000`);
/** Section 4.3: interface 0, time 2^32 + 2 as high and low, 5 bytes of 5, padded; opt_comment (1) "hi"; end. */
const PACKET = fromHex(`
  06000000 34000000 00000000 01000000 02000000 05000000 05000000
  0102030405 000000  0100 0200 68690000  0000 0000  34000000`);

function packets(file: Uint8Array): readonly CapturedPacket[] {
  const capture = readCapture(file);
  assert.ok(capture.kind === "ok", capture.kind === "malformed" ? capture.what : "");
  assert.equal(capture.cut, undefined);
  return capture.packets;
}

function refusal(file: Uint8Array): string {
  const capture = readCapture(file);
  return capture.kind === "malformed" ? capture.what : `read ${capture.packets.length} packets`;
}

/** One byte replaced. */
function damaged(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

/** The same file in the other byte order: every integer of its structure reversed, data left. */
const BIG_ENDIAN = fromHex(`
  0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c
  00000001 00000028 00c9 0000 00000000
  0002 0004 70756d70  0009 0001 06000000  0000 0000  00000028
  00000006 00000034 00000000 00000001 00000002 00000005 00000005
  0102030405 000000  0001 0002 68690000  0000 0000  00000034`);

const READ: CapturedPacket = {
  number: 1,
  linkType: 201,
  interfaceName: "pump",
  timeMicros: 2 ** 32 + 2,
  bytes: fromHex("0102030405"),
  originalBytes: 5,
  comments: ["hi"],
};

describe("pcapng", () => {
  it("writes section, interface and packet as the draft lays them out", () => {
    assert.deepEqual(sectionHeader("CS"), SECTION);
    assert.deepEqual(interfaceDescription(LINKTYPE.hciH4WithDirection, "pump"), INTERFACE);
    const bytes = fromHex("0102030405");
    assert.deepEqual(enhancedPacket({ interfaceId: 0, timeMicros: 2 ** 32 + 2, bytes, comment: "hi" }), PACKET);
  });

  it("writes no options for a packet without a comment", () => {
    assert.deepEqual(
      enhancedPacket({ interfaceId: 1, timeMicros: 3, bytes: fromHex("aabbccdd") }),
      fromHex("06000000 24000000 01000000 00000000 03000000 04000000 04000000 aabbccdd 24000000"),
    );
  });

  it("reads them back in either byte order", () => {
    assert.deepEqual(packets(concat(SECTION, INTERFACE, PACKET)), [READ]);
    assert.deepEqual(packets(BIG_ENDIAN), [READ]);
  });

  it("goes on in another byte order at the next section, whose interfaces count from 0 again", () => {
    const [first, second] = packets(concat(SECTION, INTERFACE, PACKET, BIG_ENDIAN));
    assert.deepEqual(first, READ);
    assert.deepEqual(second, { ...READ, number: 2 });
  });

  it("skips blocks and options that it does not know", () => {
    const unknown = fromHex("99000000 10000000 deadbeef 10000000");
    const custom = fromHex("ad0b0000 10000000 01020304 10000000");
    // epb_flags (2) and epb_hash (3) before the comment, a second comment after it.
    const options = "0200 0400 01000000  0300 0500 0211223344000000  0100 0200 68690000  0100 0100 21000000  0000 0000";
    const packet = fromHex(`
      06000000 50000000 00000000 01000000 02000000 05000000 05000000 0102030405 000000 ${options} 50000000`);
    assert.deepEqual(packets(concat(SECTION, unknown, INTERFACE, custom, packet, unknown)), [
      { ...READ, comments: ["hi", "!"] },
    ]);
  });

  it("reads simple packets and the obsolete ones", () => {
    const simple = fromHex("03000000 18000000 09000000 aabbccdd11223344 18000000");
    const obsolete = fromHex("02000000 24000000 0000 0700 00000000 05000000 04000000 04000000 aabbccdd 24000000");
    const [first, second] = packets(concat(SECTION, INTERFACE, simple, obsolete));
    assert.deepEqual(first?.bytes, fromHex("aabbccdd11223344"));
    assert.equal(first?.originalBytes, 9);
    assert.equal(second?.timeMicros, 5);
    assert.deepEqual(second?.bytes, fromHex("aabbccdd"));
  });

  const RESOLUTIONS: readonly (readonly [what: string, options: string, timeMicros: number])[] = [
    ["microseconds when none is given", "", 2 ** 32 + 2],
    ["milliseconds", "0900 0100 03000000", (2 ** 32 + 2) * 1_000],
    ["nanoseconds", "0900 0100 09000000", 4_294_967],
    ["powers of two", "0900 0100 94000000", 4_096_000_001],
    ["seconds of offset", "0e00 0800 0a00000000000000", 2 ** 32 + 2 + 10_000_000],
  ];
  for (const [what, options, timeMicros] of RESOLUTIONS)
    it(`reads timestamps in ${what}`, () => {
      const head = `c900 0000 00000000 ${options}`;
      const length = (12 + fromHex(head).length).toString(16).padStart(2, "0");
      const described = fromHex(`01000000 ${length}000000 ${head} ${length}000000`);
      assert.equal(packets(concat(SECTION, described, PACKET))[0]?.timeMicros, timeMicros);
    });

  it("keeps every microsecond of a year", () => {
    const interfaces = concat(SECTION, INTERFACE);
    for (const timeMicros of [864_060_360_001, 365 * 86_400_000_000 - 1]) {
      const packet = enhancedPacket({ interfaceId: 0, timeMicros, bytes: fromHex("00") });
      assert.equal(packets(concat(interfaces, packet))[0]?.timeMicros, timeMicros);
    }
  });

  it("gives whatever stands before the place where a file breaks off, and names that place", () => {
    const file = concat(SECTION, INTERFACE, PACKET, PACKET);
    const before = SECTION.length + INTERFACE.length;
    for (let length = 1; length < file.length; length++) {
      const capture = readCapture(file.subarray(0, length));
      if (length < 4) {
        assert.equal(capture.kind, "malformed");
        continue;
      }
      assert.ok(capture.kind === "ok");
      assert.equal(capture.packets.length, Math.max(0, Math.floor((length - before) / PACKET.length)));
      const whole = [SECTION.length, before, before + PACKET.length].includes(length);
      assert.equal(capture.cut === undefined, whole, `${length} bytes: ${capture.cut}`);
    }
    assert.match(JSON.stringify(readCapture(file.subarray(0, 100))), /breaks off in the block at offset 80 of 100/);
  });

  const at = SECTION.length;
  const REFUSED: readonly (readonly [what: string, file: Uint8Array, line: RegExp])[] = [
    ["an empty file", new Uint8Array(0), /empty/],
    ["a text", fromHex("68656c6c6f20776f726c6421"), /no pcapng file: it does not begin with a section header/],
    ["the older format", fromHex("d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000"), /pcap file.*editcap/],
    ["a section without its magic", damaged(SECTION, 8, 0), /section header at offset 0 has no byte-order magic/],
    ["a section of version 2", damaged(SECTION, 12, 2), /offset 0 begins a section of version 2; only 1/],
    ["a block whose lengths differ", damaged(SECTION, SECTION.length - 4, 0x24), /type 0x0a0d0d0a at offset 0 says 40/],
    [
      "a length that is no multiple of 4",
      damaged(concat(SECTION, INTERFACE), at + 4, 0x27),
      /offset 40.*39 bytes long/,
    ],
    ["a length under 12", damaged(concat(SECTION, INTERFACE), at + 4, 8), /offset 40.*8 bytes long/],
    ["a packet of an interface not described", concat(SECTION, PACKET), /offset 40 is of interface 0, which is not/],
    [
      "a packet longer than its block",
      damaged(concat(SECTION, INTERFACE, PACKET), at + INTERFACE.length + 20, 0x99),
      /0x00000006 at offset 80 says that it holds 153 bytes/,
    ],
    [
      "an option longer than its block",
      damaged(concat(SECTION, INTERFACE), at + 18, 0x77),
      /0x00000001 at offset 40 has an option 2 of 119 bytes/,
    ],
    [
      "an interface too short for one",
      concat(SECTION, fromHex("01000000 0c000000 0c000000")),
      /offset 40 is too short/,
    ],
  ];
  for (const [what, file, line] of REFUSED)
    it(`says what is wrong with ${what}, and where`, () => assert.match(refusal(file), line));

  it("never throws, loops or invents bytes, whatever byte of a file is damaged", () => {
    const file = concat(SECTION, INTERFACE, PACKET, PACKET);
    for (let offset = 0; offset < file.length; offset++)
      for (const value of [0x00, 0x01, 0x7f, 0x80, 0xff]) {
        const capture = readCapture(damaged(file, offset, value));
        if (capture.kind === "ok") assert.ok(capture.packets.length <= 2);
      }
  });
});
