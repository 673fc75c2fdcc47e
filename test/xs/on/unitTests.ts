/** Test files on XS: imported before them, so that mocha's globals are there; `report` runs what they declared. */

import { installEs2023 } from "./es2023.js";
import { Runner } from "./mocha.js";
import { XsBuffer } from "./node/buffer.js";

/** fast-check takes these when it is loaded, and calls none of them for a synchronous property. */
function noTimer(): never {
  throw new Error("there are no timers here");
}
installEs2023();
Object.assign(globalThis, { Buffer: XsBuffer, setTimeout: noTimer, clearTimeout: noTimer });

const runner = new Runner();
runner.install();

/** Runs every test, and prints one line each: `ok TITLE`, or `not ok TITLE` and, indented, why. */
export function report(): void {
  runner.run((title, why) => {
    if (why === undefined) print(`ok ${title}`);
    else print(`not ok ${title}\n  ${why.replaceAll("\n", "\n  ")}`);
  });
}
