/**
 * The histories of pumps, as fetched: a file a pump, one JSON object a line, added and never changed.
 *
 *     {"sequence":4,"event":90,"offsetS":12,"data":"01003301f000000000"}
 *     {"from":5,"to":7}        records that the pump no longer had
 *     {"restarted":true}       what follows is another history of that pump, from its beginning
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fromHex } from "../../bridge/hex.js";
import { toHex } from "../../controller/bytes.js";
import type { HistoryItem, HistoryStore } from "../../controller/historyFetch.js";
import type { HistoryRecord } from "../../controller/recordAccess.js";
import { appendLine, readIfThere } from "../durableFile.js";

const NAME = /^history-([0-9a-f]{16})$/;
/** 10 bytes, in hexadecimal digits. */
const LONGEST_DATA = 20;
const LARGEST_U32 = 0xffff_ffff;
const LARGEST_U16 = 0xffff;

/** A history read. */
export interface KeptHistory {
  readonly items: readonly HistoryItem[];
  /** Numbers of the lines that are none of a history. */
  readonly damaged: readonly number[];
}

const isInteger = (value: unknown, largest: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= largest;

function lineOf(item: HistoryItem): string {
  switch (item.kind) {
    case "record": {
      const { sequence, event, relativeOffsetS: offsetS, data } = item.record;
      return JSON.stringify({ sequence, event, offsetS, data: toHex(data) });
    }
    case "gap":
      return JSON.stringify({ from: item.from, to: item.to });
    case "restarted":
      return JSON.stringify({ restarted: true });
    default:
      return item satisfies never;
  }
}

function itemOf(text: string): HistoryItem | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // JSON.parse throws for nothing but text that is no JSON.
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const { sequence, event, offsetS, data, from, to, restarted } = { ...parsed } as Readonly<Record<string, unknown>>;
  if (restarted === true) return { kind: "restarted" };
  if (isInteger(from, LARGEST_U32) && isInteger(to, LARGEST_U32)) return { kind: "gap", from, to };
  if (!isInteger(sequence, LARGEST_U32) || !isInteger(event, LARGEST_U16)) return undefined;
  if (!isInteger(offsetS, LARGEST_U16) || typeof data !== "string" || data.length > LONGEST_DATA) return undefined;
  const bytes = fromHex(data);
  return bytes && { kind: "record", record: { sequence, event, relativeOffsetS: offsetS, data: bytes } };
}

/** The histories in a folder. */
export class HistoryFiles implements HistoryStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** IDs of the pumps of which there is a history, in hexadecimal. */
  get pumps(): readonly string[] {
    return readdirSync(this.#folder).flatMap((name) => NAME.exec(name)?.slice(1) ?? []);
  }

  /** What is kept of a pump. Throws when the file cannot be read. */
  read(pump: string): KeptHistory {
    const items: HistoryItem[] = [];
    const damaged: number[] = [];
    const bytes = readIfThere(this.#pathOf(pump));
    // What follows the last line feed never was a line.
    const lines = bytes === undefined ? [] : new TextDecoder().decode(bytes).split("\n").slice(0, -1);
    lines.forEach((text, index) => {
      const item = itemOf(text);
      if (item === undefined) damaged.push(index + 1);
      else items.push(item);
    });
    return { items, damaged };
  }

  newest(pumpId: Uint8Array): HistoryRecord | undefined {
    const last = this.read(toHex(pumpId)).items.findLast(({ kind }) => kind !== "gap");
    return last?.kind === "record" ? last.record : undefined;
  }

  append(pumpId: Uint8Array, items: readonly HistoryItem[]): void {
    appendLine(this.#pathOf(toHex(pumpId)), items.map(lineOf).join("\n"));
  }

  #pathOf(pump: string): string {
    return join(this.#folder, `history-${pump}`);
  }
}
