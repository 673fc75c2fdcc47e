/**
 * Basal rate profile templates: five days as time blocks, one of them active (standing.ts says which). A blob of its own,
 * so that a pulse or a bolus does not write it.
 *
 * A template that is written stands beside the one that it replaces, under a revision of its own, and counts from the
 * moment at which the standing state names that revision: so that the profile and all that comes of it (ledger, rate,
 * history) change in one write, whatever becomes of the power between the two.
 */

import { concat } from "../base/bytes.js";
import { layout } from "../base/layout.js";
import {
  type MicrounitsPerHour,
  MS_PER_MINUTE,
  microunitsPerHour,
  type PumpClockMs,
  pumpClockMs,
} from "../base/units.js";
import type { BlobSpec } from "../storage/blob.js";
import { MINUTES_PER_DAY, msOfDay, type WallTime } from "./wallTime.js";

/** Pumps offer 2 to 8 profiles; the standard's numbers go to 255. Numbered from 1. */
export const TEMPLATES = 5;
/** One an hour, as pumps offer at least. */
export const BLOCKS_MAX = 24;

export interface TimeBlock {
  /** From 1 on; those of a profile make 1440. */
  readonly durationMinutes: number;
  readonly rateMicrounitsPerHour: MicrounitsPerHour;
}

/** A day of 1 to 24 blocks, as it is stored: objects would take ten times the memory. Never changed in place. */
export interface Profile {
  readonly packed: Uint8Array;
}

export interface Profiles {
  /** Template 1 first; undefined while it is not configured. */
  readonly templates: readonly (Profile | undefined)[];
  /** The one that was written last: it counts once the standing state has its revision. */
  readonly newest:
    | { readonly revision: number; readonly templateNumber: number; readonly profile: Profile }
    | undefined;
}

const Block = layout(["durationMinutes", "u16"], ["rateMicrounitsPerHour", "u32"]);
const BLOCK_BYTES = Block.sizeBytes;

/** Packs blocks. Throws unless they are 1 to 24 that make a day: that is our bug, not input. */
export function profileOfBlocks(blocks: readonly TimeBlock[]): Profile {
  const profile = { packed: concat(...blocks.map((block) => Block.encode(block))) };
  if (!isDay(profile)) throw new Error(`invariant: ${blocks.length} time blocks are no day`);
  return profile;
}

export function blockCount({ packed }: Profile): number {
  return packed.length / BLOCK_BYTES;
}

/** Block `index`, from 0. Throws when there is none. */
export function blockAt({ packed }: Profile, index: number): TimeBlock {
  const block = Block.decode(packed.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES));
  if (!block) throw new Error(`invariant: no time block ${index}`);
  return { ...block, rateMicrounitsPerHour: microunitsPerHour(block.rateMicrounitsPerHour) };
}

export function blocksOf(profile: Profile): readonly TimeBlock[] {
  return Array.from({ length: blockCount(profile) }, (_, index) => blockAt(profile, index));
}

/** Whether every block has the same rate: then the time of day does not matter. */
export function isFlat(profile: Profile): boolean {
  const [first, ...rest] = blocksOf(profile);
  return rest.every((block) => block.rateMicrounitsPerHour === first?.rateMicrounitsPerHour);
}

function isDay(profile: Profile): boolean {
  const { length } = profile.packed;
  if (length === 0 || length % BLOCK_BYTES !== 0 || length > BLOCKS_MAX * BLOCK_BYTES) return false;
  const blocks = blocksOf(profile);
  const minutes = blocks.reduce((sum, block) => sum + block.durationMinutes, 0);
  return minutes === MINUTES_PER_DAY && blocks.every((block) => block.durationMinutes > 0);
}

/** The templates of a new pump: the first is one rate all day, the others are not configured. */
export function newProfiles(rateMicrounitsPerHour: MicrounitsPerHour): Profiles {
  const flat = profileOfBlocks([{ durationMinutes: MINUTES_PER_DAY, rateMicrounitsPerHour }]);
  return { templates: [flat, ...Array<undefined>(TEMPLATES - 1).fill(undefined)], newest: undefined };
}

/** A template as it stands at the standing state's `revision`; undefined when it is not configured. */
export function profileOf(profiles: Profiles, revision: number, templateNumber: number): Profile | undefined {
  const { newest } = profiles;
  if (newest && newest.templateNumber === templateNumber && newest.revision <= revision) return newest.profile;
  return profiles.templates[templateNumber - 1];
}

/** The templates with one of them written: it counts from revision `revision` + 1 on. */
export function withWritten(profiles: Profiles, revision: number, templateNumber: number, profile: Profile): Profiles {
  const templates = profiles.templates.map((_, index) => profileOf(profiles, revision, index + 1));
  return { templates, newest: { revision: revision + 1, templateNumber, profile } };
}

/** A rate that does not change has no end. */
export const NEVER: PumpClockMs = pumpClockMs(Number.MAX_SAFE_INTEGER);

export interface Programmed {
  readonly rateMicrounitsPerHour: MicrounitsPerHour;
  /** When another rate follows; blocks of one rate are one. */
  readonly untilMs: PumpClockMs;
}

/** What a profile has for a moment of the pump clock. */
export function programmedAt(profile: Profile, time: WallTime | undefined, clockMs: PumpClockMs): Programmed {
  const blocks = blocksOf(profile);
  const ofDayMs = msOfDay(time, clockMs);
  let endMs = 0;
  const index = blocks.findIndex((block) => {
    endMs += block.durationMinutes * MS_PER_MINUTE;
    return ofDayMs < endMs;
  });
  const rateMicrounitsPerHour = blocks[index]?.rateMicrounitsPerHour;
  if (rateMicrounitsPerHour === undefined) throw new Error("invariant: a moment in no time block");
  for (const next of [...blocks.slice(index + 1), ...blocks.slice(0, index)]) {
    if (next.rateMicrounitsPerHour !== rateMicrounitsPerHour)
      return { rateMicrounitsPerHour, untilMs: pumpClockMs(clockMs - ofDayMs + endMs) };
    endMs += next.durationMinutes * MS_PER_MINUTE;
  }
  return { rateMicrounitsPerHour, untilMs: NEVER };
}

const Head = layout(["newestRevision", "u32"], ["newestNumber", "u8"]);
const Count = layout(["blocks", "u8"]);

const encodeProfile = (profile: Profile | undefined): Uint8Array =>
  concat(Count.encode({ blocks: profile ? blockCount(profile) : 0 }), profile?.packed ?? new Uint8Array(0));

/** Head, then the five templates and the newest one, each as a count and its blocks. */
export const PROFILES_BLOB: BlobSpec<Profiles> = {
  name: "profiles",
  version: 1,
  copies: "mirrored",
  encode({ templates, newest }) {
    const head = Head.encode({
      newestRevision: newest?.revision ?? 0,
      newestNumber: newest?.templateNumber ?? 0,
    });
    return concat(head, ...[...templates, newest?.profile].map(encodeProfile));
  },
  decode(bytes) {
    const head = Head.decode(bytes.subarray(0, Head.sizeBytes));
    if (!head || head.newestNumber > TEMPLATES) return undefined;
    const found: (Profile | undefined)[] = [];
    let at = Head.sizeBytes;
    for (let i = 0; i <= TEMPLATES; i++) {
      const count = bytes[at] ?? 0;
      const from = at + Count.sizeBytes;
      at = from + count * BLOCK_BYTES;
      if (from > bytes.length || at > bytes.length) return undefined;
      const profile = count > 0 ? { packed: bytes.slice(from, at) } : undefined;
      if (profile && !isDay(profile)) return undefined;
      found.push(profile);
    }
    const profile = found.pop();
    if (at !== bytes.length || (profile !== undefined) !== head.newestNumber > 0) return undefined;
    const newest = profile && { revision: head.newestRevision, templateNumber: head.newestNumber, profile };
    return { templates: found, newest };
  },
};
