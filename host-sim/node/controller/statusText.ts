/** What a pump says of itself, as a report and in words. Pure. */

import type { ActiveBasal, DeliveredInsulin, Status, TotalDailyInsulin } from "../../controller/idsAnswers.js";
import { rate, units } from "./words.js";

/** A pump as it is now. What it does not say is null. */
export interface StatusReport {
  readonly event: "status";
  readonly pump: string;
  readonly role: "operate" | "observe";
  readonly therapyControlState: Status["therapyControlState"];
  readonly operationalState: Status["operationalState"];
  /** Null when no reservoir is attached. */
  readonly reservoirMicrounits: number | null;
  /** Null in state Stop. */
  readonly basalMicrounitsPerHour: number | null;
  readonly tbr: NonNullable<ActiveBasal["tbr"]> | null;
  readonly boluses: readonly {
    readonly bolusId: number;
    readonly programmedMicrounits: number;
    readonly deliveredMicrounits: number;
  }[];
  /** Since the pump was provisioned. */
  readonly delivered: DeliveredInsulin;
  /** On the pump's day under way. */
  readonly today: TotalDailyInsulin;
  /** Null when the pump has none, or cannot tell. */
  readonly batteryPercent: number | null;
  readonly device: {
    readonly manufacturer: string;
    readonly model: string;
    readonly firmware: string;
    readonly build: string;
  };
  /** The one that the pump shows first. */
  readonly annunciation: { readonly type: number; readonly name: string | null } | null;
  /** An order of this controller whose end is not known. */
  readonly pending: string | null;
  /** The pump's answers were over 10 s late: not its present. */
  readonly stale: boolean;
}

const OPERATION: Readonly<Record<Status["operationalState"], string>> = {
  ready: "",
  off: "; a fault is latched",
  preparing: "; the drive moves for a change of the reservoir",
  waiting: "; somebody is waited for at the pump",
  priming: "; priming",
};

/** The same, a line a fact. */
export function statusText(report: StatusReport): string {
  const { reservoirMicrounits, basalMicrounitsPerHour, tbr, annunciation, pending, delivered, today } = report;
  const lines = [
    ["pump", `${report.pump}, ${report.role}`],
    ["state", `${report.therapyControlState}${OPERATION[report.operationalState]}`],
    ["reservoir", reservoirMicrounits === null ? "none" : units(reservoirMicrounits)],
    ["basal", basalMicrounitsPerHour === null ? "none" : rate(basalMicrounitsPerHour)],
    [
      "TBR",
      tbr === null
        ? "none"
        : `${rate(tbr.rateMicrounitsPerHour)}, ${tbr.remainingMinutes} of ${tbr.durationMinutes} min left`,
    ],
    ...report.boluses.map(({ bolusId, programmedMicrounits, deliveredMicrounits }) => [
      `bolus ${bolusId}`,
      `${units(deliveredMicrounits)} of ${units(programmedMicrounits)}`,
    ]),
    ["delivered", `bolus ${units(delivered.bolusMicrounits)}, basal ${units(delivered.basalMicrounits)}`],
    [
      "today",
      `bolus ${units(today.bolusMicrounits)}, basal ${units(today.basalMicrounits)}, in all ${units(today.totalMicrounits)}`,
    ],
    ["battery", report.batteryPercent === null ? "not known" : `${report.batteryPercent} %`],
    ["make", `${report.device.manufacturer} ${report.device.model}`],
    ["version", `${report.device.firmware}, build ${report.device.build}`],
    ["annunciation", annunciation === null ? "none" : (annunciation.name ?? `type ${annunciation.type}`)],
    ...(pending === null ? [] : [["pending", `dose ${pending}: ask with outcome`]]),
    ...(report.stale ? [["late", "the pump's answers are over 10 s old"]] : []),
  ];
  return lines.map(([name = "", value = ""]) => `${name.padEnd(14)}${value}`).join("\n");
}
