/**
 * `npm run bench`: measures the firmware on the XS engine and prints the tables of README.md; with `--write` puts them
 * there. Exit code 0, 1 when a budget is not kept, 2 for other arguments or without a 32-bit engine.
 */

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { pageWith, README, readPage, tables } from "./benchTable.js";
import { costBreaches, heapBreaches } from "./budgets.js";
import { buildEngine } from "./engine.js";
import { measureCode, measureCosts, measureHeap } from "./measure.js";

async function run(write: boolean): Promise<number> {
  const engine = await buildEngine();
  if (engine.kind === "absent" || engine.slotBits !== 32) {
    const why = engine.kind === "absent" ? engine.why : "the C compiler makes no 32-bit programs: install gcc-multilib";
    process.stderr.write(`nothing can be measured: ${why}\n`);
    return 2;
  }
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

try {
  const { values } = parseArgs({ options: { write: { type: "boolean", default: false } } });
  process.exitCode = await run(values.write);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}
