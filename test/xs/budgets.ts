/** What the firmware may cost. A number here changes with its reason, in the commit that needs it. */

import type { CostReport, CostRow, HeapUse } from "./benchReport.js";

/** The rows that make one authorised dose. */
export const DOSE_ROWS = ["Prepare to Challenge", "Commit to its response", "response to the first half-step"];

/** Computrons. */
const MAXIMA: { readonly [name: string]: number } = {
  "pairing: connection to m3": 3_500_000,
  "handshake: connection to Hello": 1_200_000,
  "one basal pulse": 75_000,
  "idle minute, in Run between two pulses": 75_000,
};
const DOSE_MAXIMUM = 500_000;

/** How many times what its primitives cost a row may cost. */
const RATIOS: { readonly [name: string]: number } = {
  "pairing: connection to m3": 1.15,
  "handshake: connection to Hello": 1.15,
  "Prepare to Challenge": 1.15,
  // Stores the therapy state with its 64 commands, twice, and the pulse's intent: see the table of what that costs.
  "Commit to its response": 1.7,
  // Short messages, a few small primitives: what is done once a message weighs more.
  "Status read": 1.2,
  "history by radio, a record": 1.25,
  "connection refused at m2": 1.2,
};

/** Slots of an ESP32. */
export const SLOT_BYTES = 16;
/** Bytes of RAM for the running pump, over the engine and what the SDK keeps in flash. */
const RAM_MAXIMUM_BYTES = 64 * 1_024;
/** What a second pairing may leave behind, in bytes: the simulator's own records of it. */
const LEFT_BY_PAIRING_MAXIMUM_BYTES = 2_048;

export function ratioOf({ computrons, primitives }: CostRow): number {
  return computrons / primitives;
}

/** Computrons of a whole dose. */
export function doseComputrons({ rows }: CostReport): number {
  return rows.filter(({ name }) => DOSE_ROWS.includes(name)).reduce((sum, { computrons }) => sum + computrons, 0);
}

/** Bytes in use at a stage over those of an earlier one. */
export function bytesOver(heap: ReadonlyMap<string, HeapUse>, stage: string, before: string): number {
  const [later, earlier] = [heap.get(stage), heap.get(before)];
  if (later === undefined || earlier === undefined) throw new Error(`no stage ${stage}, or none ${before}`);
  return (later.slots - earlier.slots) * SLOT_BYTES + later.dataBytes - earlier.dataBytes;
}

/** One line for every budget that is not kept. */
export function costBreaches(report: CostReport): readonly string[] {
  const breaches: string[] = [];
  const check = (what: string, value: number, maximum: number) => {
    if (!(value <= maximum)) breaches.push(`${what}: ${value}, at most ${maximum}`);
  };
  const rowOf = (name: string): CostRow => {
    const row = report.rows.find((each) => each.name === name);
    if (row === undefined) throw new Error(`no row ${name}`);
    return row;
  };
  for (const [name, maximum] of Object.entries(MAXIMA)) check(name, rowOf(name).computrons, maximum);
  for (const [name, maximum] of Object.entries(RATIOS))
    check(`${name}, times its primitives`, ratioOf(rowOf(name)), maximum);
  check("an authorised dose", doseComputrons(report), DOSE_MAXIMUM);
  return breaches;
}

/** One line for every budget of memory that is not kept. */
export function heapBreaches(heap: ReadonlyMap<string, HeapUse>): readonly string[] {
  const breaches: string[] = [];
  const ram = bytesOver(heap, "booted", "board without firmware");
  if (ram > RAM_MAXIMUM_BYTES) breaches.push(`RAM of the running pump: ${ram} bytes, at most ${RAM_MAXIMUM_BYTES}`);
  const left = bytesOver(heap, "paired again", "paired");
  if (left > LEFT_BY_PAIRING_MAXIMUM_BYTES)
    breaches.push(`left by a pairing: ${left} bytes, at most ${LEFT_BY_PAIRING_MAXIMUM_BYTES}`);
  return breaches;
}
