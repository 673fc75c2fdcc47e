/**
 * What the commands say: each report is one JSON object a line with `--json`, and one or more lines of text without.
 * Amounts are whole microunits, rates microunits an hour; what is not known or not there is null.
 */

import type { OutcomeKind } from "../../controller/control.js";
import { CODE_NAMES } from "../../controller/ids.js";
import type { TimeBlock } from "../../controller/profiles.js";
import type { RateReading } from "../../controller/readings.js";
import type { ExitCode } from "./ended.js";
import { type HistoryReport, historyText } from "./historyText.js";
import type { Entry, JournalOrder } from "./journal.js";
import { type StatusReport, statusText } from "./statusText.js";
import type { Terminal } from "./surroundings.js";
import { codeText, endText, orderText, rate } from "./words.js";

/** What became of an order, as the pump says. */
export interface OutcomeReport {
  readonly event: "outcome";
  readonly dose: string;
  /** What was ordered, when the journal has it. */
  readonly order: JournalOrder | null;
  readonly kind: OutcomeKind;
  readonly code: number;
  readonly intendedMicrounits: number;
  readonly lowMicrounits: number;
  readonly highMicrounits: number;
}

/** A report: stable names, of which there may be more one day. */
export type Report =
  | { readonly event: "paired"; readonly pump: string; readonly role: "operate" | "observe" }
  | StatusReport
  /** A basal rate profile as the pump has it. */
  | { readonly event: "profile"; readonly templateNumber: number; readonly blocks: readonly TimeBlock[] }
  /** The rate that an order lets begin, and whether it was approved. */
  | ({ readonly event: "reading"; readonly approved: boolean } & RateReading)
  /** The pump has taken an order. `dose` and `bolusId` where it has one. */
  | {
      readonly event: "accepted";
      readonly order: JournalOrder;
      readonly dose: string | null;
      readonly bolusId: number | null;
    }
  | {
      readonly event: "refused";
      readonly order: JournalOrder | null;
      readonly dose: string | null;
      readonly code: number;
      readonly codeName: string | null;
    }
  | OutcomeReport
  /** The annunciation that the pump shows first; all null when there is none. */
  | {
      readonly event: "annunciation";
      readonly instance: number | null;
      readonly type: number | null;
      readonly name: string | null;
      readonly snoozed: boolean;
    }
  | {
      readonly event: "bond";
      readonly controller: string;
      readonly role: "operate" | "observe";
      readonly confirmed: boolean;
      readonly yours: boolean;
    }
  | ({ readonly event: "entry" } & Entry)
  | HistoryReport
  /** Something to know, for people. */
  | { readonly event: "note"; readonly what: string }
  /** The last line of a command that does not end with exit code 0 or says why it did not do more. */
  | { readonly event: "problem"; readonly exitCode: ExitCode; readonly what: string };

const DOSE_COLUMNS = 6;
const ORDER_COLUMNS = 34;
/** Control characters, which could steer a terminal, in text that came from outside. */
const CONTROL = /\p{Cc}/gu;

/** A refusal. */
export function refusal(code: number, order: JournalOrder | null, dose: string | null = null): Report {
  return { event: "refused", order, dose, code, codeName: CODE_NAMES[code] ?? null };
}

function entryText({ at, dose = "-", order, end }: Entry): string {
  const time = new Date(at).toLocaleString("sv-SE");
  const became = end === undefined ? `not known${dose === "-" ? "" : `: ask with outcome ${dose}`}` : endText(end);
  return `${time}  ${dose.padEnd(DOSE_COLUMNS)}${orderText(order).padEnd(ORDER_COLUMNS)}  ${became}`;
}

function textOf(report: Exclude<Report, { event: "problem" }>): string {
  switch (report.event) {
    case "paired":
      return `Paired with pump ${report.pump} (${report.role}).`;
    case "status":
      return statusText(report);
    case "profile":
      return profileText(report.templateNumber, report.blocks);
    case "reading":
      return `${report.approved ? "Approved" : "Not approved"}: ${readingText(report)}.`;
    case "accepted": {
      const dose = report.dose === null ? "" : ` (dose ${report.dose})`;
      return `Accepted: ${orderText(report.order)}${dose}.`;
    }
    case "refused": {
      const order = report.order === null ? "" : ` ${orderText(report.order)}`;
      return `The pump refused${order}: ${codeText(report.code)}. Nothing has changed.`;
    }
    case "outcome": {
      const order = report.order === null ? "" : `, ${orderText(report.order)}`;
      return `Dose ${report.dose}${order}: ${endText(report)}.`;
    }
    case "annunciation": {
      if (report.instance === null) return "No annunciation.";
      const name = report.name ?? `type ${report.type}`;
      return `${`${report.instance}`.padEnd(DOSE_COLUMNS)}${name}${report.snoozed ? ", snoozed" : ""}`;
    }
    case "bond":
      return `${report.controller}  ${report.role}${report.confirmed ? "" : ", not confirmed"}${report.yours ? ", this one" : ""}`;
    case "entry":
      return entryText(report);
    case "recorded":
    case "gap":
    case "restarted":
      return historyText(report);
    case "note":
      return report.what;
    default:
      return report satisfies never;
  }
}

function readingText({ command, rateMicrounitsPerHour }: RateReading): string {
  return `${READINGS[command]} ${rate(rateMicrounitsPerHour)}`;
}

const READINGS: Readonly<Record<RateReading["command"], string>> = {
  run: "delivery begins at",
  cancelTbr: "the TBR ends, and basal goes on at",
  relativeTbr: "the TBR begins at",
  writeProfile: "the active profile changes, and basal is now programmed at",
  activateProfile: "the profile is activated, and basal is now programmed at",
  setTime: "the time is set, and basal is now programmed at",
};

function profileText(templateNumber: number, blocks: readonly TimeBlock[]): string {
  let minute = 0;
  const lines = blocks.map(({ durationMinutes, rateMicrounitsPerHour }) => {
    const from = `${Math.floor(minute / 60)}`.padStart(2, "0");
    const text = `  ${from}:${`${minute % 60}`.padStart(2, "0")}  ${rate(rateMicrounitsPerHour)}`;
    minute += durationMinutes;
    return text;
  });
  return [`Profile ${templateNumber}:`, ...lines].join("\n");
}

/** What the reading of an order asks a person. */
export function questionOf(reading: RateReading): string {
  return `Approve: ${readingText(reading)}? [y/N] `;
}

/** Prints reports. */
export class Reports {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  #transient = false;

  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#json = json;
  }

  /** Whether people may be shown lines that pass. */
  get #isLive(): boolean {
    return this.#terminal.interactive && !this.#json;
  }

  /** Prints a report; a problem goes to the other stream, unless it is JSON. */
  tell(report: Report): void {
    this.clear();
    if (this.#json) this.#terminal.out(`${JSON.stringify(report)}\n`);
    else if (report.event === "problem") this.#terminal.err(`${line(report.what)}\n`);
    else this.#terminal.out(`${textOf(report).split("\n").map(line).join("\n")}\n`);
  }

  /** Shows a person how a bolus gets on, in a line that the next one replaces; prints it for programs. */
  progress(report: OutcomeReport): void {
    if (this.#json) this.tell(report);
    else this.passing(`${endText(report)}; Ctrl-C cancels`);
  }

  /** Shows a person a line that the next one replaces. */
  passing(text: string): void {
    if (!this.#isLive) return;
    this.#terminal.err(`\r  ${line(text)}\u001b[K`);
    this.#transient = true;
  }

  /** Takes such a line away. */
  clear(): void {
    if (this.#transient) this.#terminal.err("\r\u001b[K");
    this.#transient = false;
  }
}

function line(text: string): string {
  return text.replace(CONTROL, "?");
}
