/**
 * The file that a run is recorded into: every block is handed to the system at once, so that what was written is there
 * when the process is killed, and no memory fills. A disk that fills up ends the recording, not the run.
 */

import { closeSync, openSync, writeSync } from "node:fs";
import type { Sink } from "../trace/recorder.js";
import { reasonOf } from "./systemError.js";

export class RecordFile {
  readonly #path: string;
  readonly #onFailure: (why: string) => void;
  #descriptor: number | undefined;

  /**
   * Makes the file, or empties it. Throws in one line why it cannot.
   *
   * @param onFailure hears once, in one line, that the recording broke off; what was written stays.
   */
  constructor(path: string, onFailure: (why: string) => void) {
    this.#path = path;
    this.#onFailure = onFailure;
    try {
      this.#descriptor = openSync(path, "w");
    } catch (error) {
      throw new Error(`${path}: cannot be written: ${reasonOf(error)}`);
    }
  }

  /** Suits `WorldOptions.record`. Never throws. Does nothing once the file is closed. */
  readonly sink: Sink = (blocks) => {
    if (this.#descriptor === undefined) return;
    try {
      for (let at = 0; at < blocks.length; ) at += writeSync(this.#descriptor, blocks, at);
    } catch (error) {
      this.close();
      this.#onFailure(`${this.#path}: the recording broke off: ${reasonOf(error)}`);
    }
  };

  /** Closing it twice does nothing. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
