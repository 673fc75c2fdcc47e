/**
 * The file that a run is recorded into: every block is handed to the system at once, so that what was written is there
 * when the process is killed, and no memory fills. A disk that fills up ends the recording, not the run.
 */

import { closeSync, openSync, writeSync } from "node:fs";
import type { Sink } from "../trace/recorder.js";
import { reasonOf } from "./systemError.js";

export class RecordFile {
  readonly #path: string;
  readonly #descriptor: number;
  #failure: string | undefined;

  /** Makes the file, or empties it. Throws the system's error when it cannot. */
  constructor(path: string) {
    this.#path = path;
    this.#descriptor = openSync(path, "w");
  }

  /** Suits `WorldOptions.record`. Never throws: see `close`. */
  readonly sink: Sink = (blocks) => {
    if (this.#failure !== undefined) return;
    try {
      for (let at = 0; at < blocks.length; ) at += writeSync(this.#descriptor, blocks, at);
    } catch (error) {
      this.#failure = `${this.#path}: the recording broke off: ${reasonOf(error)}`;
    }
  };

  /** Closes the file. Returns in one line why the recording is not whole, else undefined. */
  close(): string | undefined {
    closeSync(this.#descriptor);
    return this.#failure;
  }
}
