/** The journal's and the standing state's blobs: round trips, sizes, and bytes that are neither. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { microunits, microunitsPerHour, pumpClockMs } from "../../firmware/base/units.js";
import { AnnunciationType } from "../../firmware/ids/values.js";
import { StateBlob } from "../../firmware/storage/blob.js";
import { decodePendingHistory, encodePendingHistory, PENDING_EVENTS_MAX } from "../../firmware/therapy/history.js";
import { JOURNAL_BLOB, NEW_JOURNAL, totalMicrounits } from "../../firmware/therapy/journal.js";
import { newStanding, type Standing } from "../../firmware/therapy/standing.js";
import { STANDING_BLOB } from "../../firmware/therapy/standingBlob.js";
import { FakeStore } from "../storage/fake-store.js";
import { journal, standing } from "./arbitraries.js";
import { entryOf, ledgerOf, RIG } from "./bench.js";

/** The stored bytes of a value: what a blob writes, envelope and all. */
function storedSize<T>(spec: ConstructorParameters<typeof StateBlob<T>>[1], value: T): number {
  const store = new FakeStore();
  const blob = new StateBlob(store, spec);
  blob.load();
  blob.commit(value);
  return Math.max(...[...store.entries.values()].map(({ length }) => length));
}

describe("journal blob", () => {
  it("comes back from its bytes as it was", () => {
    fc.assert(
      fc.property(journal, (given) => assert.deepEqual(JOURNAL_BLOB.decode(JOURNAL_BLOB.encode(given)), given)),
      { seed: 71, numRuns: 200 },
    );
  });

  it("takes at most 64 bytes with its envelope: one NVS write of a pulse, alternating (SR-49)", () => {
    assert.ok(storedSize(JOURNAL_BLOB, NEW_JOURNAL) <= 64);
    assert.equal(JOURNAL_BLOB.copies, "alternating");
  });

  it("is none with another length or an unknown source of a pulse", () => {
    const bytes = JOURNAL_BLOB.encode(NEW_JOURNAL);
    assert.equal(JOURNAL_BLOB.decode(bytes.slice(1)), undefined);
    const pulse = { source: "basal", insulinMicrounits: microunits(1) } as const;
    const basal = JOURNAL_BLOB.encode({ ...NEW_JOURNAL, pulse });
    const sourceAt = basal.findIndex((byte, i) => byte !== bytes[i]);
    assert.equal(JOURNAL_BLOB.decode(basal.with(sourceAt, 3))?.pulse?.source, "bench");
    assert.equal(JOURNAL_BLOB.decode(basal.with(sourceAt, 4))?.pulse?.source, "priming");
    assert.equal(JOURNAL_BLOB.decode(basal.with(sourceAt, 5)), undefined);
  });

  it("is read as earlier firmware wrote it, in which no pulse was the bench's, and none primed (SR-65)", () => {
    const older = JOURNAL_BLOB.older ?? [];
    assert.deepEqual([...older.map(({ version }) => version), JOURNAL_BLOB.version], [2, 1, 3]);
    const sources = ["bolus", "basal", "bench", "priming"] as const;
    for (const { version, decode } of older)
      for (const [i, source] of sources.entries()) {
        const given = { ...NEW_JOURNAL, coilPhase: 5, pulse: { source, insulinMicrounits: microunits(7) } };
        assert.deepEqual(
          decode(JOURNAL_BLOB.encode(given)),
          i < version + 1 ? given : undefined,
          `${version} ${source}`,
        );
      }
  });

  it("totals bolus and basal", () => {
    const of = { bolusTotalMicrounits: microunits(3), basalTotalMicrounits: microunits(4) };
    assert.equal(totalMicrounits({ ...NEW_JOURNAL, ...of }), 7);
  });
});

describe("standing blob", () => {
  it("comes back from its bytes as it was", () => {
    fc.assert(
      fc.property(standing, (given) => assert.deepEqual(STANDING_BLOB.decode(STANDING_BLOB.encode(given)), given)),
      { seed: 72, numRuns: 100 },
    );
  });

  it("fits a page of NVS at its largest, mirrored", () => {
    const event = { sequence: 1, event: 1, relativeOffsetS: 0, pumpClockMs: 0, data: new Uint8Array(10) };
    const types = Object.values(AnnunciationType);
    const largest: Standing = {
      ...newStanding(RIG),
      ledger: ledgerOf(Array(64).fill(entryOf(1))),
      annunciations: { nextInstance: 0, pending: types.map((type, instance) => ({ instance, type })) },
      history: { ...newStanding(RIG).history, pending: Array(PENDING_EVENTS_MAX).fill(event) },
    };
    // A blob of NVS spans pages in chunks; within one page of 4,000 bytes it is one.
    assert.ok(storedSize(STANDING_BLOB, largest) < 4_000);
    assert.equal(STANDING_BLOB.copies, "mirrored");
  });

  it("is none when a byte is missing or too many", () => {
    const bytes = STANDING_BLOB.encode(newStanding(RIG));
    for (const length of [0, 10, bytes.length - 30, bytes.length - 1])
      assert.equal(STANDING_BLOB.decode(bytes.slice(0, length)), undefined, `${length} bytes`);
    assert.equal(STANDING_BLOB.decode(Uint8Array.from([...bytes, 0])), undefined);
  });

  it("is none with an unknown control state, a kind of TBR other than 0 to 2, or with a ledger that is none", () => {
    const stopped = STANDING_BLOB.encode(newStanding(RIG));
    const running = STANDING_BLOB.encode({ ...newStanding(RIG), control: "run" });
    const runAt = running.findIndex((byte, i) => byte !== stopped[i]);
    assert.equal(STANDING_BLOB.decode(running.with(runAt, 3)), undefined);
    const tbr = { rateMicrounitsPerHour: microunitsPerHour(0), durationMinutes: 0, endsAtMs: pumpClockMs(0) };
    const temporary = STANDING_BLOB.encode({ ...newStanding(RIG), tbr });
    const tbrAt = temporary.findIndex((byte, i) => byte !== stopped[i]);
    assert.equal(STANDING_BLOB.decode(temporary.with(tbrAt, 3)), undefined);
  });
});

describe("pending history", () => {
  const empty = { nextSequence: 5, referenceMs: pumpClockMs(6), pending: [] };
  const event = { sequence: 4, event: 0x0303, relativeOffsetS: 1, pumpClockMs: 7, data: Uint8Array.of(1, 2) };

  it("is none with a length that its count does not give, too many events or too much data", () => {
    const bytes = encodePendingHistory({ ...empty, pending: [event] });
    assert.equal(decodePendingHistory(bytes.slice(0, -1)), undefined);
    assert.equal(decodePendingHistory(bytes.slice(0, 5)), undefined);
    const one = bytes.slice(11);
    const count = PENDING_EVENTS_MAX + 1;
    const many = Uint8Array.from([
      ...bytes.slice(0, 10),
      count,
      ...Array.from({ length: count }, () => [...one]).flat(),
    ]);
    assert.equal(decodePendingHistory(many), undefined);
    const lengthAt = 11 + 4 + 2 + 2 + 6;
    assert.equal(bytes[lengthAt], 2);
    assert.equal(decodePendingHistory(bytes.with(lengthAt, 11)), undefined);
  });
});
