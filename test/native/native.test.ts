/**
 * The firmware's C against headers that know the types: a call that the SDK or NimBLE would not take fails here. And what
 * it does, as far as that is the order and the time of its calls.
 */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { readManifest } from "../manifest/manifest.js";
import { compilerAbsent, complaints, linesOf } from "./compile.js";

const FOLDER = "firmware/native";
const sources = readdirSync(FOLDER).filter((name) => name.endsWith(".c"));
const read = (name: string) => readFileSync(`${FOLDER}/${name}`, "utf8");

/** Over any stall of the thread that was thought of. */
const LONGEST_HOLD_MS = 1_000;
/** For how long link.c holds NimBLE's task at the last of some events. The headers' tick is one millisecond. */
const heldMs = (...events: readonly string[]) => Number(linesOf("linkDelays.c", ...events).at(-1));

/** One wrong change each: what stands in link.c, and what would not do. */
const WRONG: readonly (readonly [what: string, right: string, wrong: string])[] = [
  ["too few arguments", "ble_gap_terminate(handle, BLE_ERR_REM_USER_CONN_TERM)", "ble_gap_terminate(handle)"],
  ["too many arguments", "vTaskDelay(1)", "vTaskDelay(1, 2)"],
  ["a pointer for a number", "vTaskDelay(1)", "vTaskDelay(event)"],
  ["a listener of another type", "onGapEvent, NULL)", "storeWrite, NULL)"],
  ["a gate of another type", "store_write_cb = storeWrite", "store_write_cb = onGapEvent"],
  ["a field that is not there", "value->sec.sc", "value->sec.secure"],
  ["a constant that is not there", "BLE_STORE_OBJ_TYPE_CCCD", "BLE_STORE_OBJ_TYPE_CCC"],
  ["a function that is not declared", "ble_store_clear()", "ble_store_wipe()"],
  ["a number for a message", 'xsUnknownError("LE bonds stay")', "xsUnknownError(ours)"],
];

describe("the firmware's C", () => {
  const absent = compilerAbsent();

  before(function () {
    if (absent === undefined) return;
    assert.notEqual(process.env["CI"], "true", absent);
    console.log(`      ${absent}`);
    this.skip();
  });

  for (const name of sources)
    it(`compiles without a warning: ${name}`, () => {
      assert.equal(complaints(read(name)), "");
    });

  it("is checked by headers that refuse a wrong call", () => {
    const link = read("link.c");
    for (const [what, right, wrong] of WRONG) {
      assert.ok(link.includes(right), `link.c has no ${right}`);
      assert.notEqual(complaints(link.replace(right, wrong)), "", what);
    }
  });

  it("refuses a NimBLE that takes more connections than the one it knows", () => {
    assert.match(
      complaints(read("link.c"), "-DMYNEWT_VAL_BLE_MAX_CONNECTIONS=2"),
      /CONFIG_BT_NIMBLE_MAX_CONNECTIONS=1/,
    );
  });

  it("draws random bytes while the bootloader's entropy source is on, and leaves it off", () => {
    assert.deepEqual(linesOf("entropyCalls.c", "0", "512"), ["enable", "fill 512", "disable"]);
  });

  it("leaves that source alone while the radio, which feeds the generator then, is on", () => {
    assert.deepEqual(linesOf("entropyCalls.c", "1", "32"), ["fill 32"]);
  });

  it("draws 1 to 512 bytes, and refuses any other number before it touches the source", () => {
    assert.deepEqual(linesOf("entropyCalls.c", "0", "1"), ["enable", "fill 1", "disable"]);
    for (const count of ["-1", "0", "513"])
      assert.deepEqual(linesOf("entropyCalls.c", "0", count), ["throws: 1 to 512 bytes"]);
  });

  it("holds a connection's MTU exchange, encryption and subscription until XS has taken it in, for 1 s at most", () => {
    for (const event of ["mtu", "encrypt"]) {
      assert.equal(heldMs("connect", "taken", event), 0);
      assert.equal(heldMs("connect", event), LONGEST_HOLD_MS);
    }
    assert.equal(heldMs("connect", "subscribe"), LONGEST_HOLD_MS + heldMs("connect", "taken", "subscribe"));
  });

  it("paces subscriptions: as many as come during the longest stall do not fill XS's queue", () => {
    const paceMs = heldMs("connect", "taken", "subscribe");
    assert.equal(paceMs, 50);
    assert.equal(heldMs("connect", "taken", "subscribe", "subscribe"), paceMs);
    const { task } = readManifest("manifest.json", "esp32").defines as { task: { queueLength: number } };
    assert.ok(LONGEST_HOLD_MS / paceMs < task.queueLength);
  });
});
