/**
 * The shape of the sources, read from their text: which part may import which, and what the firmware does without.
 * Each rule is a function from sources to breaches, so that it is tried on planted sources too. Run from the root of
 * the project.
 */

import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import {
  closure,
  containing,
  cycles,
  type Import,
  isDeclaration,
  type Source,
  source,
  sourcesUnder,
} from "./architecture/sources.js";
import { NEEDS_RAM } from "./xs/preloadable.js";

const breach = (from: Source, each: Import) => `${from.path} imports ${each.target}${each.typesOnly ? " (types)" : ""}`;

/** Every import that `allowed` does not let through. */
function unlike(sources: readonly Source[], allowed: (each: Import, from: Source) => boolean): readonly string[] {
  return sources.flatMap((from) =>
    from.imports.filter((each) => !allowed(each, from)).map((each) => breach(from, each)),
  );
}

/** What each part of firmware/ may import besides itself, board.ts and rig.ts, by part or file: `all`, or `types` alone. */
const LAYERS: { readonly [part: string]: { readonly [below: string]: "all" | "types" } } = {
  "rig.ts": { base: "all" },
  "board.ts": { base: "types" },
  base: {},
  native: { base: "all" },
  storage: { base: "all" },
  nonce: { base: "all", storage: "all" },
  session: { base: "all", storage: "all", nonce: "all" },
  link: { base: "all" },
  ids: { base: "all" },
  motor: { base: "all", storage: "types" },
  therapy: { base: "all", ids: "all", storage: "all", motor: "all" },
  command: {
    base: "all",
    storage: "all",
    ids: "all",
    nonce: "all",
    therapy: "all",
    session: "types",
    "session/bonds.ts": "all",
  },
  bringUp: { base: "all", nonce: "all", motor: "all", therapy: "all", session: "types" },
  "button.ts": { base: "all" },
  "console.ts": {},
  "annunciator.ts": {},
  "bondKeeper.ts": {
    base: "all",
    session: "all",
    "annunciator.ts": "types",
    "boot.ts": "types",
    "delivery.ts": "types",
  },
  "battery.ts": { ids: "all" },
  "attention.ts": { base: "types", ids: "all", therapy: "all", "battery.ts": "all", "delivery.ts": "types" },
  "boot.ts": { base: "all", storage: "all", nonce: "all", motor: "all", session: "all", therapy: "all" },
  "reservoirText.ts": { base: "types", therapy: "all" },
  "delivery.ts": {
    base: "all",
    storage: "types",
    ids: "all",
    motor: "all",
    therapy: "all",
    "reservoirText.ts": "all",
    "boot.ts": "types",
    "annunciator.ts": "types",
  },
  "radio.ts": {
    base: "all",
    storage: "types",
    nonce: "all",
    session: "all",
    link: "all",
    ids: "all",
    therapy: "all",
    command: "all",
    "boot.ts": "types",
    "annunciator.ts": "types",
    "bondKeeper.ts": "types",
    "delivery.ts": "types",
  },
  "workbench.ts": {
    base: "all",
    nonce: "all",
    motor: "all",
    session: "types",
    therapy: "all",
    bringUp: "all",
    "boot.ts": "types",
    "console.ts": "types",
    "delivery.ts": "types",
  },
};
const BELOW_PUMP = Object.fromEntries(Object.keys(LAYERS).map((part) => [part, "all"] as const));

function mayImport(from: string, each: Import): boolean {
  const [root, part = ""] = each.target.split("/");
  if (each.bare) return true;
  if (root !== "firmware") return false;
  if (part === from || part === "rig.ts" || (part === "board.ts" && each.typesOnly)) return true;
  if (from === "main.ts") return true;
  const rights = from === "pump.ts" ? BELOW_PUMP : LAYERS[from];
  const right = rights?.[each.target.slice("firmware/".length)] ?? rights?.[part];
  return right === "all" || (right === "types" && each.typesOnly);
}

const layerBreaches = (sources: readonly Source[]) =>
  unlike(
    sources.filter((each) => !isDeclaration(each)),
    (each, from) => mayImport(from.path.split("/")[1] ?? "", each),
  );

function unplaced(sources: readonly Source[]): readonly string[] {
  const parts = [...Object.keys(LAYERS), "pump.ts", "main.ts"];
  return sources
    .filter((each) => !isDeclaration(each) && !parts.includes(each.path.split("/")[1] ?? ""))
    .map(({ path }) => path);
}

const SDK = /^(embedded:.*|timer|time|qrcode|mc\/.*|pins\/.*)$/;
/** The main modules of the programs that the SDK builds: they alone import it. */
const SDK_MAINS = ["firmware/main.ts", "host-sim/moddable/main.ts"];
const NOBLE = /^@noble\//;
const LIFTABLE = /^(firmware\/(base|storage|nonce|session|board\.ts|rig\.ts)|@noble\/)/;
const NODE_SIDE = /^host-sim\/(node\/|console\/|moddable\/main\.ts$)/;
const MODDABLE = /^host-sim\/moddable\//;
const BANNED =
  /\b(Math\.random|Date|setTimeout|setInterval|parseFloat|async|await|Promise|console|process|Buffer|TextEncoder|TextDecoder)\b/g;

/** Of ECMAScript and its internationalisation, what an SDK's XS is built without. */
const LACKING = /\b(Intl|normalize|toLocale\w*)\b/g;

/** At the level of a module, or a class: what can change, or is made to. */
const STATE =
  /^(export )?(let|var) .*$|^export default .*$|^(export )?const [^\n]*= new (Weak)?(Map|Set)\b|^ {2}static (readonly )?#?\w+( =|: |;)/gm;
const BYTES = /^(?:export )?const (\w+)[^\n]*= new (?:\w+Array|ArrayBuffer|DataView)\(/gm;

/** Bytes of a module that it writes to. */
function writtenBytes(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((each) =>
    [...each.code.matchAll(BYTES)].flatMap(([, name = ""]) =>
      containing(
        [each],
        new RegExp(`\\b${name}(\\.(set|fill|copyWithin|sort|reverse)\\(|\\[[^\\]]+\\] \\S?=[^=])`, "g"),
      ),
    ),
  );
}

const PLATFORM =
  /\b(Math\.random|Date|setTimeout|setInterval|async|Promise|console|process|Buffer|TextEncoder|TextDecoder|window|document|globalThis)\b/g;

const sdkBreaches = (sources: readonly Source[]) =>
  unlike(sources, (each, from) => !SDK.test(each.target) || SDK_MAINS.includes(from.path) || isDeclaration(from));
const bareBreaches = (sources: readonly Source[]) =>
  unlike(sources, ({ bare, target }) => !bare || NOBLE.test(target) || SDK.test(target));
const curveBreaches = (sources: readonly Source[]) =>
  unlike(sources, ({ target }, from) => !/^@noble\/curves/.test(target) || from.path.startsWith("firmware/session/"));
const ramBreaches = (sources: readonly Source[]) =>
  unlike(
    sources,
    ({ target, typesOnly }, { path }) => !NEEDS_RAM.test(target) || typesOnly || path === "firmware/main.ts",
  );
const controllerBreaches = (sources: readonly Source[]) =>
  unlike(
    sources.filter(({ path }) => path.startsWith("host-sim/controller/")),
    ({ target }) => !target.startsWith("firmware/"),
  );
const neutralBreaches = (sources: readonly Source[]) =>
  unlike(
    sources.filter(({ path }) => !NODE_SIDE.test(path)),
    ({ bare, target }, { path }) =>
      bare ? NOBLE.test(target) : !NODE_SIDE.test(target) && (MODDABLE.test(path) || !MODDABLE.test(target)),
  );

const firmware = sourcesUnder("firmware");
const hostSim = sourcesUnder("host-sim");

describe("architecture", () => {
  it("reads every form of import, and none from a comment or a string", () => {
    const text = [
      'import { a, type B } from "./a.js";',
      'import type {\n  C,\n} from "../base/c.js";',
      'export * from "./d.js";',
      'export type { E } from "./e.js";',
      'import "@noble/hashes/sha2.js";',
      'const f: typeof import("timer") = g;',
      '// import { h } from "./h.js";',
      "/* import './i.js'; */",
      'const http = "http://j"; const k = "Date";',
    ].join("\n");
    const { imports, code } = source("firmware/motor/x.ts", text);
    const targets = imports.map(({ target, typesOnly }) => `${target}${typesOnly ? " types" : ""}`).sort();
    assert.deepEqual(targets, [
      "@noble/hashes/sha2.js",
      "firmware/base/c.ts types",
      "firmware/motor/a.ts",
      "firmware/motor/d.ts",
      "firmware/motor/e.ts types",
      "timer",
    ]);
    assert.ok(!/Date|http:|h\.js/.test(code));
  });

  it("keeps the firmware's parts in order: imports point down only", () => {
    assert.ok(firmware.length > 5);
    assert.deepEqual(unplaced(firmware), []);
    assert.deepEqual(layerBreaches(firmware), []);
    const planted: readonly (readonly [path: string, text: string])[] = [
      ["firmware/base/x.ts", 'import { a } from "../storage/blob.js";'],
      ["firmware/motor/x.ts", 'import { a } from "../storage/blob.js";'],
      ["firmware/command/x.ts", 'import { a } from "../session/keys.js";'],
      ["firmware/therapy/x.ts", 'import type { A } from "../command/table.js";'],
      ["firmware/pump.ts", 'import { a } from "./main.js";'],
      ["firmware/nonce/x.ts", 'import { a } from "../board.js";'],
      ["firmware/link/x.ts", 'import type { A } from "../../host-sim/air.js";'],
    ];
    for (const [path, text] of planted) assert.equal(layerBreaches([source(path, text)]).length, 1, text);
    const fine = source("firmware/motor/x.ts", 'import type { A } from "../storage/blob.js";');
    assert.deepEqual(layerBreaches([fine]), []);
    assert.deepEqual(unplaced([source("firmware/helpers/x.ts", "")]), ["firmware/helpers/x.ts"]);
  });

  it("has no import cycle, types included", () => {
    assert.deepEqual(cycles([...firmware, ...hostSim]), []);
    const a = source("firmware/base/a.ts", 'import type { B } from "./b.js";');
    const b = source("firmware/base/b.ts", 'import { A } from "./a.js";');
    assert.deepEqual(cycles([a, b]), ["firmware/base/a.ts > firmware/base/b.ts > firmware/base/a.ts"]);
  });

  it("imports the SDK in the main modules of its programs only, and else nothing but noble; the curve in the session only", () => {
    assert.deepEqual([...sdkBreaches(firmware), ...bareBreaches(firmware), ...curveBreaches(firmware)], []);
    assert.deepEqual(sdkBreaches(hostSim), []);
    assert.equal(sdkBreaches([source("host-sim/moddable/start.ts", 'import Timer from "timer";')]).length, 1);
    const planted = (text: string) => [source("firmware/link/x.ts", text)];
    for (const name of ["embedded:io/digital", "timer", "time", "mc/config", "pins/rmt"])
      assert.equal(sdkBreaches(planted(`import T from "${name}";`)).length, 1, name);
    for (const name of ["node:fs", "fs", "uqr"])
      assert.equal(bareBreaches(planted(`import "${name}";`)).length, 1, name);
    assert.equal(curveBreaches(planted('import { x } from "@noble/curves/abstract/montgomery.js";')).length, 1);
  });

  it("imports what cannot be preloaded into flash in firmware/main.ts only", () => {
    assert.deepEqual(ramBreaches(firmware), []);
    for (const text of ['import { sha256 } from "@noble/hashes/sha2.js";', 'export * from "@noble/hashes/hkdf.js";'])
      assert.equal(ramBreaches([source("firmware/base/x.ts", text)]).length, 1, text);
    const fine = 'import type { sha256 } from "@noble/hashes/sha2.js"; import { hmac } from "@noble/hashes/hmac.js";';
    assert.deepEqual(ramBreaches([source("firmware/base/x.ts", fine)]), []);
  });

  it("lets firmware/session and firmware/nonce be lifted out with base and storage alone", () => {
    const roots = firmware.map(({ path }) => path).filter((path) => /^firmware\/(session|nonce)\//.test(path));
    assert.ok(roots.length > 2);
    assert.deepEqual(
      closure(firmware, roots).filter((path) => !LIFTABLE.test(path)),
      [],
    );
    const a = source("firmware/session/a.ts", 'import "../storage/b.js";');
    const b = source("firmware/storage/b.ts", 'import type { C } from "../therapy/c.js";');
    assert.ok(closure([a, b], [a.path]).includes("firmware/therapy/c.ts"));
  });

  it("writes the controller from the protocol alone: it imports nothing of the firmware (SV-02)", () => {
    assert.ok(hostSim.some(({ path }) => path.startsWith("host-sim/controller/")));
    assert.deepEqual(controllerBreaches(hostSim), []);
    const planted = source("host-sim/controller/x.ts", 'import type { A } from "../../firmware/base/units.js";');
    assert.equal(controllerBreaches([planted]).length, 1);
    const through = closure(
      [...hostSim, ...firmware],
      hostSim.map(({ path }) => path).filter((path) => path.startsWith("host-sim/controller/")),
    );
    assert.deepEqual(
      through.filter((path) => path.startsWith("firmware/")),
      [],
    );
  });

  it("keeps Node out of the engine-neutral host simulator", () => {
    assert.deepEqual(neutralBreaches(hostSim), []);
    for (const name of ["node:fs", "fs", "cli-progress", "../node/start.js"])
      assert.equal(neutralBreaches([source("host-sim/plant/x.ts", `import a from "${name}";`)]).length, 1, name);
    assert.equal(neutralBreaches([source("host-sim/world.ts", 'import "./moddable/view.js";')]).length, 1);
    assert.equal(neutralBreaches([source("host-sim/moddable/view.ts", 'import "./main.js";')]).length, 1);
    assert.deepEqual(neutralBreaches([source("host-sim/node/x.ts", 'import "node:fs";')]), []);
  });

  it("keeps the engine-neutral host simulator free of wall clock, timers, promises and platform globals", () => {
    const neutral = hostSim.filter(({ path }) => !NODE_SIDE.test(path));
    assert.deepEqual(containing(neutral, PLATFORM), []);
    for (const text of [
      "Math.random()",
      "new Date()",
      "setTimeout(f)",
      "async () => 1",
      "window.crypto",
      "console.log(1)",
    ])
      assert.equal(containing([source("host-sim/controller/x.ts", text)], PLATFORM).length, 1, text);
  });

  it("uses no wall clock, timer, promise, float parser or home-made randomness in firmware", () => {
    assert.deepEqual(containing(firmware, BANNED), []);
    for (const text of ["Math.random()", "Date.now()", "async () => 1", "await x", "new Promise(f)", "Buffer.from(x)"])
      assert.equal(containing([source("firmware/base/x.ts", text)], BANNED).length, 1, text);
    assert.deepEqual(
      containing([source("firmware/base/x.ts", 'const a: ArrayBuffer = b; // Date\n"await"')], BANNED),
      [],
    );
  });

  it("uses no global that XS lacks: firmware is compiled without Node's and the browser's, and without these", () => {
    const { compilerOptions } = JSON.parse(readFileSync("firmware/tsconfig.json", "utf8"));
    assert.deepEqual([compilerOptions.types, compilerOptions.lib], [[], undefined]);
    assert.deepEqual(JSON.parse(readFileSync("tsconfig.json", "utf8")).compilerOptions.lib, ["es2023"]);
    assert.deepEqual(containing(firmware, LACKING), []);
    for (const text of ["Intl.NumberFormat()", 'a.normalize("NFC")', "n.toLocaleString()"])
      assert.equal(containing([source("firmware/base/x.ts", text)], LACKING).length, 1, text);
  });

  it("keeps no mutable state in firmware modules, which are in flash on a board, and exports no default", () => {
    const stateful = (sources: readonly Source[]) => [...containing(sources, STATE), ...writtenBytes(sources)];
    assert.deepEqual(stateful(firmware), []);
    for (const text of [
      "let a = 1;",
      "export let a = 1;",
      "export default a;",
      "const seen = new Map<string, number>();",
      "export const SEEN: ReadonlySet<number> = new Set([1]);",
      "class A {\n  static count = 0;\n}",
      "class A {\n  static #last: number | undefined;\n}",
      "const SCRATCH = new Uint8Array(4);\nexport const f = (a: number) => {\n  SCRATCH[0] = a;\n};",
      "const SCRATCH = new Uint8Array(4);\nexport const f = (a: Uint8Array) => SCRATCH.set(a);",
    ])
      assert.equal(stateful([source("firmware/base/x.ts", text)]).length, 1, text);
    const fine =
      "const ZERO = new Uint8Array(4);\nconst f = () => {\n  const a = new Map();\n  return ZERO.slice();\n};";
    assert.deepEqual(stateful([source("firmware/base/x.ts", fine)]), []);
  });

  it("forges no proof of durability anywhere, and of authorisation only where commands are judged", () => {
    const forged = (sources: readonly Source[]) => [
      ...containing(sources, /\bas (unknown as )?(Durable|Authorised)\b/g),
      ...containing(
        sources.filter(({ path }) => !path.startsWith("firmware/command/")),
        /\bAuthorised\s*\.\s*grant\b/g,
      ),
    ];
    assert.deepEqual(forged(firmware), []);
    for (const text of ["x as unknown as Durable<PulseBegun>", "x as Authorised<Command>", "Authorised.grant(command)"])
      assert.equal(forged([source("firmware/pump.ts", text)]).length, 1, text);
    assert.deepEqual(forged([source("firmware/command/x.ts", "Authorised.grant(command)")]), []);
  });
});
