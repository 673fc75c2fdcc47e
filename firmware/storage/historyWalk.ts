/**
 * Going through the history a few slots at a time, so that whoever reads it shares the thread with what must not wait.
 * Owns nothing: a walk is a value, and every step takes the log as it is by then. Records that were appended since the
 * walk began are above its end; a block that was erased since is left out; what is not legible is passed over.
 */

import type { HistoryLog } from "./history.js";
import type { HistoryRecord } from "./historyRecord.js";

/** Where a walk goes on. `first` is that of the block by then: another one now says that it was erased in between. */
interface Place {
  readonly block: number;
  readonly slot: number;
  readonly first: number;
}

/** Through the records with sequences `next` to `to`, both included, ascending. */
export interface Walk {
  readonly next: number;
  readonly to: number;
  readonly place?: Place;
}

/** Backwards from a slot, for the newest record up to `to`. */
export interface WalkBack {
  readonly to: number;
  readonly block: number;
  readonly slot: number;
  /** Blocks that have not been entered yet. */
  readonly blocksLeft: number;
}

/** One step of a walk: the record that it met, if it met one, and how it goes on, unless it is at its end. */
export interface Walked<W> {
  readonly record?: HistoryRecord;
  readonly walk?: W;
}

/** The place of a block's slot; undefined for a block without a record. */
function placeIn(log: HistoryLog, block: number, slot: number): Place | undefined {
  const first = log.firstSequence(block);
  return first === undefined ? undefined : { block, slot, first };
}

/** The next block that has records, in the order of their age; undefined after the newest. */
function blockAfter(log: HistoryLog, block: number): Place | undefined {
  const newest = log.newest?.block;
  for (let at = block; at !== newest; ) {
    at = (at + 1) % log.blocks;
    const place = placeIn(log, at, 0);
    if (place) return place;
  }
  return undefined;
}

/**
 * A place that no record of `sequence` or above stands before, and none of these far after it. Reads one slot: where
 * nothing was torn or lost, records stand as far into their block as their sequences are from its first.
 */
function seek(log: HistoryLog, sequence: number): Place | undefined {
  let best = -1;
  let bestFirst = -1;
  let oldest = 0;
  let oldestFirst = Number.POSITIVE_INFINITY;
  for (let block = 0; block < log.blocks; block++) {
    const first = log.firstSequence(block);
    if (first === undefined) continue;
    if (first < oldestFirst) {
      oldest = block;
      oldestFirst = first;
    }
    if (first <= sequence && first > bestFirst) {
      best = block;
      bestFirst = first;
    }
  }
  if (best < 0) return placeIn(log, oldest, 0);
  const slot = sequence - bestFirst;
  const place = { block: best, slot: 0, first: bestFirst };
  if (slot === 0 || slot >= log.slotsPerBlock) return place;
  const found = log.recordAt(best, slot);
  return typeof found === "object" && found.sequence <= sequence ? { ...place, slot } : place;
}

/** Reads at most `slotsMax` slots of the flash, up to the next record. Throws what the flash throws. */
export function walkOn(log: HistoryLog, walk: Walk, slotsMax: number): Walked<Walk> {
  const { next, to } = walk;
  if (next > to) return {};
  const kept = walk.place && log.firstSequence(walk.place.block) === walk.place.first ? walk.place : undefined;
  let place = kept ?? seek(log, next);
  for (let reads = kept ? 0 : 1; reads < slotsMax; ) {
    if (!place || place.first > to) return {};
    const { block, slot } = place;
    if (slot >= log.slotsPerBlock) {
      place = blockAfter(log, block);
      continue;
    }
    const found = log.recordAt(block, slot);
    reads++;
    if (found === "erased") place = blockAfter(log, block);
    else place = { block, slot: slot + 1, first: place.first };
    if (typeof found !== "object" || found.sequence < next) continue;
    return found.sequence > to
      ? {}
      : { record: found, walk: { next: found.sequence + 1, to, ...(place && { place }) } };
  }
  return place ? { walk: { next, to, place } } : {};
}

/** A walk back from the newest record; undefined while there is none. */
export function walkBackFromNewest(log: HistoryLog): WalkBack | undefined {
  const { newest } = log;
  return newest && { to: newest.sequence, block: newest.block, slot: newest.slot, blocksLeft: log.blocks - 1 };
}

/** Reads at most `slotsMax` slots, back to the first record that is met. Throws what the flash throws. */
export function walkBack(log: HistoryLog, walk: WalkBack, slotsMax: number): Walked<WalkBack> {
  const { to } = walk;
  let { block, slot, blocksLeft } = walk;
  for (let reads = 0; reads < slotsMax; ) {
    if (slot < 0 || log.firstSequence(block) === undefined) {
      if (blocksLeft === 0) return {};
      block = (block + log.blocks - 1) % log.blocks;
      slot = log.slotsPerBlock - 1;
      blocksLeft--;
      continue;
    }
    const found = log.recordAt(block, slot);
    reads++;
    slot--;
    if (typeof found === "object" && found.sequence <= to) return { record: found };
  }
  return { walk: { to, block, slot, blocksLeft } };
}

/**
 * How many records with sequences `from` to `to` there are, without reading the flash: those that the blocks have room
 * and numbers for. Never too few; too many by those that are torn or rotten, or whose numbers a block lacks.
 */
export function countRecords(log: HistoryLog, from: number, to: number): number {
  const { newest } = log;
  if (!newest) return 0;
  let count = 0;
  let place = placeIn(log, newest.block, newest.slot + 1);
  let above = newest.sequence + 1;
  for (let left = log.blocks, block = newest.block; left > 0; left--) {
    if (place) {
      const numbers = Math.min(above, to + 1) - Math.max(place.first, from);
      count += Math.max(0, Math.min(numbers, place.slot));
      above = place.first;
    }
    block = (block + log.blocks - 1) % log.blocks;
    place = placeIn(log, block, log.slotsPerBlock);
  }
  return count;
}
