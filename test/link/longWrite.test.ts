import assert from "node:assert/strict";
import type { Packet } from "../../host-sim/air/packet.js";
import { World } from "../../host-sim/world.js";
import { runningWorld } from "../bench.js";

const ONLY = 0xc0;
const FIRST = 0x80;

/** Sends a value in the central's name, and returns what the pump sent in the 100 ms after. */
function answersTo(world: World, sent: readonly Packet[], length: number, header: number) {
  const before = sent.length;
  const connectionId = sent.at(-1)?.connectionId ?? 0;
  const value = new Uint8Array(length).fill(0x5a);
  value[0] = header;
  world.air.inject(connectionId, { direction: "toPeripheral", kind: "write", value });
  world.clock.advance(100);
  const answers = sent.slice(before).filter(({ direction }) => direction === "toCentral");
  return answers.map(({ kind, value }) => (kind === "writeResponse" ? `${kind} ${value.length}` : kind));
}

function watched() {
  const sent: Packet[] = [];
  return {
    sent,
    observer: ({ what, packet }: { what: string; packet: Packet }) => void (what === "sent" && sent.push(packet)),
  };
}

describe("a long write to the pump", () => {
  // 257 bytes make a message of 256, which is no record; more are over the longest message, whole or only begun.
  const writes = [
    [257, ONLY],
    [258, ONLY],
    [258, FIRST],
    [512, ONLY],
    [512, FIRST],
  ] as const;

  for (const [length, header] of writes) {
    const title = `of ${length} bytes with header ${header.toString(16)}`;

    it(`${title} ends an open session, and changes nothing else (SR-01, SR-02)`, () => {
      const { sent, observer } = watched();
      const { world, controller } = runningWorld({ seed: 61, observer });
      const { plant } = world.hardware;
      const before = { operations: world.hardware.operations, display: world.hardware.display };
      assert.deepEqual(answersTo(world, sent, length, header), ["writeResponse 0", "disconnect"]);
      assert.deepEqual({ operations: world.hardware.operations, display: world.hardware.display }, before);

      world.clock.advance(2_000);
      const opened = world.await((done: (result: { readonly kind: string }) => void) => controller.open(done));
      assert.equal(opened?.kind, "ok");
      const atBolus = plant.displacedMicrounits;
      const bolus = world.await((done: (result: { readonly kind: string }) => void) =>
        controller.bolus(130_000, {}, done),
      );
      assert.equal(bolus?.kind, "ok");
      world.clock.advance(10_000);
      assert.ok(plant.displacedMicrounits > atBolus);
      assert.deepEqual(
        world.hardware.trace.filter(({ line }) => line.startsWith("fault")),
        [],
      );
      assert.deepEqual(world.hardware.crashes, []);
    });

    it(`${title} ends a connection that is not authenticated, with no answer (SR-01, SR-02)`, () => {
      const { sent, observer } = watched();
      const world = new World({ seed: 62, observer });
      world.powerUp();
      world.clock.advance(1_000);
      const link = world.air.transport().connect({
        onConnected: () => link.subscribe(),
        onDisconnected() {},
        onIndication() {},
        onWritten() {},
      });
      const met = () => sent.some(({ kind }) => kind === "confirmation");
      assert.ok(world.clock.runUntil(met, 10_000));
      world.clock.advance(100);
      assert.deepEqual(answersTo(world, sent, length, header), ["writeResponse 0", "disconnect"]);
      assert.deepEqual(world.hardware.crashes, []);
    });
  }
});
