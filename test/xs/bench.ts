import { buildEngine } from "./engine.js";
import { measureCosts, measureHeap } from "./measure.js";

const engine = await buildEngine();
if (engine.kind !== "ready") throw new Error(engine.why);
const r = await measureCosts(engine);
for (const x of r.rows)
  console.log(x.name.padEnd(44), x.computrons, x.primitives, (x.computrons / x.primitives).toFixed(3));
console.log({ ...r, rows: 0 });
let last = { slots: 0, dataBytes: 0 };
for (const h of (await measureHeap(engine)).values()) {
  console.log(h.name.padEnd(24), h.slots - last.slots, h.dataBytes - last.dataBytes);
  last = h;
}
