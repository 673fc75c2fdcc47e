/** The firmware's C against headers that know the types: a call that the SDK or NimBLE would not take fails here. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { compilerAbsent, complaints } from "./compile.js";

const FOLDER = "firmware/native";
const sources = readdirSync(FOLDER).filter((name) => name.endsWith(".c"));
const read = (name: string) => readFileSync(`${FOLDER}/${name}`, "utf8");

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
});
