import { bundleProgram } from "./bundle.js";
import { buildEngine, runOnXs } from "./engine.js";

const engine = await buildEngine();
if (engine.kind !== "ready") throw new Error(engine.why);
for (const l of runOnXs(
  engine,
  bundleProgram("bench", `import { bench } from "./test/xs/on/bench.ts"; bench();`, true),
)) {
  const r = JSON.parse(l);
  for (const x of r.rows)
    console.log(x.name.padEnd(44), x.computrons, x.primitives, (x.computrons / x.primitives).toFixed(3));
  delete r.rows;
  console.log(r);
}
