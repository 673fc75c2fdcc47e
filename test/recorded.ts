/** A recording in memory, for tests. */

import { concat } from "../firmware/base/bytes.js";
import type { Sink } from "../host-sim/trace/recorder.js";

export class Recorded {
  readonly #blocks: Uint8Array[] = [];

  /** Suits `WorldOptions.record`. */
  readonly record: Sink = (blocks) => {
    this.#blocks.push(blocks.slice());
  };

  /** The file so far. */
  bytes(): Uint8Array {
    return concat(...this.#blocks);
  }
}
