/** The measurements as README.md shows them. */

import { readFileSync } from "node:fs";
import type { CostReport, HeapUse } from "./benchReport.js";
import { bytesOver, DOSE_ROWS, doseComputrons, ratioOf } from "./budgets.js";

export const README = "README.md";
const BEGIN = "<!-- bench: begin; written by npm run bench -- --write -->";
const END = "<!-- bench: end -->";

const number = (value: number): string => value.toLocaleString("en-GB");

const kibibytes = (bytes: number): string => number(Math.ceil(bytes / 1_024));

/** Everything between the markers. */
export function tables(report: CostReport, heap: ReadonlyMap<string, HeapUse>, codeBytes: number): string {
  const cost = report.rows.map((row) => {
    const times = row.primitives === 0 ? ["", ""] : [number(row.primitives), ratioOf(row).toFixed(2)];
    return `| ${row.name} | ${number(row.computrons)} | ${times.join(" | ")} |`;
  });
  const last = DOSE_ROWS.at(-1) ?? "";
  const at = report.rows.findIndex(({ name }) => name === last) + 1;
  cost.splice(at, 0, `| **an authorised dose: the three rows above** | **${number(doseComputrons(report))}** | | |`);
  const { dose } = report;
  const over = (stage: string, before: string) => `${kibibytes(bytesOver(heap, stage, before))} |`;
  return [
    "| the pump's side of | computrons | primitives alone | times |",
    "|---|---:|---:|---:|",
    ...cost,
    "",
    "What a Commit costs beside its cryptography is storing before anything moves, a second judgement of the command, the",
    "pulse's intent and two history records. Of storing:",
    "",
    ...report.storing.map(({ name, computrons }) => `- ${name}: ${number(computrons)} computrons`),
    "",
    "| memory, in KiB | |",
    "|---|---:|",
    `| RAM of the running pump: modules that cannot be in flash, one bond, 64 commands | ${over("booted", "board without firmware")}`,
    `| an open session over that, its controller in the simulator included | ${over("open session", "booted")}`,
    `| left behind by one more pairing, the simulator's record of it included | ${over("paired again", "paired")}`,
    `| in flash on a board: objects of modules that the SDK evaluates at build time | ${over("preloaded", "simulator")}`,
    `| in flash on a board: byte code of all modules | ${kibibytes(codeBytes)} |`,
    "",
    `One bolus of 0.5 U, from Prepare to its outcome, with 64 commands remembered: ${number(dose.writes)} writes to NVS`,
    `(${number(dose.entries)} entries of 32 bytes), ${number(dose.historyRecords)} history records, ${number(dose.airBytes)} bytes of ATT on`,
    `the air in ${number(dose.roundTrips)} round trips, the session's ticks of those 19 s included. Memory is what is live after a`,
    "garbage collection; peaks are not measured.",
  ].join("\n");
}

/** The page with its tables replaced. Throws when it has no place for them. */
export function pageWith(page: string, text: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${README} has no place for the tables`);
  return `${page.slice(0, begin + BEGIN.length)}\n${text}\n${page.slice(end)}`;
}

export const readPage = (): string => readFileSync(README, "utf8");
