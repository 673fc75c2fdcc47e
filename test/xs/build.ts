/**
 * Builds the XS engine before the tests that run on it, and says what there is. Where it cannot be built, exit code 0
 * and a warning that the XS tests are skipped; exit code 1 on a continuous-integration machine (CI=true), where nothing
 * may be skipped.
 */

import { buildEngine, inContinuousIntegration } from "./engine.js";

const engine = await buildEngine();
const missing =
  engine.kind === "absent"
    ? `every test on the XS engine is skipped: ${engine.why}`
    : engine.slotBits === 64
      ? "heap is not measured on the XS engine: the C compiler makes no 32-bit programs; install gcc-multilib"
      : undefined;
if (missing === undefined) {
  process.stdout.write("XS engine: ready, 32 bits.\n");
} else {
  const line = "=".repeat(80);
  process.stderr.write(`${line}\nWARNING: ${missing}\n${line}\n`);
  if (inContinuousIntegration()) process.exitCode = 1;
}
