/**
 * `npm run bench`: measures the firmware on the XS engine and prints the tables of README.md; with `--write` puts them
 * there. With `--days N` it lives through N days instead, and prints what is in use after each. Exit code 0; 1 when a
 * budget is not kept, or the last day ends with other memory than the first ones; 2 for other arguments or without a 32-bit engine.
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { pageWith, README, readPage, tables } from "./benchTable.js";
import { costBreaches, heapBreaches } from "./budgets.js";
import { buildEngine, type ReadyEngine } from "./engine.js";
import { isFlat, measureCode, measureCosts, measureDays, measureHeap } from "./measure.js";

/** The first that has one to be compared with, and the longest life that is worth a person's wait. */
const DAYS_MINIMUM = 4;
const DAYS_MAXIMUM = 365;

async function liveDays(engine: ReadyEngine, days: number): Promise<number> {
  const used = await measureDays(engine, days);
  for (const { name, slots, dataBytes } of used)
    process.stdout.write(`${name}: ${slots} slots, ${dataBytes} bytes beside them\n`);
  const flat = isFlat(used);
  process.stdout.write(
    flat
      ? "The last day ends with what the first ones did.\n"
      : "The last day does not end with what the first ones did.\n",
  );
  return flat ? 0 : 1;
}

async function measure(engine: ReadyEngine, write: boolean): Promise<number> {
  const [costs, heap, codeBytes] = [
    await measureCosts(engine),
    await measureHeap(engine),
    await measureCode(engine),
  ] as const;
  const text = tables(costs, heap, codeBytes);
  process.stdout.write(`${text}\n`);
  if (write) writeFileSync(README, pageWith(readPage(), text));
  const breaches = [...costBreaches(costs), ...heapBreaches(heap)];
  for (const breach of breaches) process.stderr.write(`OVER BUDGET: ${breach}\n`);
  return breaches.length === 0 ? 0 : 1;
}

async function run(): Promise<number> {
  const { values } = parseArgs({ options: { write: { type: "boolean", default: false }, days: { type: "string" } } });
  const days = values.days === undefined ? undefined : Number(values.days);
  if (days !== undefined && !(Number.isInteger(days) && days >= DAYS_MINIMUM && days <= DAYS_MAXIMUM))
    throw new Error(`--days is ${values.days}; it must be ${DAYS_MINIMUM} to ${DAYS_MAXIMUM}`);
  const engine = await buildEngine();
  if (engine.kind === "absent") throw new Error(`nothing can be measured: ${engine.why}`);
  if (engine.slotBits !== 32)
    throw new Error("nothing can be measured: the C compiler makes no 32-bit programs: install gcc-multilib");
  return days === undefined ? measure(engine, values.write) : liveDays(engine, days);
}

try {
  process.exitCode = await run();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}
