/** The ways to bring a pump to what a boot is to find. */

import type { Board, FlashPartition, KeyValueStore } from "../../firmware/board.js";
import { CHECK_BYTES, withCheck } from "../../firmware/storage/checked.js";
import { HISTORY_VERSION } from "../../firmware/storage/historyRecord.js";
import type { DurableState } from "../../host-sim/durable.js";
import { SLOT_BYTES } from "../storage/fake-flash.js";
import { nameOf, type PumpBlob, versionOf, withNextFormats } from "../storage/formats.js";
import { type Changes, type Finding, finding, type Kept, newPump } from "./finding.js";

/** Of a history record: where it says its format. */
const FORMAT_OFFSET = 25;

/** One way to come upon a path: calls `judge` with a pump that is off, while its firmware is what it must be. */
export interface Way {
  readonly name: string;
  /** What it is about, where that is shown, and the version of it that today's firmware stores. */
  readonly of?: { readonly name: string; readonly version: number };
  readonly make: (kept: Kept, judge: (found: Finding) => void) => void;
}

type KeyValue = { [key: string]: readonly number[] };

export const changed = (change: (keyValue: KeyValue) => void) => (durable: DurableState) => {
  const keyValue: KeyValue = { ...durable.keyValue };
  change(keyValue);
  return { ...durable, keyValue };
};
export const same = (durable: DurableState) => durable;

export const way = (name: string, change: (durable: DurableState) => DurableState, changes: Changes = {}): Way => ({
  name,
  make: (kept, judge) => judge(finding(kept, change, changes)),
});

const rot = (keyValue: KeyValue, key: string) => {
  keyValue[key] = (keyValue[key] ?? []).map((byte, i) => (i === 9 ? byte ^ 4 : byte));
};

const withKeyValue =
  (change: (store: KeyValueStore) => Partial<KeyValueStore>) =>
  (board: Board): Board => ({
    ...board,
    openKeyValue() {
      const store = board.openKeyValue();
      return { ...store, ...change(store) };
    },
  });

export const withFlash =
  (part: Partial<FlashPartition>) =>
  (board: Board): Board => ({
    ...board,
    openHistoryFlash: () => ({ ...board.openHistoryFlash(), ...part }),
  });

export const fails = () => {
  throw new Error("ESP_ERR_FLASH_OP_FAIL");
};

/** Reading the keys throws. */
const unreadable = (...keys: readonly string[]): Changes => ({
  board: withKeyValue((store) => ({ read: (key) => (keys.includes(key) ? fails() : store.read(key)) })),
});

const SLOTS = ["a", "b"] as const;

export const oneCopy = (blob: PumpBlob): readonly Way[] =>
  SLOTS.flatMap((slot) => {
    const key = `${nameOf(blob)}.${slot}`;
    return [
      way(
        `${key} rotten`,
        changed((keyValue) => rot(keyValue, key)),
      ),
      way(
        `${key} gone`,
        changed((keyValue) => delete keyValue[key]),
      ),
      way(`${key} unreadable`, same, unreadable(key)),
    ];
  });

export const bothCopies = (blob: PumpBlob): readonly Way[] => {
  const keys = SLOTS.map((slot) => `${nameOf(blob)}.${slot}`);
  return [
    way(
      `${blob} rotten`,
      changed((keyValue) => {
        for (const key of keys) rot(keyValue, key);
      }),
    ),
    way(
      `${blob} missing`,
      changed((keyValue) => {
        for (const key of keys) delete keyValue[key];
      }),
    ),
    way(`${blob} unreadable`, same, unreadable(...keys)),
  ];
};

/** Today's firmware was the one before: the pump's is the next, which reads `blobs` in their version before or not. */
export const byNext = (name: string, blobs: readonly PumpBlob[], reads: boolean): Way => ({
  name,
  ...(blobs[0] && { of: { name: nameOf(blobs[0]), version: versionOf(blobs[0]) } }),
  make: (kept, judge) => withNextFormats(blobs, () => judge(finding(kept, same)), reads),
});

/**
 * The next firmware has booted, and today's is put on again. With `left`, a cut had left that one copy to the next
 * firmware alone, and the other one as it was.
 */
export const afterNext = (blob: PumpBlob, left?: "a" | "b"): Way => ({
  name: `${blob} ${left ?? "whole"}`,
  of: { name: nameOf(blob), version: versionOf(blob) },
  make: (kept, judge) => {
    const found = finding(kept, same);
    const { hardware } = found.world;
    withNextFormats([blob], () => found.world.powerUp());
    hardware.cut();
    const other = `${nameOf(blob)}.${left === "a" ? "b" : "a"}`;
    const before = kept.durable.keyValue[other];
    if (left && before) hardware.keyValue.restore({ ...hardware.keyValue.snapshot(), [other]: before });
    judge(found);
  },
});

/** The source gives at this boot what it gave at the last. */
export const repeating: Way = {
  name: "repeating",
  make: (kept, judge) => {
    const found = finding(kept, same, { entropy: "repeating" });
    found.world.powerUp();
    found.world.clock.advance(1_000);
    found.world.tapButton(1);
    found.world.hardware.cut();
    judge(found);
  },
};

export const tornFirstBoots: readonly Way[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map((operation) => ({
  name: `cut at operation ${operation}`,
  make: (_kept, judge) => {
    const found = newPump();
    found.world.hardware.cutAt({ operation, phase: "after" });
    found.world.powerUp();
    found.world.hardware.cut();
    judge(found);
  },
}));

/** Makes the newest record one of the next version. */
export function withNewerRecord(durable: DurableState): DurableState {
  const flash = durable.flash.slice();
  const end = Math.ceil((flash.findLastIndex((byte) => byte !== 0xff) + 1) / SLOT_BYTES) * SLOT_BYTES;
  const record = flash.subarray(end - SLOT_BYTES, end);
  record[FORMAT_OFFSET] = HISTORY_VERSION + 1;
  record.set(withCheck(record.slice(0, SLOT_BYTES - CHECK_BYTES)));
  return { ...durable, flash };
}
