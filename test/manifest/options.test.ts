/**
 * firmware/main.ts itself, booted under Node on a simulated board behind stand-ins for the SDK's modules that note what
 * they are given: every option must be one that the SDK's C reads. The SDK's typings promise others.
 */

import { strict as assert } from "node:assert";
import { runInThisContext } from "node:vm";
import type { Board } from "../../firmware/board.js";
import { World } from "../../host-sim/world.js";
import { bundleFirmware } from "../xs/bundle.js";
import { bootMain } from "../xs/on/firmware.js";
import { SDK_OPTIONS } from "./sdk.js";

type Call = keyof typeof SDK_OPTIONS;
type Noted = Map<Call, Set<string>>;

function note(noted: Noted, call: Call, options: object): void {
  const names = noted.get(call) ?? new Set();
  for (const name of Object.keys(options)) names.add(name);
  noted.set(call, names);
}

/** Notes what is in the lists and objects inside the GATT server's options, too. */
function noteDeep(noted: Noted, call: Call, options: object): void {
  note(noted, call, options);
  const inside = { services: "service", characteristics: "characteristic", security: "security" } as const;
  for (const [name, kind] of Object.entries(inside)) {
    const value: unknown = Reflect.get(options, name);
    for (const each of Array.isArray(value) ? value : [value])
      if (typeof each === "object" && each !== null) noteDeep(noted, kind, each);
  }
}

/** The same constructor, which notes its options. */
function noting<C extends new (options: never) => object>(noted: Noted, call: Call, sdk: C): C {
  return new Proxy(sdk, {
    construct(target, [options], newTarget) {
      noteDeep(noted, call, options);
      return Reflect.construct(target, [options], newTarget);
    },
  });
}

/** Options that a boot gives, by what it calls. */
async function optionsOfBoot(): Promise<Noted> {
  runInThisContext(await bundleFirmware());
  const noted: Noted = new Map();
  const constructors = ["Digital", "PulseCount", "Analog", "PWM", "Serial", "GATTServer"] as const;
  const world = new World({
    seed: 1,
    firmware: (board: Board) => {
      const noticed = Object.fromEntries(constructors.map((name) => [name, noting(noted, name, board[name])]));
      bootMain({ ...board, ...noticed }, (call, options) => note(noted, call, options));
    },
  });
  world.powerUp();
  world.clock.advance(60_000);
  assert.deepEqual(world.hardware.crashes, []);
  return noted;
}

const unread = (noted: Noted) =>
  [...noted].flatMap(([call, names]) =>
    [...names].filter((name) => !SDK_OPTIONS[call].some((read) => read === name)).map((name) => `${call}: ${name}`),
  );

describe("options of the SDK", () => {
  it("are those that its C reads, for everything that main.ts and the firmware construct or open", async () => {
    const noted = await optionsOfBoot();
    assert.deepEqual(unread(noted), []);
    for (const call of ["Digital", "PulseCount", "Analog", "PWM", "Serial", "GATTServer", "characteristic"] as const)
      assert.ok(noted.has(call), call);
    assert.deepEqual([...(noted.get("keyValueOpen") ?? [])], ["path", "format"]);
    assert.deepEqual([...(noted.get("flashOpen") ?? [])], ["path", "mode"]);
    note(noted, "GATTServer", { ioCapabilities: 1 });
    assert.deepEqual(unread(noted), ["GATTServer: ioCapabilities"]);
  });
});
