/** The benchmark's measurements: what runs on XS for them, and what comes back. */

import type { CostReport, HeapUse } from "./benchReport.js";
import { bondedPump } from "./bonded.js";
import { bundle, bundleFirmware, bundlePreloaded, bundleProgram, writeProgram } from "./bundle.js";
import { LAST_LINE, type ReadyEngine, runOnXs } from "./engine.js";
import { preloadablePaths } from "./preloadable.js";

const COSTS = 'import { bench } from "./test/xs/on/bench.ts"; bench();';

/** Costs of the firmware. @param alter changes the firmware's text first, to see what the budgets make of it. */
export async function measureCosts(
  engine: ReadyEngine,
  alter: (firmware: string) => string = (firmware) => firmware,
): Promise<CostReport> {
  const [line = ""] = runOnXs(engine, await bundleProgram("costs", COSTS, alter(await bundleFirmware())));
  return JSON.parse(line);
}

/** Memory: what is in use at each stage, by its name. Only on an engine with slots of 16 bytes. */
export async function measureHeap(engine: ReadyEngine): Promise<ReadonlyMap<string, HeapUse>> {
  const paths = preloadablePaths();
  const told = (name: string) =>
    writeProgram(
      `heap-${name.replaceAll(" ", "-")}`,
      `print(JSON.stringify({ name: "${name}", slots: liveSlots(), dataBytes: liveDataBytes() }));`,
    );
  const HEAP = 'import { heap } from "./test/xs/on/heap.ts"; globalThis.heap = heap;';
  const lines = runOnXs(
    engine,
    told("engine"),
    writeProgram("heap-1", await bundle("heap-1", HEAP)),
    told("simulator"),
    writeProgram("heap-2", await bundlePreloaded(paths)),
    told("preloaded"),
    writeProgram("heap-3", await bundleFirmware(paths)),
    told("firmware text"),
    await bundleProgram("heap-4", `globalThis.heap(${JSON.stringify(bondedPump())});`),
  );
  const uses: readonly HeapUse[] = lines.map((line) => JSON.parse(line));
  return new Map(uses.map((use) => [use.name, use]));
}

/** After so many days the pump stands again as it stood: its reference time is set every 18 hours. */
const PERIOD_DAYS = 3;

/** Whether the last day's end uses what an end of the same phase, among the first, did. */
export function isFlat(days: readonly HeapUse[]): boolean {
  const last = days.at(-1);
  const first = days[(days.length - 1) % PERIOD_DAYS];
  if (last === undefined || first === last) throw new RangeError(`${days.length} days are too few to compare`);
  return first?.slots === last.slots && first.dataBytes === last.dataBytes;
}

/** Memory at the end of each of so many days. */
export async function measureDays(engine: ReadyEngine, days: number): Promise<readonly HeapUse[]> {
  const statements = `import { month } from "./test/xs/on/month.ts"; month(${days});`;
  return runOnXs(engine, await bundleProgram("month", statements)).map((line) => JSON.parse(line));
}

/** Bytes of the byte code of the whole firmware. */
export async function measureCode(engine: ReadyEngine): Promise<number> {
  const told = (name: string) => writeProgram(`code-${name}`, "print(String(liveCodeBytes()));");
  const [before = "", after = ""] = runOnXs(
    engine,
    told("before"),
    writeProgram("code", await bundleFirmware()),
    told("after"),
    writeProgram("code-end", `print(${JSON.stringify(LAST_LINE)});`),
  );
  return Number(after) - Number(before);
}
