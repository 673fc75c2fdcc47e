/** Recordings of whole runs, replayed: what is identical, what is noticed, and what a thief gets out of one. */

import { strict as assert } from "node:assert";
import { DEFAULT_RIG } from "../../../firmware/rig.js";
import { DROP, DUPLICATE, delay, PASS, replace, type TapAction } from "../../../host-sim/air/tap.js";
import { Random } from "../../../host-sim/clock/random.js";
import { type CapturedPacket, readCapture } from "../../../host-sim/trace/pcapngReader.js";
import { type Played, Player } from "../../../host-sim/trace/player.js";
import { type Recording, readRecording } from "../../../host-sim/trace/recording.js";
import { sendAgain, type Theft } from "../../../host-sim/trace/thief.js";
import { World, type WorldOptions } from "../../../host-sim/world.js";
import { type Bonded, runningWorld } from "../../bench.js";
import { Recorded } from "../../recorded.js";

const U = 1_000_000;
const HOUR_MS = 3_600_000;

type Ended = { readonly kind: string };

/** A run with a pump and its controller, of which `live` is the interesting part. */
function recorded(
  seed: number,
  live: (bonded: Bonded) => void,
  options: Partial<WorldOptions> = {},
): { readonly file: Uint8Array; readonly world: World } {
  const into = new Recorded();
  const bonded = runningWorld({ seed, record: into.record, ...options });
  live(bonded);
  bonded.world.endRecording();
  return { file: into.bytes(), world: bonded.world };
}

function recordingOf(file: Uint8Array): Recording {
  const read = readRecording(file);
  assert.ok(read.kind === "ok", read.kind === "malformed" ? read.what : "");
  return read.recording;
}

function packetsOf(file: Uint8Array): readonly CapturedPacket[] {
  const capture = readCapture(file);
  assert.ok(capture.kind === "ok");
  return capture.packets;
}

function assertIdentical(file: Uint8Array): World {
  const recording = recordingOf(file);
  const player = new Player(recording);
  const played: Played = player.play();
  assert.equal(played.difference, undefined, JSON.stringify(played.difference));
  assert.equal(played.identical, recording.sent.length);
  return player.world;
}

const open = ({ world, controller }: Bonded) => world.await((done: (ended: Ended) => void) => controller.open(done));

const bolus =
  (amountMicrounits: number) =>
  ({ world, controller }: Bonded) =>
    world.await((done: (ended: Ended) => void) => controller.bolus(amountMicrounits, {}, done));

/** The place in the file of the first byte of a captured packet. */
function placeOf(file: Uint8Array, { bytes }: CapturedPacket): number {
  return bytes.byteOffset - file.byteOffset;
}

describe("a replay", () => {
  it("gives every byte at its time and the same half-steps, of a bolus under basal (SV-01)", () => {
    const { file, world } = recorded(701, (bonded) => {
      bolus(U)(bonded);
      bonded.world.clock.advance(HOUR_MS);
    });
    const again = assertIdentical(file);
    assert.ok(again.hardware.plant.displacedMicrounits > U);
    assert.equal(again.hardware.plant.displacedMicrounits, world.hardware.plant.displacedMicrounits);
    assert.deepEqual(again.hardware.trace, world.hardware.trace);
    assert.deepEqual(again.hardware.keyValue.snapshot(), world.hardware.keyValue.snapshot());
  });

  it("goes through power cuts in the middle of an operation, stalls, presses and every fault of the plant (SV-01)", () => {
    const rig = { ...DEFAULT_RIG, drive: { ...DEFAULT_RIG.drive, encoder: "none" as const } };
    const options = { rig, ticksStartMs: 2 ** 31 - 5_000, plant: { cartridgeMicrounits: 250 * U } };
    const live = (bonded: Bonded) => {
      const { world } = bonded;
      const { hardware, clock } = world;
      const random = new Random(702, 9);
      hardware.stallMs = () => (random.below(20) === 0 ? random.below(100) : 0);
      bolus(2 * U)(bonded);
      hardware.cutAt({ operation: hardware.operations + 33, phase: "during" });
      clock.advance(60_000);
      assert.ok(!hardware.powered, "the cut did not come");
      hardware.keyValue.corrupt("therapy.a", 3, 0x10);
      hardware.flash.corrupt(40, 0x01);
      world.powerUp();
      clock.advance(2_000);
      hardware.cutAt({ operation: hardware.operations + 1_000_000, phase: "after" });
      hardware.cutAt(undefined);
      hardware.plant.turnScrew(7);
      hardware.plant.slip(3);
      hardware.plant.setOccluded(true);
      clock.advance(HOUR_MS);
      hardware.plant.setOccluded(false);
      hardware.plant.setJammed(true);
      world.holdButton();
      hardware.plant.setJammed(false);
      hardware.plant.loadCartridge(100 * U);
      hardware.entropy.mode = "stuck";
      world.powerCycle();
      hardware.entropy.mode = "good";
      hardware.keyValue.restore(hardware.keyValue.snapshot());
      world.powerCycle(500);
      world.holdButton(1);
      clock.advance(HOUR_MS);
    };
    const { file, world } = recorded(702, live, options);
    const again = assertIdentical(file);
    assert.deepEqual(again.hardware.trace, world.hardware.trace);
    assert.equal(again.hardware.plant.rotorHalfSteps, world.hardware.plant.rotorHalfSteps);
    const inputs = recordingOf(file).arrivals.flatMap(({ what }) => (what.kind === "input" ? [what.input.do] : []));
    for (const input of ["cutAt", "cut", "stall", "occlude", "jam", "slip", "turnScrew", "loadCartridge", "entropy"])
      assert.ok(
        inputs.some((each) => each === input),
        `${input} was not recorded`,
      );
  });

  it("brings to the pump what an attacker let through, changed or made, and tells it apart in the file", () => {
    const { file } = recorded(703, (bonded) => {
      const { world } = bonded;
      let packet = 0;
      let connectionId = 0;
      const actions: readonly TapAction[] = [
        PASS,
        PASS,
        PASS,
        DUPLICATE,
        delay(40),
        PASS,
        replace(Uint8Array.of(0xc0, 1)),
      ];
      world.air.tap = ({ kind, connectionId: of }) => {
        packet += 1;
        connectionId = of;
        if (packet % 29 === 0) return DROP;
        return kind === "write" || kind === "confirmation" ? (actions[packet % actions.length] ?? PASS) : PASS;
      };
      for (let i = 0; i < 6; i++) {
        open(bonded);
        bolus(U / 10)(bonded);
        const direction = "toPeripheral";
        world.air.inject(connectionId, { direction, kind: "indication", value: Uint8Array.of(1) });
        world.air.inject(connectionId, { direction, kind: "writeResponse", value: Uint8Array.of(1) });
        world.air.inject(connectionId, { direction, kind: "write", value: new Uint8Array(300).fill(7) });
        world.air.hold(connectionId, "peripheral");
        world.clock.advance(20_000);
      }
    });
    assertIdentical(file);
    const comments = packetsOf(file).flatMap((packet) => packet.comments);
    for (const note of ["dropped", "delayed", "duplicated", "altered", "injected"])
      assert.ok(comments.includes(`attacker: ${note}`), note);
    const dropped = packetsOf(file).filter((packet) => packet.comments.includes("attacker: dropped"));
    assert.ok(dropped.every(({ interfaceName }) => interfaceName === "pump" || interfaceName === "central"));
  });

  it("keeps the order of what happened in one millisecond: a confirmation among the events of the pump", () => {
    const { file } = recorded(704, (bonded) => {
      const { world } = bonded;
      world.air.tap = ({ connectionId, kind, direction }) => {
        if (kind === "indication" && direction === "toCentral")
          world.clock.schedule(() => world.air.inject(connectionId, CONFIRMATION), 0);
        return PASS;
      };
      for (let i = 0; i < 5; i++) bolus(U / 20)(bonded);
      world.clock.advance(60_000);
    });
    assertIdentical(file);
    assert.ok(
      recordingOf(file).arrivals.some(({ timeMicros }) => timeMicros % 1_000 > 0),
      "nothing came between two",
    );
  });

  it("notices a byte that the pump would not have sent, where it is", () => {
    const { file } = recorded(705, bolus(U / 10));
    const indications = packetsOf(file).filter(
      ({ interfaceName, bytes }) => interfaceName === "pump" && bytes[3] === 0 && bytes[13] === 0x1d,
    );
    const changed = indications.at(5);
    assert.ok(changed);
    const copy = file.slice();
    const at = placeOf(file, changed) + 20;
    copy[at] = (copy[at] ?? 0) ^ 1;
    const { difference, identical } = new Player(recordingOf(copy)).play();
    assert.equal(difference?.what, "other bytes");
    assert.equal(difference?.recorded?.frame, changed.number);
    assert.equal(difference?.timeMicros, changed.timeMicros);
    assert.ok(identical > 5);
  });

  it("notices a byte that reached the pump otherwise, by what the pump then does", () => {
    const { file } = recorded(706, bolus(U / 10));
    const writes = packetsOf(file).filter(
      ({ interfaceName, bytes }) =>
        interfaceName === "pump" && bytes[3] === 1 && bytes[13] === 0x12 && bytes[14] === 0x12,
    );
    const changed = writes.at(-1);
    assert.ok(changed);
    const copy = file.slice();
    const at = placeOf(file, changed) + 20;
    copy[at] = (copy[at] ?? 0) ^ 1;
    assert.ok(new Player(recordingOf(copy)).play().difference);
  });

  it("notices another seed at the first nonce, and half-steps that are not the recorded ones", () => {
    const { file } = recorded(707, bolus(U / 10));
    const recording = recordingOf(file);
    assert.equal(new Player({ ...recording, beginning: { seed: 708 } }).play().difference?.what, "other bytes");
    const { ending } = recording;
    assert.ok(ending);
    const what = { ...ending.what, halfSteps: ending.what.halfSteps + 1 };
    const { difference, identical } = new Player({ ...recording, ending: { ...ending, what } }).play();
    assert.equal(identical, recording.sent.length);
    assert.match(difference?.what ?? "", /half-steps in the end, now/);
  });

  it("notices packets that are missing on either side, and time that is not the recorded one", () => {
    const recording = recordingOf(recorded(709, bolus(U / 10)).file);
    const { sent } = recording;
    const [first] = sent;
    assert.ok(first);
    const differs = (changed: typeof sent) => new Player({ ...recording, sent: changed }).play().difference?.what;
    assert.equal(differs(sent.slice(0, -1)), "the pump sends more than it did");
    assert.equal(differs([...sent, { ...first, timeMicros: recording.lastMicros }]), "the pump does not send it");
    assert.equal(
      differs(sent.map((each, i) => (i === 9 ? { ...each, timeMicros: each.timeMicros + 1 } : each))),
      "at another time",
    );
  });

  it("plays what there is of a recording that broke off, wherever that was", () => {
    const { file } = recorded(710, bolus(U / 20));
    for (let length = file.length - 1; length > 400; length -= 977) {
      const recording = recordingOf(file.subarray(0, length));
      assert.equal(recording.ending, undefined);
      const { difference } = new Player(recording).play();
      assert.equal(difference, undefined, `${length} bytes: ${JSON.stringify(difference)}`);
    }
  });

  it("goes on from the state that a pump of an earlier process had left", () => {
    const earlier = recorded(711, bolus(U)).world.hardware;
    earlier.cut();
    const into = new Recorded();
    const world = new World({ seed: 711, restored: earlier.durableState(), earlierStarts: 1, record: into.record });
    world.powerUp();
    world.clock.advance(HOUR_MS);
    world.endRecording();
    const again = assertIdentical(into.bytes());
    assert.equal(again.hardware.plant.rotorHalfSteps, world.hardware.plant.rotorHalfSteps);
    assert.ok(again.hardware.plant.rotorHalfSteps > earlier.plant.rotorHalfSteps, "no basal");
    assert.deepEqual(again.hardware.keyValue.snapshot(), world.hardware.keyValue.snapshot());
  });

  it("refuses what is no recording, and says what is missing", () => {
    const { file } = recorded(712, () => {});
    const refusal = (change: (text: string) => string): string => {
      const text = Buffer.from(file).toString("latin1");
      const changed = Buffer.from(change(text), "latin1");
      const read = readRecording(changed);
      return read.kind === "malformed" ? read.what : "read";
    };
    assert.match(
      refusal((text) => text.replace('{"event":"begin"', '{"event":"bogus"')),
      /frame 1: .*no input/,
    );
    assert.match(
      refusal((text) => text.replace('"version":1', '"version":9')),
      /frame 1: .*version 9; only 1/,
    );
    assert.match(
      refusal((text) => text.replace('"seed":712', '"seed":"a"')),
      /frame 1: seed must be an integer/,
    );
    assert.match(
      refusal((text) => text.replace('{"do":"press"', '{"do":"prass"')),
      /frame 5: it holds no input/,
    );
    assert.match(
      refusal((text) => text.replace('"durationMs":100', '"durationMs":-10')),
      /no input that is known/,
    );
    assert.match(
      refusal((text) => text.replace('{"do":"powerUp"}', '{"do":"powerUp"]')),
      /frame 2: it holds no JSON/,
    );
    assert.match(
      refusal((text) => text.replace("world", "wor1d")),
      /does not say how a run began/,
    );
  });
});

const CONFIRMATION = { direction: "toPeripheral", kind: "confirmation", value: new Uint8Array(0) } as const;

describe("a thief with a recording", () => {
  const { file } = recorded(721, (bonded) => {
    for (let i = 0; i < 3; i++) {
      open(bonded);
      bolus(U / 10)(bonded);
      bonded.controller.close();
      bonded.world.clock.advance(10_000);
    }
  });
  const recording = recordingOf(file);

  function theftsOn(world: World): readonly Theft[] {
    const thefts: Theft[] = [];
    sendAgain(world, recording, (theft) => thefts.push(theft));
    assert.ok(thefts.length >= 4, `${thefts.length} connections`);
    assert.ok(thefts.every(({ sent, values }) => sent > 0 && sent <= values));
    return thefts;
  }

  it("gets no half-step out of the very pump that the recording is of (SR-07)", () => {
    const player = new Player(recording);
    assert.equal(player.play().difference, undefined);
    player.release();
    for (const { refused, halfSteps, reason } of theftsOn(player.world)) {
      assert.ok(refused, `${halfSteps} half-steps; ${reason}`);
      assert.match(reason ?? "", /wrong tag|window closed/);
    }
  });

  it("gets none out of another pump, to which the controller is unknown (SR-07)", () => {
    const world = new World({ seed: 722 });
    world.powerUp();
    world.clock.advance(1_000);
    for (const { refused, reason } of theftsOn(world)) {
      assert.ok(refused);
      assert.match(reason ?? "", /unknown controller|window closed/);
    }
  });
});
