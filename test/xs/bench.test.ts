/** Budgets: what the firmware costs on XS, and that it costs the same each time. */

import assert from "node:assert/strict";
import type { CostReport } from "./benchReport.js";
import { pageWith, readPage, tables } from "./benchTable.js";
import { costBreaches, heapBreaches } from "./budgets.js";
import { engineFor, inContinuousIntegration, type ReadyEngine } from "./engine.js";
import { isFlat, measureCode, measureCosts, measureDays, measureHeap } from "./measure.js";

/** As many as a leak of one slot a day needs to show; `npm run bench -- --days 30` lives through a month. */
const DAYS = 4;
/** Where a record is sealed (firmware/session/record.ts), and the same with a second, useless seal before it. */
const SEAL = "sealed.encrypt(RecordLayout.encode(plaintext))";
const SEAL_TWICE = `(chacha20poly1305(direction.key, recordNonce(direction.counter)).encrypt(RecordLayout.encode(plaintext)), ${SEAL})`;

/** Of some 94,000: whether a known ID is taken or passed over, which a slot of the bonds is not without. */
const JUDGEMENT_SPREAD = 3;
/** Of some 219,000: the local trace names its reason, and the engine counts the characters that it joins. */
const CONNECTION_SPREAD = 32;

describe("on the XS engine, costs", function () {
  this.timeout(240_000);
  let engine: ReadyEngine;
  let costs: CostReport;
  before(async function () {
    engine = await engineFor(this);
    costs = await measureCosts(engine);
  });

  it("are within their budgets, and the same to the computron in two runs", async () => {
    assert.deepEqual(costBreaches(costs), []);
    assert.deepEqual(await measureCosts(engine), costs);
  });

  it("go over budget when a record is sealed twice", async () => {
    const twice = await measureCosts(engine, (firmware) => {
      const parts = firmware.split(SEAL);
      assert.equal(parts.length, 2, "the record layer has changed");
      return parts.join(SEAL_TWICE);
    });
    const breaches = costBreaches(twice);
    for (const what of ["an authorised dose", "handshake", "Prepare to Challenge", "Status read"])
      assert.ok(
        breaches.some((breach) => breach.startsWith(what)),
        `${what}: ${breaches}`,
      );
  });

  it("of a refusal do not depend on the bytes refused: unknown controller, wrong tag, early or late (SR-10)", () => {
    const { connections, commits, judgements } = costs.refused;
    assert.ok(connections.length >= 6 && commits.length >= 3 && judgements.length >= 10);
    const spread = (costs: readonly number[]) => Math.max(...costs) - Math.min(...costs);
    for (const costs of judgements) assert.ok(spread(costs) <= JUDGEMENT_SPREAD, `judgements: ${costs}`);
    assert.ok(spread(connections) <= CONNECTION_SPREAD, `connections: ${connections}`);
    assert.equal(spread(commits), 0, `Commits: ${commits}`);
  });

  it("in memory are within their budgets, the same in two runs, and README.md has them all", async function () {
    if (engine.slotBits !== 32) {
      if (inContinuousIntegration()) throw new Error("the C compiler makes no 32-bit programs: install gcc-multilib");
      return this.skip();
    }
    const heap = await measureHeap(engine);
    assert.deepEqual(heapBreaches(heap), []);
    assert.deepEqual(await measureHeap(engine), heap);
    const page = readPage();
    const text = tables(costs, heap, await measureCode(engine));
    assert.ok(pageWith(page, text) === page, "README.md is not what was measured: npm run bench -- --write");
  });

  it(`in memory are after ${DAYS} days what they were after the first ones`, async () => {
    const days = await measureDays(engine, DAYS);
    assert.equal(days.length, DAYS);
    assert.ok(isFlat(days), JSON.stringify(days));
  });
});
