/** The simulator's program from its main module on, over stand-ins for the SDK: its sockets, its pane, its pump. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { SocketTransport } from "../../../host-sim/bridge/socketTransport.js";
import { Controller } from "../../../host-sim/controller/controller.js";
import { CONTROLLER_MTU, MemoryStore } from "../../../host-sim/world.js";
import { FakeNetwork } from "./network.js";
import { type Computer, Simulator, simulatorProgram } from "./simulator.js";

const PORT = 5160;
const LAB_PORT = 5161;
const PAIRING_TEXT = /shown: Pair \| ([A-Z2-7]{42})/;

interface Ended {
  readonly kind: string;
}

describe("the pump in the Moddable simulator", () => {
  let boot: Awaited<ReturnType<typeof simulatorProgram>>;
  before(async () => {
    boot = await simulatorProgram();
  });

  const started = (config: Readonly<Record<string, unknown>> = { port: PORT }, computer: Computer = {}) => {
    const simulator = new Simulator(boot, config, computer);
    simulator.pass(1_000);
    return simulator;
  };

  /** A controller over the socket, and what came of what it was asked. */
  const controlled = (simulator: Simulator) => {
    const { wall } = simulator;
    const controller = new Controller({
      transport: new SocketTransport(simulator.streams(PORT), { mtu: CONTROLLER_MTU }),
      clock: {
        get nowMs() {
          return Math.floor(wall.nowMs());
        },
        schedule: (callback, delayMs) => ({ cancel: wall.schedule(callback, delayMs) }),
      },
      random: (length) => new Uint8Array(randomBytes(length)),
      store: new MemoryStore(),
    });
    const ask = (start: (done: (ended: Ended) => void) => void): string | undefined => {
      const ends: Ended[] = [];
      start((ended) => ends.push(ended));
      for (let i = 0; i < 100 && ends.length === 0; i++) simulator.pass(200);
      return ends[0]?.kind;
    };
    return { controller, ask };
  };

  const paired = (simulator: Simulator) => {
    simulator.press(100, 100, 100);
    const [, text = ""] = PAIRING_TEXT.exec(simulator.console.join("")) ?? [];
    const { controller, ask } = controlled(simulator);
    assert.equal(
      ask((done) => controller.pair(text, done)),
      "ok",
    );
    assert.equal(
      ask((done) => controller.run(() => true, done)),
      "ok",
    );
    return { controller, ask, text };
  };

  it("boots, says where it listens, and shows it", () => {
    const simulator = started();
    assert.match(simulator.console[0] ?? "", /^Countersign: a simulated pump, seed \d+\n$/);
    assert.equal(simulator.console[1], "listening on 127.0.0.1:5160\n");
    assert.match(simulator.console[3] ?? "", /booted\n$/);
    const { state, powered, address, reservoir, display, lit } = simulator.view;
    assert.deepEqual(
      { state, powered, address, reservoir, display, lit },
      {
        state: "Stop",
        powered: true,
        address: "127.0.0.1:5160",
        reservoir: "300.00 U",
        display: ["Annunciation: DateTimeIssue"],
        lit: true,
      },
    );
  });

  it("pairs by its button and doses over its socket, and the pane shows what the plant gave", () => {
    const simulator = started();
    const { controller, ask } = paired(simulator);
    assert.equal(simulator.view.state, "Run");
    assert.ok(simulator.view.controller);
    assert.equal(
      ask((done) => controller.bolus(500_000, {}, done)),
      "ok",
    );
    assert.ok(simulator.views.some(({ sounding }) => sounding));
    simulator.pass(25_000);
    const { received, last, pulses, reservoir } = simulator.view;
    assert.deepEqual(
      { received, last, pulses, reservoir },
      { received: "0.50 U", last: "0.50 U", pulses: "10 pulses", reservoir: "299.50 U" },
    );
    assert.ok(simulator.views.some(({ coils }) => coils.includes(true)));
    assert.ok(simulator.view.coils.every((on) => !on));
    assert.ok(new Set(simulator.views.map(({ rotor }) => rotor)).size > 4);
  });

  it("shows a pairing text in groups and as a QR code, while it is shown", () => {
    const simulator = started();
    simulator.press(100, 100, 100);
    const { display, qr } = simulator.view;
    const [title, ...rows] = display;
    assert.equal(title, "Pair");
    assert.equal(rows.length, 3);
    assert.match(simulator.console.join(""), new RegExp(rows.join("").replaceAll(" ", "")));
    assert.ok(qr.length >= 25 && qr.every((row) => row.length === qr.length && /^[01]+$/.test(row)));
    simulator.pass(125_000);
    assert.deepEqual(simulator.view.display, ["Pairing closed"]);
    assert.deepEqual(simulator.view.qr, []);
  });

  it("takes the button for as long as it is held: 0.5 s stops nothing, 1 s does", () => {
    const simulator = started();
    paired(simulator);
    simulator.press(500);
    assert.equal(simulator.view.state, "Run");
    simulator.press(1_000);
    assert.equal(simulator.view.state, "Stop");
    assert.deepEqual(simulator.view.display, ["Stopped"]);
    simulator.press(100, 1_000);
    assert.equal(simulator.view.state, "Run");
  });

  it("shows what an occluded line holds back, and lets it out when it is clear", () => {
    const simulator = started();
    const { controller, ask } = paired(simulator);
    simulator.hands("occlude");
    ask((done) => controller.bolus(500_000, {}, done));
    simulator.pass(25_000);
    const { received, last, occluded, line, pressure } = simulator.view;
    assert.deepEqual(
      { received, last, occluded, line, pressure },
      {
        received: "0.00 U",
        last: "0.50 U",
        occluded: true,
        line: "Occluded",
        pressure: "2.5 N on the plunger, 0.50 U held back",
      },
    );
    simulator.hands("clear");
    simulator.pass(10_000);
    assert.equal(simulator.view.received, "0.50 U");
    assert.equal(simulator.view.line, "Open");
  });

  it("empties the reservoir: what the pump then counts as delivered does not come", () => {
    const simulator = started();
    const { controller, ask } = paired(simulator);
    simulator.hands("empty");
    ask((done) => controller.bolus(500_000, {}, done));
    simulator.pass(30_000);
    const { reservoir, reservoirFraction, received, last } = simulator.view;
    assert.deepEqual(
      { reservoir, reservoirFraction, received, last },
      { reservoir: "0.00 U", reservoirFraction: 0, received: "0.00 U", last: "0.00 U" },
    );
  });

  it("is dark without power, keeps what it stored, and runs on when the power is back", () => {
    const simulator = started();
    const { controller, ask } = paired(simulator);
    simulator.hands("cut");
    simulator.pass(1_000);
    const { state, powered, display, lit, controller: connected } = simulator.view;
    assert.deepEqual(
      { state, powered, display, lit, connected },
      { state: "Off", powered: false, display: [], lit: false, connected: false },
    );
    simulator.hands("restore");
    simulator.pass(1_000);
    assert.equal(simulator.view.state, "Run");
    assert.equal(
      ask((done) => controller.open(done)),
      "ok",
    );
  });

  it("has no laboratory unless it is built with one, whose port may be text as mcconfig gives it", () => {
    assert.ok(started().client(LAB_PORT).closed);
    const simulator = started({ port: PORT, labPort: `${LAB_PORT}` });
    assert.equal(simulator.console[2], "laboratory on 127.0.0.1:5161\n");
    const client = simulator.client(LAB_PORT);
    client.send('{"do":"occlude"}\n');
    simulator.pass(100);
    assert.equal(client.received, '{"event":"done","do":"occlude"}\n');
    assert.ok(simulator.view.occluded);
  });

  it("refuses other computers at both its ports, and says so on its console", () => {
    const simulator = started({ port: PORT, labPort: LAB_PORT });
    for (const port of [PORT, LAB_PORT]) {
      const stranger = simulator.network.connect(port, "192.168.1.7");
      simulator.pass(40);
      assert.ok(stranger.closed);
    }
    assert.deepEqual(simulator.console.slice(-2), [
      "listening: socket closed: 192.168.1.7 is not this computer\n",
      "laboratory: socket closed: 192.168.1.7 is not this computer\n",
    ]);
  });

  it("runs without a port that another program has, and shows what to do", () => {
    const network = new FakeNetwork();
    network.taken.add(PORT);
    const simulator = started({ port: PORT }, { network });
    const why = "no port 5160: bind socket failed; build with port=N";
    assert.equal(simulator.view.address, why);
    assert.equal(simulator.console[1], `listening on ${why}\n`);
    assert.equal(simulator.view.state, "Stop");
  });

  it("runs without a port where the setting is none, and says which and what to do", () => {
    for (const port of [0, 65_536, 1.5, "", "0x1440", "5160 ", null, true]) {
      const { address, state } = started({ port }).view;
      assert.deepEqual([address, state], [`no port ${port}: not from 1 to 65535; build with port=N`, "Stop"]);
    }
    const { console } = started({ port: PORT, labPort: "no" });
    assert.equal(console[2], "laboratory on no port no: not from 1 to 65535; build with labPort=N\n");
  });

  it("is another pump each time it is started", () => {
    const first = (startMs: number) => started({ port: PORT }, { startMs }).console[0];
    assert.notEqual(first(1_790_000_000_000), first(1_790_000_000_001));
  });

  it("stays at real time, and catches up after the simulator was busy", () => {
    const simulator = started();
    const { time } = simulator.view;
    simulator.pass(60_000);
    assert.deepEqual([time, simulator.view.time], ["0:00:01", "0:01:01"]);
    simulator.wall.setMs += 900;
    simulator.pass(2_200);
    assert.equal(simulator.view.time, "0:01:04");
  });

  it("shows the pane nothing that it knows already but for the time, and nothing more than 20 times in a second", () => {
    const simulator = started();
    const before = simulator.views.length;
    simulator.pass(10_000);
    assert.equal(simulator.views.length - before, 10);
    const { controller, ask } = paired(simulator);
    ask((done) => controller.bolus(100_000, {}, done));
    const busy = simulator.views.length;
    simulator.pass(1_000);
    assert.ok(simulator.views.length - busy <= 20);
  });

  it("takes nothing from the pane that is none of its requests", () => {
    const simulator = started();
    for (const text of ["", "press", "[]", '{"do":"stall"}', '{"do":"press","ms":5}']) simulator.message(text);
    assert.equal(simulator.console.filter((line) => line.startsWith("pane: ")).length, 5);
    simulator.hands("release");
    simulator.pass(1_000);
    assert.equal(simulator.view.state, "Stop");
  });
});
