/** Fragments and their reassembly. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { MESSAGE_MAX_BYTES } from "../../firmware/base/message.js";
import { fragments, Reassembler, type Reassembly } from "../../firmware/link/fragment.js";
import { hex } from "../session/bench.js";

const bytes = (...values: readonly number[]) => Uint8Array.from(values);

/** Feeds fragments to a new reassembler; the last result. */
function fed(...parts: readonly Uint8Array[]): Reassembly | undefined {
  const reassembler = new Reassembler();
  return parts.map((part) => reassembler.accept(part)).at(-1);
}

const reason = (result: Reassembly | undefined) => (result?.kind === "violation" ? result.reason : result?.kind);

const message = fc.uint8Array({ minLength: 1, maxLength: MESSAGE_MAX_BYTES });

describe("fragments", () => {
  it("come together as the message that was cut, at every length of a value (SR-01)", () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 20, max: 514 }), (whole, valueBytes) => {
        const cut = fragments(whole, valueBytes);
        assert.ok(
          cut.every((part, i) => (i < cut.length - 1 ? part.length === valueBytes : part.length <= valueBytes)),
        );
        assert.deepEqual(
          cut.map((part) => (part[0] ?? 0) & 0x3f),
          cut.map((_, i) => i),
        );
        assert.deepEqual(fed(...cut), { kind: "message", bytes: whole });
      }),
      { seed: 111, numRuns: 200 },
    );
  });

  it("have the bytes and headers of PROTOCOL.md 1.2", () => {
    assert.deepEqual(fragments(bytes(1), 20).map(hex), ["c001"]);
    assert.deepEqual(fragments(new Uint8Array(20), 20).map(hex), [`80${"00".repeat(19)}`, "4100"]);
    assert.deepEqual(
      fragments(new Uint8Array(39), 20).map((part) => part[0]),
      [0x80, 0x01, 0x42],
    );
  });

  it("are not made of an empty message or one over 256 bytes", () => {
    assert.throws(() => fragments(new Uint8Array(0), 20), /invariant: a message of 0 bytes/);
    assert.throws(() => fragments(new Uint8Array(257), 20), /invariant: a message of 257 bytes/);
  });
});

describe("reassembly", () => {
  const first = bytes(0x80, 1, 2);

  it("refuses a fragment without message bytes (SR-01)", () => {
    for (const part of [bytes(), bytes(0xc0), bytes(0x80)]) assert.equal(reason(fed(part)), "empty fragment");
  });

  it("refuses a first inside a message, a first with an index, a continuation of nothing or out of turn (SR-01)", () => {
    assert.equal(reason(fed(first, first)), "first inside a message");
    assert.equal(reason(fed(bytes(0x81, 1))), "index 1 out of turn");
    assert.equal(reason(fed(bytes(0x00, 1))), "no first");
    assert.equal(reason(fed(bytes(0x41, 1))), "no first");
    for (const index of [0, 2, 63]) assert.equal(reason(fed(first, bytes(index, 1))), `index ${index} out of turn`);
  });

  it("refuses a message over 256 bytes, wherever the byte too many comes (SR-01)", () => {
    const whole = new Uint8Array(257).fill(7);
    whole[0] = 0xc0;
    assert.equal(reason(fed(whole)), "message");
    assert.equal(reason(fed(Uint8Array.from([...whole, 7]))), "message over 256 bytes");
    const half = new Uint8Array(129).fill(7);
    const parts = (last: number) => [half.with(0, 0x80), half.with(0, 0x01), Uint8Array.of(last, 1)];
    assert.equal(reason(fed(...parts(0x42))), "message over 256 bytes");
  });

  it("takes 64 fragments of a message and no more: an index past 63 cannot be written (SR-01)", () => {
    const part = (index: number, flags = 0) => bytes(flags | (index & 0x3f), 9);
    const begun = Array.from({ length: 64 }, (_, i) => part(i, i === 0 ? 0x80 : 0));
    assert.equal(reason(fed(...begun.slice(0, 63), part(63, 0x40))), "message");
    for (const index of [0, 63, 64]) assert.match(reason(fed(...begun, part(index))) ?? "", /out of turn/);
  });

  it("begins anew after a message and after a reset, and keeps nothing of the last", () => {
    const reassembler = new Reassembler();
    reassembler.accept(first);
    reassembler.reset();
    assert.deepEqual(reassembler.accept(bytes(0xc0, 5)), { kind: "message", bytes: bytes(5) });
    assert.deepEqual(reassembler.accept(bytes(0xc0, 6)), { kind: "message", bytes: bytes(6) });
  });

  it("gives out a copy: the next message does not change the last", () => {
    const reassembler = new Reassembler();
    const one = reassembler.accept(bytes(0xc0, 5, 6));
    reassembler.accept(bytes(0xc0, 7, 8));
    assert.deepEqual(one, { kind: "message", bytes: bytes(5, 6) });
  });

  it("answers any bytes with one of three results and never throws (SR-02)", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (parts) => {
        const reassembler = new Reassembler();
        for (const part of parts) {
          const result = reassembler.accept(part);
          if (result.kind === "message") assert.ok(result.bytes.length >= 1 && result.bytes.length <= 256);
          if (result.kind === "violation") reassembler.reset();
        }
      }),
      { seed: 112, numRuns: 300 },
    );
  });
});
