import assert from "node:assert/strict";
import { FROM_PUMP_UUID, SERVICE_UUID, TO_PUMP_UUID } from "../../../host-sim/air/service.js";
import { readEvent } from "../../../host-sim/bridge/events.js";
import { fromHex } from "../../../host-sim/bridge/hex.js";
import {
  SocketTransport,
  type SocketTransportOptions,
  type TextStreamListener,
} from "../../../host-sim/bridge/socketTransport.js";
import { CONTROLLER_MTU, MemoryStore, World } from "../../../host-sim/world.js";
import { MemoryBridge } from "./memoryBridge.js";

const SERVICES = {
  event: "services",
  services: [
    {
      uuid: SERVICE_UUID,
      characteristics: [
        { uuid: TO_PUMP_UUID, properties: ["write"] },
        { uuid: FROM_PUMP_UUID, properties: ["read", "indicate"] },
      ],
    },
  ],
};
const CONNECTED = { event: "connected", address: "c5:16:00:00:00:01", mtu: 100 };
const SUBSCRIBED = { event: "subscribed", characteristic: FROM_PUMP_UUID };

/** A link over a stream that the test holds both ends of. */
function linked(options: SocketTransportOptions = { mtu: 247 }) {
  const heard: string[] = [];
  const sent: string[] = [];
  const trouble: string[] = [];
  let listener: TextStreamListener | undefined;
  let closed = false;
  const transport = new SocketTransport(
    (given) => {
      listener = given;
      return {
        send: (text) => sent.push(text),
        close: () => {
          closed = true;
        },
      };
    },
    { ...options, onTrouble: (what) => trouble.push(what) },
  );
  const link = transport.connect({
    onConnected: () => heard.push("connected"),
    onDisconnected: () => heard.push("disconnected"),
    onIndication: (value) => heard.push(`indication ${value.join()}`),
    onWritten: () => heard.push("written"),
  });
  assert.ok(listener);
  const stream = listener;
  const tell = (...lines: readonly object[]) => {
    for (const line of lines) stream.onText(`${JSON.stringify(line)}\n`);
  };
  return { link, stream, heard, sent, trouble, tell, isClosed: () => closed };
}

function connected(options?: SocketTransportOptions) {
  const all = linked(options);
  all.stream.onOpen();
  all.tell(CONNECTED, SERVICES);
  assert.deepEqual(all.heard, ["connected"]);
  return all;
}

describe("a transport over a socket", () => {
  it("asks for address and ATT_MTU, discovers, and says what to write and subscribe to", () => {
    const { link, tell, sent, heard } = connected({ address: "c5:16:00:00:00:01", mtu: 247 });
    assert.equal(link.maximumWrite, 97);
    link.subscribe();
    link.write(Uint8Array.of(0xc0, 0x0a));
    tell(SUBSCRIBED, { event: "indication", characteristic: FROM_PUMP_UUID, value: "C001ff" });
    tell({ event: "written", characteristic: TO_PUMP_UUID });
    assert.deepEqual(sent, [
      '{"do":"connect","address":"c5:16:00:00:00:01","mtu":247}\n',
      '{"do":"discover"}\n',
      `{"do":"subscribe","characteristic":"${FROM_PUMP_UUID}"}\n`,
      `{"do":"write","characteristic":"${TO_PUMP_UUID}","value":"c00a"}\n`,
    ]);
    assert.deepEqual(heard, ["connected", "indication 192,1,255", "written"]);
  });

  it("takes lines in pieces of any length, and passes over events and members that it does not know", () => {
    const { stream, heard, trouble } = linked();
    stream.onOpen();
    const lines = [{ event: "weather", sun: true }, { ...CONNECTED, news: [1] }, SERVICES]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join("");
    for (const letter of lines) stream.onText(letter);
    assert.deepEqual([heard, trouble], [["connected"], []]);
  });

  it("disconnects by closing its stream, and says so once it is closed", () => {
    const { link, stream, heard, isClosed, tell } = connected();
    link.disconnect();
    link.disconnect();
    assert.deepEqual([isClosed(), heard], [true, ["connected"]]);
    tell({ event: "disconnected" }, SUBSCRIBED);
    stream.onClose();
    stream.onClose();
    assert.deepEqual(heard, ["connected", "disconnected"]);
    link.write(new Uint8Array(500));
    link.subscribe();
  });

  it("ends when the pump does, and when the stream does, with the reason", () => {
    const pump = connected();
    pump.tell({ event: "disconnected" });
    assert.ok(pump.isClosed());
    const stream = linked();
    stream.stream.onClose("nobody listens");
    assert.deepEqual([stream.heard, stream.trouble], [["disconnected"], ["nobody listens"]]);
  });

  it("throws before the link is up, over ATT_MTU, and for a 65th request that waits", () => {
    const early = linked();
    assert.throws(() => early.link.subscribe(), /before the link is up/);
    assert.throws(() => early.link.write(Uint8Array.of(1)), /before the link is up/);
    const { link } = connected();
    assert.throws(() => link.write(new Uint8Array(98)), /98 bytes; ATT_MTU allows 97/);
    for (let count = 0; count < 64; count += 1) link.write(Uint8Array.of(1));
    assert.throws(() => link.write(Uint8Array.of(1)), /64 requests wait already/);
  });

  it("takes an ATT_MTU of 23 to 517 only", () => {
    for (const mtu of [22, 518, 23.5, Number.NaN])
      assert.throws(() => new SocketTransport(() => ({ send: () => {}, close: () => {} }), { mtu }), /ATT_MTU/);
  });

  const connectedOnly = [CONNECTED, SERVICES];
  const BREACHES: readonly (readonly [what: string, before: readonly object[], line: string])[] = [
    ["text that is no JSON", [], "hello"],
    ["JSON that is no object", [], "[1]"],
    ["null", [], "null"],
    ["an object without an event", [], '{"do":"connect"}'],
    ["an event that is no string", [], '{"event":1}'],
    ["connected without an ATT_MTU", [], '{"event":"connected"}'],
    ["an ATT_MTU under 23", [], '{"event":"connected","mtu":22}'],
    ["an ATT_MTU over what was asked for", [], '{"event":"connected","mtu":248}'],
    ["an ATT_MTU that is no number", [], '{"event":"connected","mtu":"100"}'],
    ["connected twice", [CONNECTED], JSON.stringify(CONNECTED)],
    ["services before connected", [], JSON.stringify(SERVICES)],
    ["services twice", connectedOnly, JSON.stringify(SERVICES)],
    ["services that are no list", [CONNECTED], '{"event":"services","services":{}}'],
    ["a service without characteristics", [CONNECTED], '{"event":"services","services":[{"uuid":"x"}]}'],
    ["written for nothing", connectedOnly, `{"event":"written","characteristic":"${TO_PUMP_UUID}"}`],
    ["subscribed for nothing", connectedOnly, JSON.stringify(SUBSCRIBED)],
    [
      "an indication before subscribing",
      connectedOnly,
      `{"event":"indication","characteristic":"${FROM_PUMP_UUID}","value":"c0"}`,
    ],
    ["a line without end", [], "x".repeat(5_000)],
  ];
  for (const [what, before, line] of BREACHES)
    it(`closes on ${what}`, () => {
      const { stream, tell, trouble, isClosed, heard } = linked();
      stream.onOpen();
      tell(...before);
      assert.equal(isClosed(), false);
      stream.onText(`${line}\n`);
      assert.equal(isClosed(), true);
      assert.equal(trouble.length, 1);
      tell(CONNECTED, SERVICES);
      assert.ok(!heard.includes("disconnected"));
    });

  for (const value of ["c", "zz", 'c0","x":"', "c0".repeat(98), 5])
    it(`closes on an indication of ${JSON.stringify(value).slice(0, 10)}`, () => {
      const { link, tell, isClosed, heard } = connected();
      link.subscribe();
      tell(SUBSCRIBED, { event: "indication", characteristic: FROM_PUMP_UUID, value });
      assert.deepEqual([isClosed(), heard], [true, ["connected"]]);
    });

  it("closes on an indication of another characteristic, and on acknowledgements out of order", () => {
    const other = connected();
    other.link.subscribe();
    other.tell(SUBSCRIBED, { event: "indication", characteristic: TO_PUMP_UUID, value: "c0" });
    assert.ok(other.isClosed());
    const order = connected();
    order.link.subscribe();
    order.link.write(Uint8Array.of(1));
    order.tell({ event: "written", characteristic: TO_PUMP_UUID });
    assert.deepEqual([order.isClosed(), order.heard], [true, ["connected"]]);
  });

  it("passes on the bridge's complaint and closes", () => {
    const { tell, trouble, isClosed } = connected();
    tell({ event: "error", what: "a second connect" });
    assert.ok(isClosed());
    assert.match(trouble.join(), /a second connect/);
  });

  it("refuses a peripheral without the service, or whose characteristics cannot do their part", () => {
    const [service] = SERVICES.services;
    const cases = [
      [],
      [{ ...service, uuid: "0000180d-0000-1000-8000-00805f9b34fb" }],
      [{ uuid: SERVICE_UUID, characteristics: [{ uuid: TO_PUMP_UUID, properties: ["write"] }] }],
      [
        {
          uuid: SERVICE_UUID,
          characteristics: [
            { uuid: TO_PUMP_UUID, properties: ["read"] },
            { uuid: FROM_PUMP_UUID, properties: ["indicate"] },
          ],
        },
      ],
    ];
    for (const services of cases) {
      const { stream, tell, isClosed, heard, trouble } = linked();
      stream.onOpen();
      tell(CONNECTED, { event: "services", services });
      assert.deepEqual([isClosed(), heard], [true, []]);
      assert.match(trouble.join(), /no Countersign pump/);
    }
  });

  it("carries a pairing, a session and a dose to a simulated pump", () => {
    const world = new World({ seed: 41 });
    world.powerUp();
    world.clock.advance(1_000);
    const bridge = new MemoryBridge(world);
    const controller = world.controller(new MemoryStore(), {
      transport: new SocketTransport(bridge.openStream, { mtu: CONTROLLER_MTU }),
    });
    type Ended = { readonly kind: string };
    const text = world.openPairing();
    assert.equal(world.await<Ended>((done) => controller.pair(text, done))?.kind, "ok");
    assert.equal(world.await<Ended>((done) => controller.run(() => true, done))?.kind, "ok");
    const before = world.hardware.plant.displacedMicrounits;
    assert.equal(world.await<Ended>((done) => controller.bolus(500_000, {}, done))?.kind, "ok");
    world.clock.advance(30_000);
    assert.ok(world.hardware.plant.displacedMicrounits - before > 495_000);
    controller.close();
    world.clock.advance(2_000);
    assert.equal(bridge.open, 0);
    assert.equal(bridge.opened, 2);
  });
});

describe("the bridge's lines", () => {
  it("read hexadecimal in either case, and nothing but whole pairs", () => {
    assert.deepEqual(fromHex("00fFa0"), Uint8Array.of(0, 255, 160));
    assert.deepEqual(fromHex(""), new Uint8Array(0));
    for (const text of ["0", "0x", "g0", " 00", "00\n", "٠٠"]) assert.equal(fromHex(text), undefined, text);
  });

  it("take no member from an object's prototype", () => {
    assert.deepEqual(readEvent('{"__proto__":{"event":"disconnected"}}'), { kind: "malformed" });
    assert.deepEqual(readEvent('{"event":"constructor"}'), { kind: "ignored" });
  });
});
