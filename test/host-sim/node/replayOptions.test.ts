/** The command line of `npm run replay`. */

import assert from "node:assert/strict";
import { replayOptions } from "../../../host-sim/node/replayOptions.js";

describe("the command line of npm run replay", () => {
  it("replays unless it is asked for something else", () => {
    assert.deepEqual(replayOptions(["a"]), { path: "a", mode: "replay", seed: undefined });
    assert.deepEqual(replayOptions(["--list", "a"]), { path: "a", mode: "list", seed: undefined });
    assert.deepEqual(replayOptions(["a", "--attack"]), { path: "a", mode: "attack", seed: undefined });
    assert.deepEqual(replayOptions(["a", "--attack", "--seed", "0"]), { path: "a", mode: "attack", seed: 0 });
    assert.equal(replayOptions(["--help"]), undefined);
  });

  const WRONG: readonly (readonly [args: readonly string[], why: RegExp])[] = [
    [[], /^give one FILE/],
    [["a", "b"], /^give one FILE/],
    [["a", "--list", "--attack"], /^give --list or --attack, not both$/],
    [["a", "--seed", "1"], /give --attack, too$/],
    [["a", "--attack", "--seed", "x"], /^--seed is "x"; it must be a whole number from 0 to 4294967295$/],
    [["a", "--attack", "--seed", "4294967296"], /^--seed is "4294967296"; it must be/],
    [["a", "--fast"], /--fast/],
  ];
  for (const [args, why] of WRONG)
    it(`is refused with what to do: ${args.join(" ") || "nothing"}`, () => {
      assert.throws(() => replayOptions(args), { message: why });
    });
});
