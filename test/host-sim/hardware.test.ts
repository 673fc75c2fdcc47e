import assert from "node:assert/strict";
import type { Board, GattServer, GattServerConstructor } from "../../firmware/board.js";
import { VirtualClock } from "../../host-sim/clock/virtualClock.js";
import { Hardware, type HardwareOptions } from "../../host-sim/hardware.js";
import { PROPERTIES } from "../../host-sim/peripherals/gattTable.js";
import { type CutPhase, PowerCut } from "../../host-sim/peripherals/power.js";

const NoRadio: GattServerConstructor = class implements GattServer {
  static readonly properties = PROPERTIES;
  startAdvertising(): void {}
  stopAdvertising(): void {}
  close(): void {}
};

function powered(options: Partial<HardwareOptions> = {}) {
  const clock = new VirtualClock();
  const hardware = new Hardware(clock, { seed: 1, ...options });
  return { clock, hardware, board: hardware.powerUp(NoRadio) };
}

function coilsOf(board: Board) {
  const pins = board.pins.coils.map((pin) => new board.Digital({ pin, mode: board.Digital.Output }));
  return (pattern: string) => {
    for (const [i, pin] of pins.entries()) pin.write(pattern[i] === "1" ? 1 : 0);
  };
}

const CYCLE = ["1000", "1100", "0100", "0110", "0010", "0011", "0001", "1001"];

/** Runs 40 half-steps in callbacks of their own, 3 ms apart. */
function runPulse(board: Board): void {
  const energise = coilsOf(board);
  let made = 0;
  const next = () => {
    made += 1;
    energise(CYCLE[made % 8] ?? "");
    if (made < 40) board.schedule(next, 3);
  };
  board.schedule(next, 0);
}

describe("simulated hardware", () => {
  it("moves the plant by its coils and reports it by encoder and force sensor", () => {
    const { clock, hardware, board } = powered();
    const counter = new board.PulseCount(board.pins.encoder);
    const force = new board.Analog({ pin: board.pins.force });
    hardware.plant.setOccluded(true);
    runPulse(board);
    clock.advance(200);
    assert.equal(hardware.plant.commandedHalfSteps, 40);
    assert.equal(counter.read(), 23);
    // 0.0502 U behind a closed line are 0.251 N of 30.
    assert.equal(force.read(), 34);
    // The first half-step switches two coils on, each later one changes one coil.
    assert.equal(hardware.operationCounts.halfStep, 41);
    assert.deepEqual(hardware.crashes, []);
  });

  it("gives the battery's divided voltage, clipped, and undefined for a conversion that fails", () => {
    const { hardware, board } = powered();
    const battery = new board.Analog({ pin: board.pins.battery });
    const force = new board.Analog({ pin: board.pins.force });
    // 4.0 V halved, of 2.45 V.
    assert.equal(battery.read(), 3_343);
    hardware.sensors.setBattery(5_000);
    assert.equal(battery.read(), 4_095);
    hardware.sensors.setFailing("battery", true);
    assert.equal(battery.read(), undefined);
    assert.equal(force.read(), 0);
    hardware.sensors.setFailing("battery", false);
    assert.equal(battery.read(), 4_095);
  });

  it("counts edges from 0 at every power-up, and none without power", () => {
    const { clock, hardware, board } = powered();
    new board.PulseCount(board.pins.encoder);
    hardware.plant.turnScrew(100);
    hardware.cut();
    hardware.plant.turnScrew(100);
    const next = hardware.powerUp(NoRadio);
    const counter = new next.PulseCount(next.pins.encoder);
    assert.equal(counter.read(), 0);
    hardware.plant.turnScrew(100);
    clock.advance(1);
    assert.ok(counter.read() >= 58);
  });

  it("wraps its ticks as a signed 32-bit counter, from where it is told", () => {
    for (const [ticksStartMs, before, after] of [
      [2 ** 31 - 10_000, 2 ** 31 - 1, -(2 ** 31)],
      [2 ** 32 - 10_000, -1, 0],
    ] as const) {
      const { clock, hardware, board } = powered({ ticksStartMs });
      clock.advance(9_999);
      assert.equal(board.ticks(), before);
      clock.advance(1);
      assert.equal(board.ticks(), after);
      hardware.cut();
      assert.equal(hardware.powerUp(NoRadio).ticks(), ticksStartMs | 0);
    }
  });

  it("keeps storage, wear and plant over a cut, and nothing else", () => {
    const { clock, hardware, board } = powered();
    board.openKeyValue().write("key", Uint8Array.of(1));
    board.openHistoryFlash().write(Uint8Array.of(2), 0);
    runPulse(board);
    clock.advance(10);
    const buzzer = new board.PWM({ pin: board.pins.buzzer });
    buzzer.write(1_023);
    board.show(["line"]);
    board.trace("before");
    let later = 0;
    board.schedule(() => later++, 5);
    const rotor = hardware.plant.rotorHalfSteps;
    let lost = 0;
    hardware.onPowerLost = () => lost++;
    hardware.cut();
    hardware.cut();
    assert.equal(lost, 1);
    assert.equal(hardware.powered, false);
    assert.deepEqual(hardware.display, []);
    for (const pin of [...board.pins.coils, board.pins.buzzer]) assert.equal(hardware.outputLevel(pin), 0);
    clock.advance(1_000);
    assert.equal(later, 0);
    assert.equal(hardware.plant.rotorHalfSteps, rotor);

    const next = hardware.powerUp(NoRadio);
    assert.equal(next.openKeyValue().read("key")?.byteLength, 1);
    assert.deepEqual([...new Uint8Array(next.openHistoryFlash().read(1, 0))], [2]);
    assert.equal(hardware.keyValue.entriesWritten(), 3);
    assert.deepEqual(
      hardware.trace.map(({ atMs, line }) => `${line}@${atMs}`),
      ["before@10"],
    );
    coilsOf(next);
    assert.throws(() => hardware.powerUp(NoRadio), /on already/);
  });

  it("answers every use of a dead session's peripherals with PowerCut, and nothing happens", () => {
    const { hardware, board } = powered();
    const energise = coilsOf(board);
    const counter = new board.PulseCount(board.pins.encoder);
    const force = new board.Analog({ pin: board.pins.force });
    const buzzer = new board.PWM({ pin: board.pins.buzzer });
    hardware.cut();
    const next = hardware.powerUp(NoRadio);
    next.show(["alive"]);
    const uses: (() => unknown)[] = [
      () => energise("1111"),
      () => counter.read(),
      () => force.read(),
      () => buzzer.write(1),
      () => board.openKeyValue().write("key", Uint8Array.of(1)),
      () => board.openHistoryFlash().eraseBlock(0, 1),
      () => board.ticks(),
      () => board.schedule(() => {}, 1),
      () => board.entropy(1),
      () => board.show(["dead"]),
      () => board.trace("dead"),
      () => new board.PulseCount(board.pins.encoder),
    ];
    for (const use of uses) assert.throws(use, PowerCut);
    assert.equal(hardware.operations, 0);
    assert.deepEqual(hardware.display, ["alive"]);
    assert.deepEqual(hardware.trace, []);
  });

  it("cuts before, during or after any numbered operation, whatever its kind", () => {
    const program = (board: Board) => {
      board.openKeyValue().write("key", Uint8Array.of(1));
      board.openHistoryFlash().write(Uint8Array.of(0x55), 0);
      board.openHistoryFlash().eraseBlock(1, 2);
      board.openKeyValue().delete("key");
      coilsOf(board)("1000");
    };
    for (let operation = 1; operation <= 5; operation++) {
      for (const phase of ["before", "during", "after"] as CutPhase[]) {
        const { hardware, board } = powered();
        hardware.cutAt({ operation, phase });
        let thrown: unknown;
        hardware.run(() => {
          try {
            program(board);
          } catch (error) {
            thrown = error;
            throw error;
          }
        });
        assert.ok(thrown instanceof PowerCut);
        assert.equal(hardware.powered, false);
        assert.equal(hardware.operations, operation);
        assert.deepEqual(hardware.crashes, []);
      }
    }
    const { hardware, board } = powered();
    program(board);
    assert.deepEqual(hardware.operationCounts, { kvWrite: 1, flashWrite: 1, flashErase: 1, kvDelete: 1, halfStep: 1 });
    assert.throws(() => hardware.cutAt({ operation: 5, phase: "after" }), RangeError);
  });

  it("leaves the rotor where it was, there or here, or on the next half-step, by the phase of the cut", () => {
    const rotorAfter = (phase: CutPhase, seed: number) => {
      const { clock, hardware, board } = powered({ seed });
      runPulse(board);
      hardware.cutAt({ operation: 21, phase });
      clock.advance(1_000);
      for (const pin of board.pins.coils) assert.equal(hardware.outputLevel(pin), 0);
      return hardware.plant.rotorHalfSteps;
    };
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    const rotors = (phase: CutPhase) => [...new Set(seeds.map((seed) => rotorAfter(phase, seed)))].sort();
    // Operation 21 is half-step 20.
    assert.deepEqual(rotors("before"), [19]);
    assert.deepEqual(rotors("during"), [19, 20]);
    assert.deepEqual(rotors("after"), [20]);
  });

  it("restarts, with a record, on what the firmware lets out of a callback", () => {
    const { clock, hardware, board } = powered();
    let lost = 0;
    hardware.onPowerLost = () => lost++;
    board.schedule(() => {
      throw new Error("invariant: broken");
    }, 5);
    clock.advance(10);
    assert.equal(hardware.powered, false);
    assert.equal(lost, 1);
    assert.equal(hardware.crashes.length, 1);
    assert.match(hardware.crashes[0] ?? "", /invariant: broken/);
  });

  it("runs posted callbacks on the firmware's thread, behind a stall, and loses them with the power", () => {
    const { clock, hardware } = powered();
    const seen: number[] = [];
    hardware.stallMs = (number) => (number === 1 ? 57 : 0);
    hardware.post(() => seen.push(clock.nowMs));
    hardware.post(() => seen.push(clock.nowMs));
    assert.equal(seen.length, 0);
    clock.advance(100);
    assert.deepEqual(seen, [57, 57]);
    hardware.post(() => seen.push(0));
    hardware.cut();
    hardware.post(() => seen.push(0));
    hardware.run(() => seen.push(0));
    clock.advance(100);
    assert.equal(seen.length, 2);
  });

  it("holds the button over a cut, active low", () => {
    const { clock, hardware, board } = powered();
    const seen: number[] = [];
    const listen = (on: Board) => {
      const { Falling, Rising, InputPullUp } = on.Digital;
      const onReadable = () => seen.push(pin.read());
      const pin = new on.Digital({ pin: on.pins.button, mode: InputPullUp, edge: Falling | Rising, onReadable });
      return pin;
    };
    assert.equal(listen(board).read(), 1);
    hardware.pressButton(3_000);
    clock.advance(1_000);
    hardware.cut();
    let asked = 0;
    hardware.stallMs = () => {
      asked += 1;
      return 0;
    };
    const pin = listen(hardware.powerUp(NoRadio));
    assert.equal(pin.read(), 0);
    clock.advance(3_000);
    assert.deepEqual(seen, [0, 1]);
    assert.equal(asked, 1, "the session that was cut hears no edge");
  });

  it("bounds its trace to the last 10,000 lines", () => {
    const { hardware, board } = powered();
    for (let i = 0; i < 25_000; i++) board.trace(`${i}`);
    assert.equal(hardware.trace.length, 10_000);
    assert.equal(hardware.trace[0]?.line, "15000");
    assert.equal(hardware.trace.at(-1)?.line, "24999");
  });

  it("gives the same history for the same seed", () => {
    const history = (seed: number) => {
      const { clock, hardware, board } = powered({ seed });
      const entropy = [...board.entropy(16)];
      runPulse(board);
      hardware.cutAt({ operation: 10, phase: "during" });
      clock.advance(1_000);
      const next = hardware.powerUp(NoRadio);
      hardware.cutAt({ operation: 11, phase: "during" });
      hardware.run(() => next.openHistoryFlash().write(new Uint8Array(64), 0));
      const flash = hardware.powerUp(NoRadio).openHistoryFlash().read(64, 0);
      return JSON.stringify([entropy, hardware.plant.deliveredMicrounits, [...new Uint8Array(flash)]]);
    };
    assert.equal(history(3), history(3));
    assert.notEqual(history(3), history(4));
  });
});
