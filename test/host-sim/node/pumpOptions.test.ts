/** The command line of `npm run pump`. */

import assert from "node:assert/strict";
import { pumpOptions } from "../../../host-sim/node/pumpOptions.js";

describe("the command line of npm run pump", () => {
  it("has what is not given as PROTOCOL.md has it: port 5160, no laboratory, real time", () => {
    assert.deepEqual(pumpOptions([]), {
      port: 5160,
      labPort: undefined,
      consolePort: undefined,
      folder: undefined,
      seed: undefined,
      speed: 1,
      pair: false,
      record: undefined,
    });
    assert.equal(pumpOptions(["--lab"])?.labPort, 5161);
  });

  it("takes every option, zeros included", () => {
    const args = [
      "--port",
      "0",
      "--state",
      "a b",
      "--pair",
      "--speed",
      "10000",
      "--seed",
      "0",
      "--lab",
      "--lab-port",
      "0",
      "--console-port",
      "0",
      "--record",
      "a.pcapng",
    ];
    assert.deepEqual(pumpOptions(args), {
      port: 0,
      labPort: 0,
      consolePort: 0,
      folder: "a b",
      seed: 0,
      speed: 10_000,
      pair: true,
      record: "a.pcapng",
    });
    assert.equal(pumpOptions(["--seed", "4294967295"])?.seed, 0xffff_ffff);
    assert.equal(pumpOptions(["--pair", "--help", "--port", "x"]), undefined);
  });

  const WRONG: readonly (readonly [args: readonly string[], why: RegExp])[] = [
    [["--port", "65536"], /^--port is "65536"; it must be a whole number from 0 to 65535$/],
    [["--port", "http"], /^--port is "http"; it must be/],
    [["--port", " 1"], /^--port is " 1"; it must be/],
    [["--port="], /^--port is ""; it must be/],
    [["--lab", "--lab-port", "70000"], /^--lab-port is "70000"; it must be/],
    [["--lab-port", "1"], /^--lab-port is of use only with --lab: give both$/],
    [["--speed", "0"], /^--speed is "0"; it must be a whole number from 1 to 10000$/],
    [["--speed", "1.5"], /^--speed is "1.5"; it must be/],
    [["--seed", "4294967296"], /^--seed is "4294967296"; it must be a whole number from 0 to 4294967295$/],
    [["--seed=-1"], /^--seed is "-1"; it must be/],
    [["--record", ""], /^--record is empty; it must name a file$/],
    [["--state", ""], /^--state is empty; it must name a folder$/],
    [["--lab", "5161"], /5161/],
    [["--fast"], /--fast/],
  ];
  for (const [args, why] of WRONG)
    it(`is refused with what to do: ${args.join(" ")}`, () => {
      assert.throws(() => pumpOptions(args), { message: why });
    });
});
