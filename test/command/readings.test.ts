/** Readings, byte by byte as PROTOCOL.md section 7 lists them. */

import assert from "node:assert/strict";
import { microunits, microunitsPerHour } from "../../firmware/base/units.js";
import { readingOf } from "../../firmware/command/readings.js";
import type { Meaning } from "../../firmware/therapy/commands.js";
import { hex } from "../session/bench.js";
import { profileOfRates } from "../therapy/profileBench.js";
import { vectorsOf } from "../vectors/appendix.js";

const reading = (meaning: Meaning) => hex(readingOf(meaning));

describe("readings", () => {
  it("state the whole meaning in microunits (SR-29)", () => {
    assert.equal(
      reading({ kind: "setBolus", flags: 0x18, amountMicrounits: microunits(0x01020304) }),
      "4b111833" + "04030201" + "00000000" + "0000",
    );
    const tbr = {
      kind: "setTbr",
      amount: { rateMicrounitsPerHour: microunitsPerHour(0x00a1b2c3) },
      context: undefined,
      rateMicrounitsPerHour: microunitsPerHour(0x00a1b2c3),
      durationMinutes: 0x0506,
    } as const;
    assert.equal(reading({ ...tbr, change: false }), "ff0f0fc3b2a1000605");
    assert.equal(reading({ ...tbr, change: true }), "ff0f33c3b2a1000605");
    const rateMicrounitsPerHour = microunitsPerHour(1_200_000);
    assert.equal(reading({ kind: "cancelTbr", rateMicrounitsPerHour }), "1111804f1200");
    assert.equal(reading({ kind: "run", rateMicrounitsPerHour }), "5a0f55804f1200");
  });

  it("are those of PROTOCOL.md's vectors (SR-29)", () => {
    const meanings: readonly Meaning[] = [
      { kind: "setBolus", flags: 0x10, amountMicrounits: microunits(1_500_000) },
      {
        kind: "setTbr",
        change: false,
        amount: { rateMicrounitsPerHour: microunitsPerHour(750_000) },
        context: undefined,
        rateMicrounitsPerHour: microunitsPerHour(750_000),
        durationMinutes: 90,
      },
      { kind: "cancelTbr", rateMicrounitsPerHour: microunitsPerHour(1_200_000) },
      { kind: "run", rateMicrounitsPerHour: microunitsPerHour(1_200_000) },
      {
        kind: "setTbr",
        change: false,
        amount: { factorMillionths: 1_500_000 },
        context: 0x55,
        rateMicrounitsPerHour: microunitsPerHour(1_350_000),
        durationMinutes: 60,
      },
      {
        kind: "writeProfile",
        templateNumber: 1,
        firstBlockNumber: 1,
        profile: profileOfRates([360, 800_000], [1_080, 1_100_000]),
        rateMicrounitsPerHour: microunitsPerHour(800_000),
      },
      { kind: "activateProfile", templateNumber: 2, rateMicrounitsPerHour: microunitsPerHour(1_200_000) },
      {
        kind: "setTime",
        baseTimeS: 848_707_200,
        timeZoneQuarters: -20,
        dstOffset: 4,
        rateMicrounitsPerHour: microunitsPerHour(900_000),
      },
      { kind: "flightMode" },
      { kind: "startPriming", amountMicrounits: microunits(10_000_000) },
      { kind: "setReservoirFill", amountMicrounits: microunits(200_000_000) },
      { kind: "resetReservoirTime" },
    ];
    // That of Revoke Bond is bondMessages.ts'.
    const ofTherapy = vectorsOf("countersignature").filter(({ inputs }) => inputs.channel !== "00");
    assert.deepEqual(
      meanings.map(reading),
      ofTherapy.map(({ outputs }) => outputs.reading),
    );
  });

  it("do not exist for a command of one step", () => {
    assert.throws(() => readingOf({ kind: "stop" }), /invariant: stop has no reading/);
    assert.throws(() => readingOf({ kind: "cancelBolus", bolusId: 1 }), /invariant: cancelBolus has no reading/);
  });
});
