import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { continueReport, type Report, requestRecords, SLOTS_A_TURN } from "../../firmware/command/recordAccess.js";
import { HistoryLog } from "../../firmware/storage/history.js";
import { hex, unhex } from "../session/bench.js";
import { FakeFlash, mounted, recordOf } from "../storage/fake-flash.js";

const BLOCKS = 4;
const SLOTS = 8;
/** Sequences 8 to 33 are left: the ring has gone round. */
const RECORDS = 34;
/** What pulse, Stop and button wait for at most: SECURITY.md's figure, so that the firmware's cannot grow unseen. */
const SLOTS_PROMISED = Number(
  /^\| SR-77 \|.* at most (\d+) slots \(/m.exec(readFileSync("firmware/SECURITY.md", "utf8"))?.[1],
);

function ring(count = RECORDS, blocks = BLOCKS, slots = SLOTS) {
  const flash = new FakeFlash(blocks, slots);
  const { log } = mounted(flash);
  for (let sequence = 0; sequence < count; sequence++) log.append(recordOf(sequence));
  return { flash, log };
}

/** A pump's end of channels 27 and 28, one turn after the other. */
class Desk {
  readonly log: HistoryLog;
  readonly flash: FakeFlash;
  report: Report | undefined;
  slotsMost = 0;

  constructor({ log, flash } = ring()) {
    this.log = log;
    this.flash = flash;
  }

  /** The answer to a request, at once. */
  ask(request: string): string {
    const { next, reply } = requestRecords(this.report, unhex(request), this.log);
    this.report = next;
    return reply ? `${reply.channel.toString(16)} ${hex(reply.value)}` : "";
  }

  /** One turn. */
  turn(): string {
    assert.ok(this.report);
    this.flash.slotsRead = 0;
    const { next, reply } = continueReport(this.report, this.log);
    this.slotsMost = Math.max(this.slotsMost, this.flash.slotsRead);
    this.report = next;
    return reply ? `${reply.channel.toString(16)} ${hex(reply.value)}` : "";
  }

  /** A report whole: the sequences of its records, and what came last. */
  all(request: string): readonly [number[], string] {
    const answer = this.ask(request);
    const sequences: number[] = [];
    let last = answer;
    while (this.report) {
      const message = this.turn();
      if (message.startsWith("28 ")) {
        const bytes = unhex(message.slice(3));
        const sequence = new DataView(bytes.buffer, bytes.byteOffset).getUint32(2, true);
        const { event, relativeOffsetS, data } = recordOf(sequence);
        const head = [event & 0xff, event >> 8, ...bytes.slice(2, 6), relativeOffsetS & 0xff, relativeOffsetS >> 8];
        assert.deepEqual([...bytes], [...head, ...data]);
        sequences.push(sequence);
      }
      if (message !== "") last = message;
    }
    return [sequences, last];
  }
}

const u32 = (value: number): string => hex(Uint8Array.of(value, value >> 8, value >> 16, value >> 24));
const SUCCESS = "27 0f0f33f0";
const NONE = "27 0f0f3306";
const span = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
/** Operator and bounds, and what of 8 to 33 they select. */
const SELECTIONS: readonly (readonly [string, string, readonly number[]])[] = [
  ["all", "330f", span(8, 33)],
  ["first", "660f", [8]],
  ["last", "690f", [33]],
  ["to 0", `3c0f${u32(0)}`, []],
  ["to 8", `3c0f${u32(8)}`, [8]],
  ["to 20", `3c0f${u32(20)}`, span(8, 20)],
  ["to the largest", `3c0f${u32(0xffffffff)}`, span(8, 33)],
  ["from 0", `550f${u32(0)}`, span(8, 33)],
  ["from 15", `550f${u32(15)}`, span(15, 33)],
  ["from 33", `550f${u32(33)}`, [33]],
  ["from 34", `550f${u32(34)}`, []],
  ["from the largest", `550f${u32(0xffffffff)}`, []],
  ["15 to 15", `5a0f${u32(15)}${u32(15)}`, [15]],
  ["0 to 9", `5a0f${u32(0)}${u32(9)}`, [8, 9]],
  ["0 to 7", `5a0f${u32(0)}${u32(7)}`, []],
  ["12 to 27", `5a0f${u32(12)}${u32(27)}`, span(12, 27)],
  ["30 to 99", `5a0f${u32(30)}${u32(99)}`, span(30, 33)],
  ["34 to 99", `5a0f${u32(34)}${u32(99)}`, []],
];

describe("record access: reports", () => {
  for (const [name, operand, expected] of SELECTIONS)
    it(`sends and counts what is asked for: ${name}`, () => {
      assert.deepEqual(new Desk().all(`33${operand}`), [expected, expected.length > 0 ? SUCCESS : NONE]);
      assert.equal(new Desk().ask(`5a${operand}`), `27 660f${u32(expected.length)}`);
    });

  it("finds nothing in an empty history, and counts 0", () => {
    for (const [, operand] of SELECTIONS) {
      assert.equal(new Desk(ring(0)).ask(`33${operand}`), NONE);
      assert.equal(new Desk(ring(0)).ask(`5a${operand}`), `27 660f${u32(0)}`);
    }
  });

  it("reports what was stored when it was asked, not what is recorded meanwhile", () => {
    for (const operand of ["330f", `550f${u32(0)}`, `3c0f${u32(99)}`, `5a0f${u32(0)}${u32(99)}`, "690f"]) {
      const desk = new Desk();
      assert.equal(desk.ask(`33${operand}`), "");
      const { log } = desk;
      log.append(recordOf(34));
      const sequences: string[] = [];
      while (desk.report) sequences.push(desk.turn());
      assert.equal(sequences.at(-1), SUCCESS);
      assert.match(sequences.at(-2) ?? "", new RegExp(`^28 ....${u32(33)}`), operand);
    }
  });

  it("reads at most so many slots a turn, also where block after block is rotten, and ends with 06 where all is (SR-77)", () => {
    assert.equal(SLOTS_PROMISED, 16);
    assert.ok(SLOTS_A_TURN <= SLOTS_PROMISED, `${SLOTS_A_TURN} slots`);
    const given = ring(4 * 64 + 40, 5, 64);
    given.flash.memory.fill(0x33, 64 * 32, 4 * 64 * 32);
    const desk = new Desk(given);
    const [sequences, last] = desk.all("33330f");
    assert.equal(last, SUCCESS);
    assert.deepEqual(sequences, [...span(0, 63), ...span(4 * 64, 4 * 64 + 39)]);
    assert.ok(desk.slotsMost <= SLOTS_A_TURN, `${desk.slotsMost} slots`);
    given.flash.memory.fill(0x33);
    for (const operand of ["330f", "660f", "690f"]) assert.deepEqual(desk.all(`33${operand}`), [[], NONE]);
    assert.ok(desk.slotsMost <= SLOTS_A_TURN, `${desk.slotsMost} slots`);
  });

  it("reads no flash while it answers a request, and writes none at all", () => {
    const desk = new Desk();
    desk.flash.operations = 0;
    for (const [, operand] of SELECTIONS) {
      desk.flash.slotsRead = 0;
      desk.ask(`5a${operand}`);
      desk.ask(`33${operand}`);
      assert.equal(desk.flash.slotsRead, 0);
      while (desk.report) desk.turn();
    }
    assert.equal(desk.flash.operations, 0);
  });
});

describe("record access: refusals", () => {
  const refusals: readonly (readonly [string, string, string])[] = [
    ["no byte", "", "0002"],
    ["unlisted opcodes", "00330f", "0002"],
    ["a response's opcode", "0f330f", "0f02"],
    ["the number's opcode", "660f00000000", "6602"],
    ["Delete, since the history is the pump's", "3c330f", "3c02"],
    ["Delete that is malformed", "3c", "3c02"],
    ["a report without an operator", "33", "3303"],
    ["a report of Null", "330f", "3303"],
    ["a number of Null", "5a0f0f", "5a03"],
    ["an unknown operator", "33000f", "3304"],
    ["All without a filter", "3333", "3305"],
    ["All with more", "33330f00", "3305"],
    ["First with more", "5a660f00", "5a05"],
    ["Last without a filter", "3369", "3305"],
    ["at most without a number", "333c0f", "3305"],
    ["at least with a short number", "33550f000000", "3305"],
    ["a range with one bound", "335a0f00000000", "3305"],
    ["a range that ends before it begins", `335a0f${u32(2)}${u32(1)}`, "3305"],
    ["an unknown filter", "333300", "3309"],
    ["the filter of time references", "333333", "3309"],
    ["the filter of other events", `5a5a3c${u32(1)}${u32(2)}`, "5a09"],
    ["an inverted range of time references", `335a33${u32(2)}${u32(1)}`, "3305"],
    ["Abort of All", "5533", "5503"],
    ["Abort without an operator", "55", "5503"],
    ["Abort with a filter", "550f0f", "5505"],
  ];
  for (const [name, request, answer] of refusals)
    it(`refuses ${name} (SR-03)`, () => {
      const desk = new Desk();
      assert.equal(desk.ask(request), `27 0f0f${answer}`);
      assert.equal(desk.report, undefined);
    });

  it("refuses everything but Abort while a report is under way, and goes on with that", () => {
    const desk = new Desk();
    desk.ask("33330f");
    desk.turn();
    for (const request of ["33330f", "5a330f", "3c330f", "00", "", "336699"])
      assert.equal(desk.ask(request), `27 0f0f${request.slice(0, 2) || "00"}0a`);
    assert.equal(desk.ask("5533"), "27 0f0f5503");
    assert.match(desk.turn(), new RegExp(`^28 ....${u32(9)}`));
  });

  it("ends a report by Abort at any of its turns, with one response, and takes the next request", () => {
    for (let turns = 0; turns < 27; turns++) {
      const desk = new Desk();
      desk.ask("33330f");
      for (let turn = 0; turn < turns && desk.report; turn++) desk.turn();
      assert.equal(desk.ask("550f"), "27 0f0f55f0");
      assert.equal(desk.report, undefined);
      assert.deepEqual(desk.all("33690f"), [[33], SUCCESS]);
    }
    assert.equal(new Desk().ask("550f"), "27 0f0f55f0", "with nothing to abort");
  });

  it("answers 08 where the flash cannot be read, or a write to it has failed, and nothing throws", () => {
    const desk = new Desk();
    desk.ask("33330f");
    const read = desk.flash.read.bind(desk.flash);
    desk.flash.read = () => {
      throw new Error("ESP_ERR_FLASH_OP_FAIL");
    };
    assert.equal(desk.turn(), "27 0f0f3308");
    desk.flash.read = read;
    const { flash } = desk;
    const unmounted = new HistoryLog(flash);
    for (const request of ["33330f", "33690f", "5a330f"])
      assert.equal(requestRecords(undefined, unhex(request), unmounted).reply?.value.at(-1), 0x08);
  });
});
