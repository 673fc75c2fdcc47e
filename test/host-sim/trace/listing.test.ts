/** Captures as text: ours, and those of others. */

import { strict as assert } from "node:assert";
import { listing, timeText } from "../../../host-sim/trace/listing.js";
import type { CapturedPacket } from "../../../host-sim/trace/pcapngReader.js";
import { fromHex } from "./hex.js";

function packet(digits: string, changes: Partial<CapturedPacket> = {}): CapturedPacket {
  const bytes = fromHex(digits);
  return {
    number: 1,
    linkType: 201,
    interfaceName: "pump",
    timeMicros: 0,
    bytes,
    originalBytes: bytes.length,
    comments: [],
    ...changes,
  };
}

const WRITE = "00000001 02 0120 0700 0300 0400 12 1200";

describe("a listing", () => {
  it("names our handles, and leaves those of another host's capture as numbers", () => {
    assert.deepEqual(
      [...listing([packet(WRITE), packet(WRITE, { interfaceName: "hci0" })])],
      [
        "0:00:00.000000  pump     <-  1  write request 0x0012 toPump",
        "0:00:00.000000  hci0     <-  1  write request 0x0012",
      ],
    );
  });

  it("counts time from the first packet, and shows what it does not know by number and bytes", () => {
    const epoch = 1_700_000_000_000_000;
    const at = (timeMicros: number) => ({ interfaceName: "", timeMicros: epoch + timeMicros });
    const packets = [
      packet("00000000 01 0110 00", at(0)),
      packet("00000001 04 3e 01 02", at(61_000_001)),
      packet("00000001 02 0120 0700 0300 0400 1b 3412", at(3_600_000_000)),
      packet("00000001 03 0000 00", at(3_600_000_000)),
      packet("ffff", { linkType: 1, ...at(-1) }),
      packet("ffff", at(0)),
    ];
    assert.deepEqual(
      [...listing(packets)],
      [
        "0:00:00.000000           ->  command 0x1001",
        "0:01:01.000001           <-  event le meta",
        "1:00:00.000000           <-  1  ATT 0x1b 3412",
        "1:00:00.000000           <-  0000000103000000",
        "-0:00:00.000001           link type 1, 2 bytes",
        "0:00:00.000000           no HCI packet: ffff",
      ],
    );
    assert.equal(timeText(90_061_000_000), "25:01:01.000000");
  });

  it("joins fragments of one direction and handle, and shows no control character of anybody's", () => {
    const packets = [
      packet("00000001 02 0120 0600 0600 0400 1d14"),
      packet("00000000 02 0110 0100 ff"),
      packet("00000001 02 0110 0400 00c0aabb", { comments: ["\u001b[31m red"] }),
      packet("7b1b7d", { linkType: 147, interfaceName: "world" }),
    ];
    assert.deepEqual(
      [...listing(packets)].map((line) => line.slice(16)),
      [
        "pump     <-  1  fragment",
        "pump     ->  1  fragment",
        "pump     <-  1  indication 0x0014 fromPump c0aabb  [ [31m red]",
        "world    { }",
      ],
    );
  });
});
