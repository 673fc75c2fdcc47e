import { strict as assert } from "node:assert";
import { decodeControl, encodeCommit, encodeOutcome, encodePrepare } from "../../../host-sim/controller/control.js";
import { Reassembler, split } from "../../../host-sim/controller/fragments.js";
import { encodeGetActiveBolusDelivery, encodeSetBolus, encodeSetTbr } from "../../../host-sim/controller/ids.js";
import * as answers from "../../../host-sim/controller/idsAnswers.js";
import { expectedReading, meaningOf } from "../../../host-sim/controller/readings.js";
import { decodeFloat, decodeSfloat, encodeSfloat } from "../../../host-sim/controller/sfloat.js";
import { decodeContents, encodeContents, Keeper } from "../../../host-sim/controller/store.js";
import { bytes } from "./nodeCrypto.js";

const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

describe("controller: fragments", () => {
  it("fills every fragment but the last and counts them", () => {
    const message = Uint8Array.from({ length: 41 }, (_, index) => index);
    const fragments = split(message, 20);
    assert.deepEqual(
      fragments.map((fragment) => [fragment[0], fragment.length]),
      [
        [0x80, 20],
        [0x01, 20],
        [0x42, 4],
      ],
    );
    assert.deepEqual(split(Uint8Array.of(9), 20), [Uint8Array.of(0xc0, 9)]);
    assert.equal(split(new Uint8Array(256), 5).length, 64);
    const reassembler = new Reassembler();
    const results = fragments.map((fragment) => reassembler.push(fragment));
    assert.deepEqual(results[2], { kind: "message", message });
  });

  it("calls each break of the rules a violation", () => {
    const push = (...fragments: string[]) => {
      const reassembler = new Reassembler();
      return fragments.map((fragment) => reassembler.push(bytes(fragment)).kind).at(-1);
    };
    for (const broken of [
      ["c0"],
      [""],
      ["8001", "8001"],
      ["8101"],
      ["0101"],
      ["4001"],
      ["8001", "0201"],
      ["8001", "0001"],
    ])
      assert.equal(push(...broken), "violation", broken.join());
    assert.equal(push("8001", "0102", "4203"), "message");
    assert.equal(push(`80${"00".repeat(200)}`, `41${"00".repeat(56)}`), "message");
    assert.equal(push(`80${"00".repeat(200)}`, `41${"00".repeat(57)}`), "violation");
  });
});

describe("controller: SFLOAT", () => {
  it("encodes exactly or throws, naming amount and increment", () => {
    assert.equal(encodeSfloat(0), 0);
    assert.equal(encodeSfloat(10_000), 0xe001);
    assert.equal(encodeSfloat(20_450_000), 0xe7fd);
    assert.equal(encodeSfloat(20_500_000), 0xf0cd);
    assert.throws(() => encodeSfloat(20_460_000), /RangeError.*20460000.*100000/);
    assert.throws(() => encodeSfloat(12_345), /RangeError.*12345.*10000/);
    assert.throws(() => encodeSfloat(-10_000), RangeError);
    for (let amount = 0; amount <= 20_450_000; amount += 10_000)
      assert.equal(decodeSfloat(encodeSfloat(amount)), amount);
  });

  it("decodes FLOAT and SFLOAT to whole microunits and takes special values for none", () => {
    assert.equal(decodeSfloat(0x87d0), 20);
    assert.equal(decodeSfloat(0xe5e1), 15_050_000);
    for (const special of [0x07fe, 0x07ff, 0x0800, 0x0801, 0xf802]) assert.equal(decodeSfloat(special), undefined);
    assert.equal(decodeFloat(0xfa000003), 3);
    assert.equal(decodeFloat(0xf40f4240), 1);
    assert.equal(decodeFloat(0xfb00c0de), 493_740);
    assert.equal(decodeFloat(0x80000000), 0);
    assert.equal(decodeFloat(0x007fffff), undefined);
  });
});

describe("controller: messages", () => {
  const doseId = { epoch: 0x04030201, sequence: 0x08070605 };

  it("encodes what goes to the pump as PROTOCOL.md lays it out", () => {
    const bolus = { amountMicrounits: 2_300_000, correction: false, meal: true };
    assert.equal(hex(encodeSetBolus(bolus)), "4b111033e6e000000000");
    const order = { rateMicrounitsPerHour: 1_250_000, durationMinutes: 90, change: true };
    assert.equal(hex(encodeSetTbr(order)), "ff0f04337de05a00");
    assert.equal(hex(encodeGetActiveBolusDelivery(0x1234, "remaining")), "5603341233");
    assert.equal(hex(encodePrepare(10, 0x25, bytes("1111"))), "0f0a251111");
    assert.equal(hex(encodeCommit(doseId, new Uint8Array(16))), `3c0102030405060708${"00".repeat(16)}`);
    assert.equal(hex(encodeOutcome(doseId)), "550102030405060708");
  });

  it("reads what comes on the control channel, and nothing of a wrong length or kind", () => {
    assert.deepEqual(decodeControl(bytes("6902")), { kind: "hello", role: 2 });
    assert.deepEqual(decodeControl(bytes("660f75")), { kind: "refused", request: 0x0f, code: 0x75 });
    assert.deepEqual(decodeControl(bytes(`330102030405060708${"11".repeat(16)}0a2233`)), {
      kind: "challenge",
      challenge: { doseId, challenge: new Uint8Array(16).fill(0x11), lifeSeconds: 10, reading: bytes("2233") },
    });
    assert.deepEqual(decodeControl(bytes("5a01020304050607086900a08601000000000050c30000")), {
      kind: "outcomeIs",
      outcome: {
        doseId,
        kind: "uncertain",
        code: 0,
        intendedMicrounits: 100_000,
        lowMicrounits: 0,
        highMicrounits: 50_000,
      },
    });
    for (const wrong of ["", "69", "690100", "6601", "77", `33${"00".repeat(25)}`, `5a${"00".repeat(22)}`])
      assert.equal(decodeControl(bytes(wrong)), undefined, wrong);
    assert.equal(decodeControl(bytes("5a01020304050607086900a08601000200000001000000")), undefined);
  });

  it("reads status, annunciation, features, basal and boluses", () => {
    assert.deepEqual(answers.decodeStatus(bytes("5596e1e501")), {
      therapyControlState: "run",
      operationalState: "ready",
      reservoirMicrounits: 15_050_000,
      reservoirAttached: true,
    });
    assert.equal(answers.decodeStatus(bytes("5596e1e5")), undefined);
    assert.deepEqual(answers.decodeAnnunciation(bytes("00")), { annunciation: undefined });
    assert.deepEqual(answers.decodeAnnunciation(bytes("0101003c0033")), {
      annunciation: { instance: 1, type: 0x3c, status: 0x33 },
    });
    assert.equal(answers.decodeAnnunciation(bytes("01")), undefined);
    assert.deepEqual(answers.decodeFeatures(bytes("ffff0064002e0800")), {
      concentrationUnitsPerMl: 100,
      flags: 0x00082e,
    });
    assert.equal(answers.decodeFeatures(bytes("ffff016400260800")), undefined);
    assert.deepEqual(answers.decodeActiveBasal(bytes("6a03000155e0")), {
      programmedMicrounitsPerHour: 850_000,
      tbr: undefined,
    });
    assert.deepEqual(answers.decodeActiveBasal(bytes("6a03010155e0337de05a000100")), {
      programmedMicrounitsPerHour: 850_000,
      tbr: { rateMicrounitsPerHour: 1_250_000, durationMinutes: 90, remainingMinutes: 1 },
    });
    const relative = { rateMicrounitsPerHour: 1_275_000, factorMillionths: 1_500_000 };
    for (const text of ["6a03010155e03c0ff05a000100", "6a03050155e03c0ff05a00010055"])
      assert.deepEqual(answers.decodeActiveBasal(bytes(text)), {
        programmedMicrounitsPerHour: 850_000,
        tbr: { ...relative, durationMinutes: 90, remainingMinutes: 1 },
      });
    for (const text of ["6a03010155e0", "6a03050155e03c0ff05a000100", "6a03010155e03c0ff05a00010055"])
      assert.equal(answers.decodeActiveBasal(bytes(text)), undefined);
    assert.deepEqual(answers.decodeActiveBolusIds(bytes("3f030201000200")), [1, 2]);
    assert.equal(answers.decodeActiveBolusIds(bytes("3f0303010002")), undefined);
    assert.deepEqual(answers.decodeActiveBolusDelivery(bytes("590310070033e6e000000000")), {
      bolusId: 7,
      amountMicrounits: 2_300_000,
      correction: false,
      meal: true,
    });
    assert.deepEqual(answers.decodeDeliveredInsulin(bytes("cf03030000fa040000fa")), {
      bolusMicrounits: 3,
      basalMicrounits: 4,
    });
  });
});

describe("controller: readings", () => {
  it("works out the reading of a bolus and of a TBR", () => {
    const bolus = { command: "setBolus", amountMicrounits: 2_300_000, correction: false, meal: true } as const;
    assert.equal(hex(expectedReading(bolus)), "4b11103360182300000000000000");
    const tbr = { command: "setTbr", rateMicrounitsPerHour: 1_250_000, durationMinutes: 90, change: true } as const;
    assert.equal(hex(expectedReading(tbr)), "ff0f33d01213005a00");
    assert.equal(hex(expectedReading({ ...tbr, change: false })), "ff0f0fd01213005a00");
  });

  it("reads a rate out of Run's and Cancel TBR's reading, and out of no other", () => {
    const approve = () => true;
    const run = { command: "run", approve } as const;
    const cancelTbr = { command: "cancelTbr", approve } as const;
    assert.deepEqual(meaningOf(run, bytes("5a0f5550f80c00")), { command: "run", rateMicrounitsPerHour: 850_000 });
    assert.deepEqual(meaningOf(cancelTbr, bytes("111151f80c00")), {
      command: "cancelTbr",
      rateMicrounitsPerHour: 850_001,
    });
    for (const other of ["5a0f3350f80c00", "111150f80c00", "5a0f5550f80c0000", ""])
      assert.equal(meaningOf(run, bytes(other)), undefined, other);
    assert.equal(meaningOf(cancelTbr, bytes("5a0f5550f80c00")), undefined);
  });
});

describe("controller: store", () => {
  const fill = (length: number) => new Uint8Array(length).fill(length);
  const bond = { pumpId: fill(8), role: 1, kCtl: fill(32), kPump: fill(32), kSes: fill(32), kDose: fill(32) };
  const contents = {
    controllerId: fill(8),
    bonds: [bond],
    provisional: [{ ...bond, storedAtMs: 1_764_000_000_123 }],
    pending: [{ pumpId: fill(8), doseId: { epoch: 3, sequence: 9 }, isDose: true }],
  };

  it("gives back what it keeps", () => {
    assert.deepEqual(decodeContents(encodeContents(contents)), contents);
  });

  it("throws for any damaged byte, a cut, and another format", () => {
    const blob = encodeContents(contents);
    for (let index = 0; index < blob.length; index += 1) {
      const damaged = blob.slice();
      damaged[index] = (damaged[index] ?? 0) ^ 0x10;
      assert.throws(() => decodeContents(damaged), /store cannot be read/, `byte ${index}`);
    }
    assert.throws(() => decodeContents(blob.subarray(1)), /store cannot be read/);
    assert.throws(() => decodeContents(new Uint8Array()), /store cannot be read/);
  });

  it("draws one controllerId for good, and keeps the old contents when a write fails", () => {
    let blob: Uint8Array | undefined;
    let full = false;
    const write = (next: Uint8Array) => {
      if (full) throw new Error("full");
      blob = next;
    };
    const store = { read: () => blob, write };
    const first = new Keeper(store, fill);
    const second = new Keeper(store, () => new Uint8Array(8));
    assert.deepEqual(second.contents.controllerId, first.contents.controllerId);
    full = true;
    assert.equal(second.change({ bonds: [bond] }).kind, "failed");
    assert.deepEqual(second.contents.bonds, []);
    full = false;
    assert.equal(second.change({ bonds: [bond] }).kind, "ok");
    assert.deepEqual(new Keeper(store, fill).contents.bonds, [bond]);
  });
});
