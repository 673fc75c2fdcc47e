/**
 * What stands until something changes it: control state, basal rate, temporary rate, reservoir, windows, ledger,
 * annunciations, events on their way to flash. One blob, so that a change is whole or not at all; mirrored, so that
 * the loss of a copy cannot undo a Stop.
 */

import { concat } from "../base/bytes.js";
import { layout } from "../base/layout.js";
import {
  type Microunits,
  type MicrounitsPerHour,
  microunits,
  microunitsPerHour,
  type PumpClockMs,
  pumpClockMs,
} from "../base/units.js";
import type { AnnunciationType } from "../ids/values.js";
import type { RigConfig } from "../rig.js";
import type { BlobSpec } from "../storage/blob.js";
import { type Annunciations, NO_ANNUNCIATIONS } from "./annunciations.js";
import { decodePendingHistory, encodePendingHistory, type PendingHistory } from "./history.js";
import { decodeLedger, EMPTY_LEDGER, encodeLedger, type Ledger } from "./ledger.js";
import { CLOSED_BINS, NO_DELIVERY, type Windows } from "./windows.js";

/** A temporary basal rate. Ends at a reboot whatever its duration. */
export interface Tbr {
  readonly rateMicrounitsPerHour: MicrounitsPerHour;
  /** As commanded, 1 to 1440. */
  readonly durationMinutes: number;
  readonly endsAtMs: PumpClockMs;
}

/**
 * Therapy control state. `stopAfterLoss` is Stop too, but the button does not end it: stored state was lost, and only a
 * countersigned Run goes on.
 */
export type ControlState = keyof typeof ControlCode;
const ControlCode = { stop: 0, run: 1, stopAfterLoss: 2 } as const;

export interface Standing {
  /** Pump clock when this was written. */
  readonly clockMs: PumpClockMs;
  readonly control: ControlState;
  readonly basalMicrounitsPerHour: MicrounitsPerHour;
  readonly tbr: Tbr | undefined;
  /** The total at which the reservoir is empty. */
  readonly reservoirEndMicrounits: Microunits;
  readonly nextBolusId: number;
  readonly windows: Windows;
  /** The total when `windows` last closed an hour: finds insulin that no bin has. */
  readonly windowsTotalMicrounits: Microunits;
  readonly ledger: Ledger;
  readonly annunciations: Annunciations;
  readonly history: PendingHistory;
}

export function newStanding(rig: RigConfig): Standing {
  return {
    clockMs: pumpClockMs(0),
    control: "stop",
    basalMicrounitsPerHour: rig.provisioning.basalMicrounitsPerHour,
    tbr: undefined,
    reservoirEndMicrounits: rig.provisioning.reservoirMicrounits,
    nextBolusId: 1,
    windows: NO_DELIVERY,
    windowsTotalMicrounits: microunits(0),
    ledger: EMPTY_LEDGER,
    annunciations: NO_ANNUNCIATIONS,
    history: { nextSequence: 0, referenceMs: pumpClockMs(0), pending: [] },
  };
}

const Head = layout(
  ["clockMs", "u48"],
  ["control", "u8"],
  ["basalRate", "u32"],
  ["tbrPresent", "u8"],
  ["tbrRate", "u32"],
  ["tbrMinutes", "u16"],
  ["tbrEndsAt", "u48"],
  ["reservoirEnd", "u48"],
  ["nextBolusId", "u16"],
  ["windowsHour", "u32"],
  ["windowsTotal", "u48"],
  ["nextInstance", "u16"],
  ["bins", { u32s: CLOSED_BINS }],
  ["ledgerBytes", "u16"],
  ["annunciationCount", "u8"],
);
const AnnunciationEntry = layout(["instance", "u16"], ["type", "u16"]);

export const STANDING_BLOB: BlobSpec<Standing> = {
  name: "therapy",
  version: 1,
  copies: "mirrored",
  encode(standing) {
    const { tbr, windows, annunciations } = standing;
    const ledger = encodeLedger(standing.ledger);
    const head = Head.encode({
      clockMs: standing.clockMs,
      control: ControlCode[standing.control],
      basalRate: standing.basalMicrounitsPerHour,
      tbrPresent: tbr ? 1 : 0,
      tbrRate: tbr?.rateMicrounitsPerHour ?? 0,
      tbrMinutes: tbr?.durationMinutes ?? 0,
      tbrEndsAt: tbr?.endsAtMs ?? 0,
      reservoirEnd: standing.reservoirEndMicrounits,
      nextBolusId: standing.nextBolusId,
      windowsHour: windows.hour,
      windowsTotal: standing.windowsTotalMicrounits,
      nextInstance: annunciations.nextInstance,
      bins: windows.closedMicrounits,
      ledgerBytes: ledger.length,
      annunciationCount: annunciations.pending.length,
    });
    const pending = annunciations.pending.map((annunciation) => AnnunciationEntry.encode(annunciation));
    return concat(head, ledger, ...pending, encodePendingHistory(standing.history));
  },
  decode(bytes) {
    const head = Head.decode(bytes.subarray(0, Head.sizeBytes));
    const control = head && controlOf(head.control);
    if (!control || head.tbrPresent > 1) return undefined;
    const annunciationsAt = Head.sizeBytes + head.ledgerBytes;
    const historyAt = annunciationsAt + head.annunciationCount * AnnunciationEntry.sizeBytes;
    if (bytes.length < historyAt) return undefined;
    const ledger = decodeLedger(bytes.subarray(Head.sizeBytes, annunciationsAt));
    const history = decodePendingHistory(bytes.subarray(historyAt));
    if (!ledger || !history) return undefined;
    return {
      clockMs: pumpClockMs(head.clockMs),
      control,
      basalMicrounitsPerHour: microunitsPerHour(head.basalRate),
      tbr:
        head.tbrPresent === 0
          ? undefined
          : {
              rateMicrounitsPerHour: microunitsPerHour(head.tbrRate),
              durationMinutes: head.tbrMinutes,
              endsAtMs: pumpClockMs(head.tbrEndsAt),
            },
      reservoirEndMicrounits: microunits(head.reservoirEnd),
      nextBolusId: head.nextBolusId,
      windows: { hour: head.windowsHour, closedMicrounits: head.bins.map(microunits) },
      windowsTotalMicrounits: microunits(head.windowsTotal),
      ledger,
      annunciations: {
        nextInstance: head.nextInstance,
        pending: decodeAnnunciations(bytes.subarray(annunciationsAt, historyAt)),
      },
      history,
    };
  },
};

function controlOf(code: number): ControlState | undefined {
  for (const [name, value] of Object.entries(ControlCode)) if (value === code) return name as ControlState;
  return undefined;
}

function decodeAnnunciations(bytes: Uint8Array): Annunciations["pending"] {
  const pending: { readonly instance: number; readonly type: AnnunciationType }[] = [];
  for (let at = 0; at < bytes.length; at += AnnunciationEntry.sizeBytes) {
    const entry = AnnunciationEntry.decode(bytes.subarray(at, at + AnnunciationEntry.sizeBytes));
    // The checksum vouches that this version wrote it.
    if (entry) pending.push({ instance: entry.instance, type: entry.type as AnnunciationType });
  }
  return pending;
}
