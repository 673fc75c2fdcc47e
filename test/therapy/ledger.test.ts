/** The ledger of countersigned commands. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { microunits } from "../../firmware/base/units.js";
import { notAfter, sameDose } from "../../firmware/therapy/commands.js";
import {
  activeBolus,
  addEntry,
  decodeLedger,
  EMPTY_LEDGER,
  EntryKind,
  encodeLedger,
  findEntry,
  isForgotten,
  type Ledger,
  ledgerCount,
  ledgerEntries,
  settle,
} from "../../firmware/therapy/ledger.js";
import { ledger } from "./arbitraries.js";
import { entryOf } from "./bench.js";

const filled = (count: number): Ledger => {
  let filling = EMPTY_LEDGER;
  for (let sequence = 1; sequence <= count; sequence++) filling = addEntry(filling, entryOf(sequence));
  return filling;
};

describe("ledger", () => {
  it("keeps the 64 newest and knows which it has forgotten (SR-34)", () => {
    const full = filled(64);
    assert.deepEqual(full.forgottenThrough, { epoch: 0, sequence: 0 });
    assert.equal(isForgotten(full, { epoch: 1, sequence: 1 }), false);
    const over = filled(66);
    assert.equal(ledgerCount(over), 64);
    assert.equal(findEntry(over, { epoch: 1, sequence: 2 }), undefined);
    assert.deepEqual(findEntry(over, { epoch: 1, sequence: 3 }), entryOf(3));
    for (const [sequence, forgotten] of [
      [1, true],
      [2, true],
      [3, false],
    ] as const)
      assert.equal(isForgotten(over, { epoch: 1, sequence }), forgotten, `${sequence}`);
  });

  it("never drops the bolus under way, and forgets no less for dropping it at last (SR-34)", () => {
    const bolus = entryOf(1, { kind: "delivering", bolusId: 4 });
    let old = addEntry(EMPTY_LEDGER, bolus);
    for (let sequence = 2; sequence <= 66; sequence++) old = addEntry(old, entryOf(sequence));
    assert.deepEqual(activeBolus(old), bolus);
    assert.equal(ledgerCount(old), 64);
    assert.equal(isForgotten(old, { epoch: 1, sequence: 3 }), true);
    const settled = addEntry(settle(old, "delivered", microunits(0), microunits(0)), entryOf(67));
    assert.equal(findEntry(settled, { epoch: 1, sequence: 1 }), undefined);
    assert.equal(ledgerCount(settled), 64);
    for (const sequence of [1, 2, 3]) assert.equal(isForgotten(settled, { epoch: 1, sequence }), true, `${sequence}`);
    assert.equal(isForgotten(settled, { epoch: 1, sequence: 4 }), false);
  });

  it("settles the bolus under way, once, and no other entry (SR-34)", () => {
    const delivering = entryOf(2, { kind: "delivering", bolusId: 9, intendedMicrounits: microunits(100) });
    const before = addEntry(filled(1), delivering);
    assert.deepEqual(activeBolus(before), delivering);
    const after = settle(before, "stopped", microunits(30), microunits(40));
    assert.deepEqual(ledgerEntries(after), [
      entryOf(1),
      { ...delivering, kind: "stopped", lowMicrounits: microunits(30), highMicrounits: microunits(40) },
    ]);
    assert.equal(activeBolus(after), undefined);
    assert.deepEqual(settle(after, "delivered", microunits(1), microunits(1)), after);
  });

  it("orders dose IDs by epoch, then sequence (SR-33)", () => {
    const [a, b, c] = [
      { epoch: 1, sequence: 9 },
      { epoch: 2, sequence: 1 },
      { epoch: 2, sequence: 2 },
    ] as const;
    assert.deepEqual([notAfter(a, b), notAfter(b, c), notAfter(c, c)], [true, true, true]);
    assert.deepEqual([notAfter(b, a), notAfter(c, b), sameDose(b, c), sameDose(a, b)], [false, false, false, false]);
    assert.equal(sameDose(c, { ...c }), true);
  });

  it("comes back from its bytes as it was", () => {
    fc.assert(
      fc.property(ledger, (given) => {
        assert.deepEqual(decodeLedger(encodeLedger(given)), given);
      }),
      { seed: 61, numRuns: 60 },
    );
  });

  it("is none when a byte is missing or too many, a kind unknown, or the count over 64", () => {
    const bytes = encodeLedger(filled(2));
    assert.equal(decodeLedger(bytes.slice(0, -1)), undefined);
    assert.equal(decodeLedger(Uint8Array.from([...bytes, 0])), undefined);
    assert.equal(decodeLedger(bytes.slice(0, 5)), undefined);
    const kindAt = 9 + 8;
    assert.equal(bytes[kindAt], EntryKind.applied);
    assert.equal(decodeLedger(bytes.with(kindAt, 0x01)), undefined);
    const entryBytes = bytes.slice(9, 9 + 24);
    const over = Uint8Array.from([
      65,
      ...new Uint8Array(8),
      ...Array.from({ length: 65 }, () => [...entryBytes]).flat(),
    ]);
    assert.equal(decodeLedger(over), undefined);
  });
});
