/**
 * The standing state as it is stored. One blob, so that a change is whole or not at all; mirrored, so that the loss of a copy
 * cannot undo a Stop.
 */

import { concat } from "../base/bytes.js";
import { layout, type Values } from "../base/layout.js";
import { microunits, microunitsPerHour, pumpClockMs } from "../base/units.js";
import { DstOffset } from "../ids/deviceTime.js";
import { decodeInt, encodeInt } from "../ids/signed.js";
import { type AnnunciationType, TbrContext } from "../ids/values.js";
import type { BlobSpec } from "../storage/blob.js";
import type { Annunciations } from "./annunciations.js";
import { decodePendingHistory, encodePendingHistory } from "./history.js";
import { decodeLedger, encodeLedger } from "./ledger.js";
import { type ControlState, type Reservoir, reservoirOf, type Standing, UNCOUNTED, UNPROGRAMMED } from "./standing.js";
import type { Tbr, TbrAmount } from "./tbr.js";
import { CLOSED_BINS } from "./windows.js";

const ControlCode: { readonly [State in ControlState]: number } = { stop: 0, run: 1, stopAfterLoss: 2 };
const ReservoirCode: { readonly [State in Reservoir["state"]]: number } = {
  attached: 0,
  rewinding: 1,
  open: 2,
  seeking: 3,
  adrift: 4,
};

const HEAD_VERSION_1 = [
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
] as const;
const HeadVersion1 = layout(...HEAD_VERSION_1);
const HEAD_VERSION_2 = [
  ...HEAD_VERSION_1,
  ["tbrContext", "u8"],
  ["activeTemplate", "u8"],
  ["profilesRevision", "u32"],
  ["blockToRecord", "u8"],
  ["timeState", "u8"],
  ["timeSetAt", "u48"],
  ["baseTimeS", "u32"],
  ["timeZoneInt8", "u8"],
  ["dstOffset", "u8"],
] as const;
const HeadVersion2 = layout(...HEAD_VERSION_2);
const Head = layout(
  ...HEAD_VERSION_2,
  ["reservoirState", "u8"],
  ["reservoirSince", "u48"],
  ["primed", "u32"],
  ["dayBolusTotal", "u48"],
  ["dayBasalTotal", "u48"],
  ["dayEndsAt", "u48"],
  ["flightMode", "u8"],
);
/** A TBR's amount is a rate, or a factor. Version 1 has no factors. */
const TbrCode = { none: 0, absolute: 1, relative: 2 } as const;
const TimeCode = { never: 0, uncertain: 1, certain: 2 } as const;
const AnnunciationEntry = layout(["instance", "u16"], ["type", "u16"]);

export const STANDING_BLOB: BlobSpec<Standing> = {
  name: "therapy",
  version: 3,
  copies: "mirrored",
  encode(standing) {
    const { tbr, windows, annunciations, time, reservoir, day } = standing;
    const ledger = encodeLedger(standing.ledger);
    const head = Head.encode({
      clockMs: standing.clockMs,
      control: ControlCode[standing.control],
      basalRate: standing.basalMicrounitsPerHour,
      tbrPresent: tbr ? ("factorMillionths" in tbr ? TbrCode.relative : TbrCode.absolute) : TbrCode.none,
      tbrRate: tbr ? ("factorMillionths" in tbr ? tbr.factorMillionths : tbr.rateMicrounitsPerHour) : 0,
      tbrMinutes: tbr?.durationMinutes ?? 0,
      tbrEndsAt: tbr?.endsAtMs ?? 0,
      reservoirEnd: reservoir.endMicrounits,
      nextBolusId: standing.nextBolusId,
      windowsHour: windows.hour,
      windowsTotal: standing.windowsTotalMicrounits,
      nextInstance: annunciations.nextInstance,
      bins: windows.closedMicrounits,
      ledgerBytes: ledger.length,
      annunciationCount: annunciations.pending.length,
      tbrContext: tbr?.context ?? 0,
      activeTemplate: standing.activeTemplate,
      profilesRevision: standing.profilesRevision,
      blockToRecord: standing.blockToRecord,
      timeState: time ? (time.certain ? TimeCode.certain : TimeCode.uncertain) : TimeCode.never,
      timeSetAt: time?.setAtMs ?? 0,
      baseTimeS: time?.baseTimeS ?? 0,
      timeZoneInt8: time ? encodeInt(time.timeZoneQuarters, 8) : 0,
      dstOffset: time?.dstOffset ?? 0,
      reservoirState: ReservoirCode[reservoir.state],
      reservoirSince: reservoir.sinceMs,
      primed: reservoir.primedMicrounits,
      dayBolusTotal: day?.bolusTotalMicrounits ?? 0,
      dayBasalTotal: day?.basalTotalMicrounits ?? 0,
      dayEndsAt: day?.endsAtMs ?? 0,
      flightMode: standing.flightMode ? 1 : 0,
    });
    const pending = annunciations.pending.map((annunciation) => AnnunciationEntry.encode(annunciation));
    return concat(head, ledger, ...pending, encodePendingHistory(standing.history));
  },
  decode(bytes) {
    const head = Head.decode(bytes.subarray(0, Head.sizeBytes));
    const states = Object.keys(ReservoirCode) as Reservoir["state"][];
    const state = states.find((each) => ReservoirCode[each] === head?.reservoirState);
    const standing = head && decodeVersion2(head, bytes.subarray(Head.sizeBytes));
    if (!standing || !state || head.flightMode > 1) return undefined;
    const { endMicrounits } = standing.reservoir;
    return {
      ...standing,
      reservoir: {
        state,
        endMicrounits,
        sinceMs: pumpClockMs(head.reservoirSince),
        primedMicrounits: microunits(head.primed),
      },
      day: dayOf(head),
      flightMode: head.flightMode === 1,
    };
  },
  older: [
    {
      version: 2,
      decode(bytes) {
        const head = HeadVersion2.decode(bytes.subarray(0, HeadVersion2.sizeBytes));
        return head && decodeVersion2(head, bytes.subarray(HeadVersion2.sizeBytes));
      },
    },
    {
      version: 1,
      decode(bytes) {
        const head = HeadVersion1.decode(bytes.subarray(0, HeadVersion1.sizeBytes));
        if (!head || head.tbrPresent > TbrCode.absolute) return undefined;
        return decodeStanding({ ...head, tbrContext: 0 }, bytes.subarray(HeadVersion1.sizeBytes));
      },
    },
  ],
};

function dayOf(head: { readonly dayBolusTotal: number; readonly dayBasalTotal: number; readonly dayEndsAt: number }) {
  if (head.dayEndsAt === 0) return undefined;
  return {
    bolusTotalMicrounits: microunits(head.dayBolusTotal),
    basalTotalMicrounits: microunits(head.dayBasalTotal),
    endsAtMs: pumpClockMs(head.dayEndsAt),
  };
}

/** What versions 2 and 3 have, and what follows the head in both. */
function decodeVersion2(head: Values<typeof HEAD_VERSION_2>, bytes: Uint8Array): Standing | undefined {
  if (head.tbrPresent > TbrCode.relative || head.timeState > TimeCode.certain) return undefined;
  const standing = decodeStanding(head, bytes);
  const dstOffset = Object.values(DstOffset).find((each) => each === head.dstOffset);
  if (!standing || dstOffset === undefined || dstOffset === DstOffset.Unknown) return undefined;
  const { activeTemplate, profilesRevision, blockToRecord } = head;
  const time = {
    setAtMs: pumpClockMs(head.timeSetAt),
    baseTimeS: head.baseTimeS,
    timeZoneQuarters: decodeInt(head.timeZoneInt8, 8),
    dstOffset,
    certain: head.timeState === TimeCode.certain,
  };
  const known = head.timeState === TimeCode.never ? undefined : time;
  return { ...standing, activeTemplate, profilesRevision, blockToRecord, time: known };
}

type HeadFields = Values<typeof HEAD_VERSION_1> & { readonly tbrContext: number };

/** What all versions have, and what follows the head in each. */
function decodeStanding(head: HeadFields, bytes: Uint8Array): Standing | undefined {
  const control = controlOf(head.control);
  const historyAt = head.ledgerBytes + head.annunciationCount * AnnunciationEntry.sizeBytes;
  if (!control || bytes.length < historyAt) return undefined;
  const ledger = decodeLedger(bytes.subarray(0, head.ledgerBytes));
  const history = decodePendingHistory(bytes.subarray(historyAt));
  if (!ledger || !history) return undefined;
  return {
    clockMs: pumpClockMs(head.clockMs),
    control,
    basalMicrounitsPerHour: microunitsPerHour(head.basalRate),
    ...UNPROGRAMMED,
    tbr: tbrOf(head),
    ...UNCOUNTED,
    reservoir: reservoirOf(microunits(head.reservoirEnd)),
    nextBolusId: head.nextBolusId,
    windows: { hour: head.windowsHour, closedMicrounits: head.bins.map(microunits) },
    windowsTotalMicrounits: microunits(head.windowsTotal),
    ledger,
    annunciations: {
      nextInstance: head.nextInstance,
      pending: decodeAnnunciations(bytes.subarray(head.ledgerBytes, historyAt)),
    },
    history,
  };
}

function tbrOf(head: HeadFields): Tbr | undefined {
  if (head.tbrPresent === TbrCode.none) return undefined;
  const amount: TbrAmount =
    head.tbrPresent === TbrCode.relative
      ? { factorMillionths: head.tbrRate }
      : { rateMicrounitsPerHour: microunitsPerHour(head.tbrRate) };
  const context = Object.values(TbrContext).find((each) => each === head.tbrContext);
  const tbr = { ...amount, durationMinutes: head.tbrMinutes, endsAtMs: pumpClockMs(head.tbrEndsAt) };
  return context === undefined ? tbr : { ...tbr, context };
}

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
