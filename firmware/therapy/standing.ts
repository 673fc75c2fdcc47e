/**
 * What stands until something changes it: control state, basal rate, temporary rate, reservoir, windows, ledger,
 * annunciations, events on their way to flash. Its bytes are standingBlob.ts's.
 */

import { type Microunits, type MicrounitsPerHour, microunits, type PumpClockMs, pumpClockMs } from "../base/units.js";
import type { RigConfig } from "../rig.js";
import { type Annunciations, NO_ANNUNCIATIONS } from "./annunciations.js";
import type { PendingHistory } from "./history.js";
import { EMPTY_LEDGER, type Ledger } from "./ledger.js";
import type { Tbr } from "./tbr.js";
import type { WallTime } from "./wallTime.js";
import { NO_DELIVERY, type Windows } from "./windows.js";

/**
 * Therapy control state. `stopAfterLoss` is Stop too, but the button does not end it: stored state was lost, and only a
 * countersigned Run goes on.
 */
export type ControlState = "stop" | "run" | "stopAfterLoss";

export interface Standing {
  /** Pump clock when this was written. */
  readonly clockMs: PumpClockMs;
  readonly control: ControlState;
  /** The active template's rate of this moment. */
  readonly basalMicrounitsPerHour: MicrounitsPerHour;
  /** 1 to 5; it is configured. */
  readonly activeTemplate: number;
  /** Of the newest template that counts (profiles.ts). */
  readonly profilesRevision: number;
  /** Number of the newest template's first block that the history has not got yet; 0 when it has them all. */
  readonly blockToRecord: number;
  /** Undefined until it is set. */
  readonly time: WallTime | undefined;
  readonly tbr: Tbr | undefined;
  readonly reservoir: Reservoir;
  /** Undefined until the first day begins. */
  readonly day: Day | undefined;
  /** The radio is silent until somebody at the pump ends it. */
  readonly flightMode: boolean;
  readonly nextBolusId: number;
  readonly windows: Windows;
  /** The total when `windows` last closed an hour: finds insulin that no bin has. */
  readonly windowsTotalMicrounits: Microunits;
  readonly ledger: Ledger;
  readonly annunciations: Annunciations;
  readonly history: PendingHistory;
}

/** What the pump knows of the insulin in it. */
export interface Reservoir {
  /**
   * `attached`: the drive touches its plunger. `rewinding`: the drive moves back. `open`: it is back; a reservoir may be put
   * in. `seeking`: it moves up to the plunger. `adrift`: it is somewhere, and has to go back first.
   */
  readonly state: "attached" | "rewinding" | "open" | "seeking" | "adrift";
  /** The total (journal.ts) at which the reservoir is empty. */
  readonly endMicrounits: Microunits;
  /** When its insulin began to be used. */
  readonly sinceMs: PumpClockMs;
  /** Primed out of this reservoir. */
  readonly primedMicrounits: Microunits;
}

/** The calendar day under way: the totals when it began, and when it ends. */
export interface Day {
  readonly bolusTotalMicrounits: Microunits;
  readonly basalTotalMicrounits: Microunits;
  readonly endsAtMs: PumpClockMs;
}

/** What version 1 had none of: one template, and no time. */
export const UNPROGRAMMED = { activeTemplate: 1, profilesRevision: 0, blockToRecord: 0, time: undefined } as const;
/** What version 2 had none of. */
export const UNCOUNTED = { day: undefined, flightMode: false } as const;

/** A reservoir that was put in at time 0. */
export function reservoirOf(endMicrounits: Microunits): Reservoir {
  return { state: "attached", endMicrounits, sinceMs: pumpClockMs(0), primedMicrounits: microunits(0) };
}

export function newStanding(rig: RigConfig): Standing {
  return {
    clockMs: pumpClockMs(0),
    control: "stop",
    basalMicrounitsPerHour: rig.provisioning.basalMicrounitsPerHour,
    ...UNPROGRAMMED,
    ...UNCOUNTED,
    tbr: undefined,
    reservoir: reservoirOf(rig.provisioning.reservoirMicrounits),
    nextBolusId: 1,
    windows: NO_DELIVERY,
    windowsTotalMicrounits: microunits(0),
    ledger: EMPTY_LEDGER,
    annunciations: NO_ANNUNCIATIONS,
    history: { nextSequence: 0, referenceMs: pumpClockMs(0), pending: [] },
  };
}
