/** A controller's store in a file (host-sim/controller/store.ts). */

import type { ControllerStore } from "../controller/store.js";
import { readIfThere, replaceFile } from "./durableFile.js";

/** The blob as it is, in one file. Hold its folder while it is in use (folder.ts). */
export class FileStore implements ControllerStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  read(): Uint8Array | undefined {
    return readIfThere(this.#path);
  }

  write(bytes: Uint8Array): void {
    replaceFile(this.#path, bytes);
  }
}
