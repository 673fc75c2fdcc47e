import assert from "node:assert/strict";
import { Random } from "../../../host-sim/clock/random.js";
import { analog } from "../../../host-sim/peripherals/analog.js";
import { Button } from "../../../host-sim/peripherals/button.js";
import { type DigitalWiring, digital } from "../../../host-sim/peripherals/digital.js";
import { EntropySource } from "../../../host-sim/peripherals/entropy.js";
import { PowerCut } from "../../../host-sim/peripherals/power.js";
import { pulseCount } from "../../../host-sim/peripherals/pulseCount.js";
import { pwm } from "../../../host-sim/peripherals/pwm.js";
import { Bench } from "./bench.js";

function board() {
  const bench = new Bench();
  const button = new Button(bench.clock);
  const levels = new Map<number, number>();
  const wiring: DigitalWiring = {
    level: () => button.level,
    watch: (_pin, listener) => button.watch(listener),
    drive: (pin, level) => levels.set(pin, level),
  };
  return { bench, button, levels, Digital: digital(bench.session, wiring), wiring };
}

describe("digital pins", () => {
  it("throw when an output is read or an input written", () => {
    const { Digital, levels } = board();
    const output = new Digital({ pin: 5, mode: Digital.Output });
    output.write(1);
    assert.equal(levels.get(5), 1);
    assert.throws(() => output.read(), /can't read output/);
    const input = new Digital({ pin: 6, mode: Digital.InputPullUp });
    assert.throws(() => input.write(1), /can't write input/);
    assert.equal(input.read(), 1);
  });

  it("have one user each, until it closes", () => {
    const { bench, Digital, levels } = board();
    const first = new Digital({ pin: 5, mode: Digital.Output });
    first.write(1);
    assert.throws(() => new Digital({ pin: 5, mode: Digital.Output }), /in use/);
    assert.throws(() => new (pwm(bench.session, () => {}))({ pin: 5 }), /in use/);
    first.close();
    assert.equal(levels.get(5), 0);
    assert.throws(() => first.write(1), /closed/);
    new Digital({ pin: 5, mode: Digital.Output });
  });

  it("refuse a mode or edges that do not exist", () => {
    const { Digital } = board();
    assert.throws(() => new Digital({ pin: 5, mode: 7 }), /invalid mode/);
    assert.throws(() => new Digital({ pin: 5, mode: Digital.InputPullUp, onReadable: () => {} }), /invalid edges/);
    new Digital({ pin: 5, mode: Digital.Output });
  });

  it("call onReadable on the edges asked for, on the thread", () => {
    for (const [edges, expected] of [
      ["Falling", ["0@0"]],
      ["Rising", ["1@40"]],
      ["both", ["0@0", "1@40"]],
    ] as const) {
      const { bench, button, Digital } = board();
      const edge = edges === "both" ? Digital.Falling | Digital.Rising : Digital[edges];
      const seen: string[] = [];
      const onReadable = () => seen.push(`${pin.read()}@${bench.clock.nowMs}`);
      const pin = new Digital({ pin: 0, mode: Digital.InputPullUp, edge, onReadable });
      button.press(40);
      assert.deepEqual(seen, [], "not within the press itself");
      bench.clock.advance(100);
      assert.deepEqual(seen, expected);
      pin.close();
      button.press(40);
      bench.clock.advance(100);
      assert.deepEqual(seen, expected);
    }
  });

  it("hear nothing once closed, not even of an edge before", () => {
    const { bench, button, Digital } = board();
    let asked = 0;
    bench.stallMs = () => {
      asked += 1;
      return 0;
    };
    const onReadable = () => assert.fail();
    const pin = new Digital({ pin: 0, mode: Digital.InputPullUp, edge: Digital.Falling, onReadable });
    button.press(40);
    pin.close();
    bench.clock.advance(100);
    button.press(40);
    bench.clock.advance(100);
    assert.equal(asked, 1);
    assert.deepEqual(bench.crashes, []);
  });

  it("show a busy thread the level of later, not of the edge", () => {
    const { bench, button, Digital } = board();
    const seen: number[] = [];
    const edge = Digital.Falling | Digital.Rising;
    const pin = new Digital({ pin: 0, mode: Digital.InputPullUp, edge, onReadable: () => seen.push(pin.read()) });
    bench.stallMs = (number) => (number === 1 ? 100 : 0);
    button.press(40);
    bench.clock.advance(200);
    assert.deepEqual(seen, [1, 1]);
  });

  it("throw without power", () => {
    const { bench, Digital } = board();
    const pin = new Digital({ pin: 5, mode: Digital.Output });
    bench.session.end();
    assert.throws(() => pin.write(1), PowerCut);
    assert.throws(() => pin.close(), PowerCut);
    assert.throws(() => new Digital({ pin: 6, mode: Digital.Output }), PowerCut);
  });
});

describe("button", () => {
  it("held longer by a second press has one edge each way", () => {
    const { bench, button } = board();
    const seen: string[] = [];
    button.watch((level) => seen.push(`${level}@${bench.clock.nowMs}`));
    button.press(50);
    bench.clock.advance(30);
    button.press(50);
    bench.clock.advance(200);
    assert.deepEqual(seen, ["0@0", "1@80"]);
  });
});

describe("pulse counter", () => {
  const wired = () => {
    const bench = new Bench();
    let listener: ((edges: number) => void) | undefined;
    let due = 0;
    const listen = (given: typeof listener) => {
      listener = given;
    };
    const update = () => {
      listener?.(due);
      due = 0;
    };
    const PulseCount = pulseCount(bench.session, { signal: 34, control: 35, listen, update });
    const owe = (edges: number) => {
      due = edges;
    };
    return { bench, PulseCount, move: (edges: number) => listener?.(edges), owe };
  };

  it("reads the signed running total, from 0", () => {
    const { PulseCount, move, owe } = wired();
    owe(99);
    const counter = new PulseCount({ signal: 34, control: 35 });
    assert.equal(counter.read(), 0);
    move(23);
    move(-3);
    assert.equal(counter.read(), 20);
    move(-30);
    owe(2);
    assert.equal(counter.read(), -8);
    assert.equal(counter.read(), -8);
  });

  it("sees 32,766 edges between reads, and loses 32,767", () => {
    const { PulseCount, move } = wired();
    const counter = new PulseCount({ signal: 34, control: 35 });
    move(32_766);
    assert.equal(counter.read(), 32_766);
    move(32_766);
    assert.equal(counter.read(), 65_532);
    move(32_767 + 100);
    assert.equal(counter.read(), 65_632);
    move(-32_768 - 5);
    assert.equal(counter.read(), 65_627);
  });

  it("runs the other way with its pins exchanged, and stays 0 on others", () => {
    const { PulseCount, move } = wired();
    const exchanged = new PulseCount({ signal: 35, control: 34 });
    move(7);
    assert.equal(exchanged.read(), -7);
    exchanged.close();
    const elsewhere = new PulseCount({ signal: 1, control: 2 });
    move(7);
    assert.equal(elsewhere.read(), 0);
    assert.throws(() => exchanged.read(), /closed/);
  });

  it("takes both its pins or none", () => {
    const { bench, PulseCount } = wired();
    bench.session.pins.claim(35);
    assert.throws(() => new PulseCount({ signal: 34, control: 35 }), /pin 35: in use/);
    bench.session.pins.claim(34);
  });
});

describe("analog input", () => {
  it("has 12 bits and clips at both ends", () => {
    let fraction = 0.5;
    const Analog = analog(new Bench().session, () => fraction);
    const input = new Analog({ pin: 36 });
    assert.equal(input.resolution, 12);
    assert.equal(input.read(), 2_048);
    fraction = 2;
    assert.equal(input.read(), 4_095);
    fraction = -1;
    assert.equal(input.read(), 0);
    input.close();
    assert.throws(() => input.read(), /closed/);
  });
});

describe("PWM output", () => {
  it("has 10 bits, refuses a value beyond them, and is off when closed", () => {
    const duties: number[] = [];
    const Pwm = pwm(new Bench().session, (_pin, duty) => duties.push(duty));
    const output = new Pwm({ pin: 25, hz: 2_000 });
    output.write(1_023);
    assert.throws(() => output.write(1_024), RangeError);
    assert.throws(() => output.write(-1), RangeError);
    assert.throws(() => output.write(Number.NaN), RangeError);
    output.close();
    assert.deepEqual([output.resolution, ...duties], [10, 1, 0]);
  });
});

describe("entropy source", () => {
  it("fails in the way asked for, and recovers", () => {
    const source = new EntropySource(new Random(5));
    const first = source.draw(64);
    assert.notDeepEqual(source.draw(64), first);
    source.mode = "stuck";
    assert.equal(new Set([...source.draw(40), ...source.draw(40)]).size, 1);
    source.mode = "repeating";
    const block = source.draw(48);
    assert.deepEqual(source.draw(48), block);
    assert.deepEqual(block.slice(32), block.slice(0, 16));
    assert.ok(new Set(block).size > 16);
    source.mode = "dead";
    assert.throws(() => source.draw(1));
    source.mode = "good";
    assert.equal(source.draw(3).length, 3);
    assert.deepEqual(new EntropySource(new Random(5)).draw(64), first);
  });
});
