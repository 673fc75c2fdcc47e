/** Arbitrary therapy states, over the whole range of every field. */

import fc from "fast-check";
import { microunits, microunitsPerHour, pumpClockMs } from "../../firmware/base/units.js";
import { AnnunciationType, HistoryEvent, TbrContext } from "../../firmware/ids/values.js";
import { PENDING_EVENTS_MAX } from "../../firmware/therapy/history.js";
import type { Journal } from "../../firmware/therapy/journal.js";
import { EntryKind, LEDGER_ENTRIES_MAX, type Ledger } from "../../firmware/therapy/ledger.js";
import type { Standing } from "../../firmware/therapy/standing.js";
import { ledgerOf } from "./bench.js";

const plain = { noNullPrototype: true };
const uint = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });
const amountOf = (bits: number) => uint(bits).map(microunits);
const clockMs = uint(48).map(pumpClockMs);
const doseId = fc.record({ epoch: uint(32), sequence: uint(32) }, plain);

const entry = fc.record(
  {
    doseId,
    kind: fc.constantFrom(...(Object.keys(EntryKind) as (keyof typeof EntryKind)[])),
    bolusId: fc.nat(0xffff),
    flags: fc.nat(0xff),
    intendedMicrounits: amountOf(32),
    lowMicrounits: amountOf(32),
    highMicrounits: amountOf(32),
  },
  plain,
);
/** Every ledger of up to 64 entries. */
export const ledger: fc.Arbitrary<Ledger> = fc
  .tuple(fc.array(entry, { maxLength: LEDGER_ENTRIES_MAX }), doseId)
  .map(([entries, forgottenThrough]) => {
    // One bolus at most is under way.
    const last = entries.findLastIndex(({ kind }) => kind === "delivering");
    const settled = entries.map((each, i) =>
      each.kind === "delivering" && i !== last ? { ...each, kind: "delivered" as const } : each,
    );
    return ledgerOf(settled, forgottenThrough);
  });

/** Every journal that can be written. */
export const journal: fc.Arbitrary<Journal> = fc.record(
  {
    clockMs,
    bolusTotalMicrounits: amountOf(48),
    basalTotalMicrounits: amountOf(48),
    openHourMicrounits: amountOf(32),
    basalOwed: uint(48),
    stepRemainder: uint(32),
    stepDenominator: uint(32),
    coilPhase: fc.nat(7),
    pulse: fc.option(fc.record({ source: fc.constantFrom("bolus", "basal"), insulinMicrounits: amountOf(32) }, plain), {
      nil: undefined,
    }),
    bolus: fc.record({ doseId, doneMicrounits: amountOf(32) }, plain),
  },
  plain,
);

const history = fc.record(
  {
    nextSequence: uint(32),
    referenceMs: clockMs,
    pending: fc.array(
      fc.record(
        {
          sequence: uint(32),
          event: fc.constantFrom(...Object.values(HistoryEvent)),
          relativeOffsetS: uint(16),
          pumpClockMs: clockMs,
          data: fc.uint8Array({ maxLength: 10 }),
        },
        plain,
      ),
      { maxLength: PENDING_EVENTS_MAX },
    ),
  },
  plain,
);

/** Every standing state that can be written. */
export const standing: fc.Arbitrary<Standing> = fc.record(
  {
    clockMs,
    control: fc.constantFrom("run", "stop", "stopAfterLoss"),
    basalMicrounitsPerHour: uint(32).map(microunitsPerHour),
    activeTemplate: uint(8),
    profilesRevision: uint(32),
    blockToRecord: uint(8),
    time: fc.option(
      fc.record(
        {
          setAtMs: clockMs,
          baseTimeS: uint(32),
          timeZoneQuarters: fc.integer({ min: -128, max: 127 }),
          dstOffset: fc.constantFrom(0 as const, 2 as const, 4 as const, 8 as const),
          certain: fc.boolean(),
        },
        plain,
      ),
      { nil: undefined },
    ),
    tbr: fc.option(
      fc.oneof(
        fc.record(
          { rateMicrounitsPerHour: uint(32).map(microunitsPerHour), durationMinutes: uint(16), endsAtMs: clockMs },
          plain,
        ),
        fc.record(
          {
            factorMillionths: uint(32),
            context: fc.constantFrom(...Object.values(TbrContext)),
            durationMinutes: uint(16),
            endsAtMs: clockMs,
          },
          plain,
        ),
      ),
      { nil: undefined },
    ),
    reservoir: fc.record(
      {
        state: fc.constantFrom("attached", "rewinding", "open", "seeking"),
        endMicrounits: amountOf(48),
        sinceMs: clockMs,
        primedMicrounits: amountOf(32),
      },
      plain,
    ),
    day: fc.option(
      fc.record(
        {
          bolusTotalMicrounits: amountOf(48),
          basalTotalMicrounits: amountOf(48),
          endsAtMs: clockMs.filter((ms) => ms > 0),
        },
        plain,
      ),
      { nil: undefined },
    ),
    flightMode: fc.boolean(),
    nextBolusId: uint(16),
    windows: fc.record(
      { hour: uint(32), closedMicrounits: fc.array(amountOf(32), { minLength: 24, maxLength: 24 }) },
      plain,
    ),
    windowsTotalMicrounits: amountOf(48),
    ledger,
    annunciations: fc.record(
      {
        nextInstance: uint(16),
        pending: fc.array(
          fc.record({ instance: uint(16), type: fc.constantFrom(...Object.values(AnnunciationType)) }, plain),
          { maxLength: Object.keys(AnnunciationType).length },
        ),
      },
      plain,
    ),
    history,
  },
  plain,
);
