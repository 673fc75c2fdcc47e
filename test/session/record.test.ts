/** Sealed records of one direction. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { MESSAGE_MAX_BYTES } from "../../firmware/base/message.js";
import { type Direction, open, seal, VALUE_MAX_BYTES } from "../../firmware/session/record.js";
import { varied } from "../nonce/bench.js";
import * as reference from "../vectors/reference.js";
import { flipped, hex } from "./bench.js";

const at = (counter: number): Direction => ({ key: varied(32, 7), counter });
const CONTENT = { timeMs: 0xfedcba98, channel: 0x25, value: varied(20, 1) };

describe("record", () => {
  it("seals as the text of PROTOCOL.md says, also where the counter passes 32 bits (SR-20)", () => {
    for (const counter of [0, 1, 255, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1]) {
      const plaintext = Buffer.concat([reference.integer(CONTENT.timeMs, 4), Uint8Array.of(0x25), CONTENT.value]);
      const expected = reference.sealRecord(varied(32, 7), counter, plaintext);
      assert.equal(hex(seal(at(counter), CONTENT).message), hex(expected), `counter ${counter}`);
    }
  });

  it("opens what was sealed, whatever it holds, and moves both counters on by one", () => {
    const content = fc.record(
      {
        timeMs: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        channel: fc.nat(255),
        value: fc.uint8Array({ maxLength: VALUE_MAX_BYTES }),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(content, fc.nat(2 ** 31), (plaintext, counter) => {
        const sealed = seal(at(counter), plaintext);
        const opened = open(at(counter), sealed.message);
        assert.deepEqual(opened?.plaintext, plaintext);
        assert.deepEqual([sealed.next, opened?.next], [at(counter + 1), at(counter + 1)]);
      }),
      { seed: 21, numRuns: 60 },
    );
  });

  it("opens nothing that was altered, in any byte (SR-20)", () => {
    const { message } = seal(at(3), CONTENT);
    for (let i = 0; i < message.length; i++) assert.equal(open(at(3), flipped(message, i)), undefined, `byte ${i}`);
  });

  it("opens nothing repeated, skipped, cut, grown, or sealed with another key (SR-20)", () => {
    const { message } = seal(at(3), CONTENT);
    assert.equal(open(at(4), message), undefined);
    assert.equal(open(at(2), message), undefined);
    assert.equal(open(at(3), message.slice(1)), undefined);
    assert.equal(open(at(3), message.slice(0, -1)), undefined);
    assert.equal(open(at(3), Uint8Array.from([...message, 0])), undefined);
    assert.equal(open({ key: varied(32, 8), counter: 3 }, message), undefined);
  });

  it("opens nothing shorter than head and tag or longer than a message (SR-20)", () => {
    for (const length of [0, 1, 15, 16, 20, 257, 1_000]) assert.equal(open(at(0), new Uint8Array(length)), undefined);
    const headless = reference.sealRecord(varied(32, 7), 0, new Uint8Array(4));
    assert.equal(open(at(0), headless), undefined);
    const tooLong = reference.sealRecord(varied(32, 7), 0, new Uint8Array(241));
    assert.equal(tooLong.length, 257);
    assert.equal(open(at(0), tooLong), undefined);
  });

  it("fills a message of 256 bytes with 235 of value, and refuses to seal more", () => {
    assert.equal(VALUE_MAX_BYTES, 235);
    const value = new Uint8Array(VALUE_MAX_BYTES);
    assert.equal(seal(at(0), { ...CONTENT, value }).message.length, MESSAGE_MAX_BYTES);
    assert.throws(() => seal(at(0), { ...CONTENT, value: new Uint8Array(236) }), /invariant: record value/);
  });

  it("never seals equal content alike (SR-21)", () => {
    const [first, second] = [seal(at(0), CONTENT), seal(at(1), CONTENT)];
    assert.notDeepEqual(first.message, second.message);
    assert.equal(hex(first.message).includes(hex(CONTENT.value)), false);
  });
});
