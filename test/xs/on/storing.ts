/** What storing a command costs, taken apart: the same functions on the same bytes, one by one. */

import { withCheck } from "../../../firmware/storage/checked.js";
import { STANDING_BLOB } from "../../../firmware/therapy/standingBlob.js";
import type { KeyValueSnapshot } from "../../../host-sim/peripherals/keyValue.js";

const KEY = "therapy.a";
/** Around the state itself: version u8 and sequence u32 before it, the check u32 after it (firmware/storage/blob.ts). */
const HEAD_BYTES = 5;
const CHECK_BYTES = 4;

function costOf(run: () => unknown): number {
  run();
  const before = computrons();
  run();
  return computrons() - before;
}

/** Of a pump's stored state as it is. */
export function costOfStoring(snapshot: KeyValueSnapshot): readonly { name: string; computrons: number }[] {
  const stored = Uint8Array.from(snapshot[KEY] ?? []);
  const standing = STANDING_BLOB.decode(stored.slice(HEAD_BYTES, -CHECK_BYTES));
  if (standing === undefined) throw new Error(`${KEY} does not decode`);
  const content = stored.slice(0, -CHECK_BYTES);
  return [
    {
      name: `the therapy state with 64 commands as ${stored.length} bytes`,
      computrons: costOf(() => STANDING_BLOB.encode(standing)),
    },
    { name: "their check value (CRC-32)", computrons: costOf(() => withCheck(content)) },
  ];
}
