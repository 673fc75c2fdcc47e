/** The line protocol of the GATT bridge: PROTOCOL.md 10.1, row by row. */

import assert from "node:assert/strict";
import { Controller } from "../../../host-sim/controller/controller.js";
import { MemoryStore } from "../../../host-sim/world.js";
import { ADDRESS, ADVERTISEMENT, bridgedWorld, FROM_PUMP, type LineClient, lineTransport, TO_PUMP } from "./bench.js";

const CONNECTED = { event: "connected", address: ADDRESS, mtu: 247 };
const DISCONNECTED = { event: "disconnected" };
const SUBSCRIBE = { do: "subscribe", characteristic: FROM_PUMP };
const write = (value: string) => ({ do: "write", characteristic: TO_PUMP, value });
const kinds = (client: LineClient) => client.told().map(({ event }) => event);

describe("GATT on a socket", () => {
  it("answers scan with the advertisement that the pump sends, now and each time it begins to", () => {
    const { world, client } = bridgedWorld();
    const scanning = client();
    scanning.send({ do: "scan" });
    assert.deepEqual(scanning.told(), [ADVERTISEMENT]);
    scanning.send({ do: "scan" });
    assert.deepEqual(scanning.told(), [ADVERTISEMENT]);
    const other = client();
    other.send({ do: "connect" });
    world.clock.advance(1_000);
    scanning.send({ do: "scan" });
    assert.deepEqual(scanning.told(), [], "the pump does not advertise while it is connected");
    other.send({ do: "disconnect" });
    world.clock.advance(5_000);
    assert.deepEqual(scanning.told(), [ADVERTISEMENT]);
    world.powerCycle();
    world.clock.advance(1_000);
    assert.deepEqual(scanning.told(), [ADVERTISEMENT]);
  });

  it("scans until connect", () => {
    const { world, client } = bridgedWorld();
    const one = client();
    one.send({ do: "scan" }, { do: "connect" });
    world.clock.advance(100);
    one.send({ do: "disconnect" });
    world.clock.advance(10_000);
    assert.deepEqual(kinds(one), ["advertisement", "connected", "disconnected"]);
  });

  it("connects to any pump, or to the one named in whatever case, with the ATT_MTU that both can", () => {
    const { world, client, links } = bridgedWorld();
    const agreed = [
      [{}, 23],
      [{ address: ADDRESS }, 23],
      [{ address: ADDRESS.toUpperCase(), mtu: 23 }, 23],
      [{ mtu: 100 }, 100],
      [{ mtu: 247 }, 247],
      [{ mtu: 517 }, 247],
    ] as const;
    for (const [members, mtu] of agreed) {
      const one = client();
      one.send({ do: "connect", ...members });
      world.clock.advance(100);
      assert.deepEqual(one.told(), [{ event: "connected", address: ADDRESS, mtu }]);
      assert.deepEqual(links.splice(0), [`connected ${mtu}`]);
      one.send({ do: "disconnect" });
      world.clock.advance(5_000);
      assert.deepEqual(one.told(), [DISCONNECTED]);
      assert.deepEqual(links.splice(0), ["disconnected"]);
    }
  });

  it("says disconnected when no such pump advertises within 30 s", () => {
    const { world, client, links } = bridgedWorld();
    const one = client();
    one.send({ do: "connect", address: "c5:16:00:00:00:02" });
    world.clock.advance(29_900);
    assert.deepEqual(one.told(), []);
    world.clock.advance(200);
    assert.deepEqual(one.told(), [DISCONNECTED]);
    assert.deepEqual(links, []);
    one.send({ do: "connect" });
    world.clock.advance(100);
    assert.deepEqual(kinds(one), ["connected"]);
  });

  it("discovers what the pump's server declared", () => {
    const { connected } = bridgedWorld();
    const one = connected();
    one.send({ do: "discover" });
    const characteristics = [
      { uuid: TO_PUMP, properties: ["write"] },
      { uuid: FROM_PUMP, properties: ["indicate"] },
    ];
    const services = [{ uuid: "c5160001-8b5a-4d0f-9c31-6e2b7a94d1f0", characteristics }];
    assert.deepEqual(one.told(), [{ event: "services", services }]);
  });

  it("subscribes, then indicates m1; and acknowledges a write once the pump has", () => {
    const { world, connected } = bridgedWorld();
    const one = connected();
    one.send({ ...SUBSCRIBE, characteristic: FROM_PUMP.toUpperCase() });
    assert.deepEqual(one.told(), []);
    world.clock.advance(100);
    const [subscribed, indication, ...more] = one.told();
    assert.deepEqual(subscribed, { event: "subscribed", characteristic: FROM_PUMP });
    assert.equal(indication?.["characteristic"], FROM_PUMP);
    assert.match(`${indication?.["value"]}`, /^c00100[0-9a-f]{48}$/);
    assert.deepEqual(more, []);
    // The first fragment of a longer message: nothing is wrong with it yet.
    one.send(write("8001"));
    assert.deepEqual(one.told(), []);
    world.clock.advance(100);
    assert.deepEqual(one.told(), [{ event: "written", characteristic: TO_PUMP }]);
  });

  it("tells that the pump ended the connection, and may connect again", () => {
    const { world, connected } = bridgedWorld();
    const one = connected();
    one.send(SUBSCRIBE, write("c0"));
    world.clock.advance(1_000);
    assert.deepEqual(kinds(one), ["subscribed", "indication", "written", "disconnected"]);
    one.send({ do: "scan" });
    world.clock.advance(5_000);
    assert.deepEqual(one.told(), [ADVERTISEMENT]);
    one.send({ do: "connect", mtu: 247 });
    world.clock.advance(1_000);
    assert.deepEqual(one.told(), [CONNECTED]);
  });

  it("tells of a pump that lost its power within the supervision timeout, also while a write waits for it", () => {
    const { world, connected } = bridgedWorld();
    const one = connected();
    world.hardware.cut();
    one.send(write("8001"), write("4102"));
    world.clock.advance(1_100);
    const [ended, crossed, ...more] = one.told();
    assert.deepEqual(ended, DISCONNECTED);
    assert.equal(crossed?.event, "error");
    assert.equal(crossed?.["do"], "write");
    assert.match(`${crossed?.["what"]}`, /^line 3: write: not connected; connect first$/);
    assert.deepEqual(more, []);
    assert.equal(one.ended, false);
  });

  it("carries requests out one at a time, in their order", () => {
    const { world, client } = bridgedWorld();
    const one = client();
    one.send({ do: "connect", mtu: 247 }, SUBSCRIBE, write("8001"), { do: "discover" }, { do: "disconnect" });
    world.clock.advance(2_000);
    assert.deepEqual(
      kinds(one).filter((kind) => kind !== "indication"),
      ["connected", "subscribed", "written", "services", "disconnected"],
    );
  });

  it("lets a second client wait until the first has gone", () => {
    const { world, client, connected } = bridgedWorld();
    const first = connected();
    const second = client();
    second.send({ do: "scan" }, { do: "connect", mtu: 247 });
    world.clock.advance(4_000);
    assert.deepEqual(second.told(), []);
    first.bridged.close();
    world.clock.advance(5_000);
    assert.deepEqual(second.told(), [CONNECTED]);
    assert.deepEqual(first.told(), []);
  });

  it("gives up an attempt, a scan or a connection when the socket closes, and says no more", () => {
    const { world, client, connected, links } = bridgedWorld();
    const first = connected();
    const waiting = client();
    waiting.send({ do: "connect" });
    const scanning = client();
    scanning.send({ do: "scan" });
    waiting.bridged.close();
    scanning.bridged.close();
    first.bridged.close();
    world.clock.advance(40_000);
    for (const gone of [first, waiting, scanning]) assert.deepEqual(gone.told(), []);
    assert.deepEqual(links, ["connected 247", "disconnected"]);
    const next = client();
    next.send({ do: "scan" });
    assert.deepEqual(next.told(), [ADVERTISEMENT]);
  });

  const UNFIT: readonly (readonly [what: string, request: object, error: RegExp])[] = [
    ["scan while connected", { do: "scan" }, /^line 2: scan: connected already; disconnect first$/],
    ["a second connect", { do: "connect" }, /^line 2: connect: connected already; disconnect first$/],
    [
      "an unknown characteristic",
      { ...SUBSCRIBE, characteristic: TO_PUMP.replace("2", "9") },
      /no characteristic c5160009/,
    ],
    ["subscribe where nothing indicates", { ...SUBSCRIBE, characteristic: TO_PUMP }, /does not indicate; discover/],
    ["write where nothing can be written", { ...write("00"), characteristic: FROM_PUMP }, /does not write; discover/],
    ["a value over ATT_MTU - 3", write("00".repeat(245)), /"value" is 245 bytes; this ATT_MTU takes 244: send/],
  ];
  for (const [what, request, error] of UNFIT)
    it(`answers ${what} with error, does nothing else, and goes on`, () => {
      const { world, connected } = bridgedWorld();
      const one = connected();
      one.send(request);
      world.clock.advance(1_000);
      const [told, ...more] = one.told();
      assert.equal(told?.event, "error");
      assert.equal(told?.["do"], (request as { readonly do: string }).do);
      assert.match(`${told?.["what"]}`, error);
      assert.deepEqual(more, []);
      one.send(write(`80${"00".repeat(243)}`));
      world.clock.advance(1_000);
      assert.deepEqual(kinds(one), ["written"]);
      assert.equal(one.ended, false);
    });

  for (const request of [{ do: "discover" }, SUBSCRIBE, write("c001"), { do: "disconnect" }])
    it(`answers ${request.do} before connected with error`, () => {
      const { world, client } = bridgedWorld();
      const one = client();
      one.send(request);
      const what = `line 1: ${request.do}: not connected; connect first`;
      assert.deepEqual(one.told(), [{ event: "error", do: request.do, what }]);
      one.send({ do: "connect", mtu: 247 });
      world.clock.advance(100);
      assert.deepEqual(one.told(), [CONNECTED]);
    });

  const CLOSES: readonly (readonly [what: string, text: string, error: RegExp])[] = [
    ["a line that is no JSON", "hello\n", /^line 2: no JSON object/],
    ["an empty line", "\n", /^line 2: no JSON object/],
    ["a line in another encoding", '{"do":"sc\xe4n"}\n', /^line 2: unknown "do": "sc\u00e4n"/],
    ["an unknown do", '{"do":"reset"}\n', /^line 2: unknown "do": "reset"; give one of scan, connect, discover/],
    ["an unknown member", '{"do":"scan","address":"c5:16:00:00:00:01"}\n', /^line 2: unknown member "address"/],
    ["a missing member", `{"do":"write","characteristic":"${TO_PUMP}"}\n`, /^line 2: "value" is missing/],
    ["an ATT_MTU of 22", '{"do":"connect","mtu":22}\n', /^line 2: "mtu" must be a whole number from 23 to 517$/],
    ["an ATT_MTU of 518", '{"do":"connect","mtu":518}\n', /^line 2: "mtu" must be/],
    [
      "an address of five bytes",
      '{"do":"connect","address":"c5:16:00:00:00"}\n',
      /^line 2: "address" must be six bytes/,
    ],
    [
      "a short UUID",
      '{"do":"subscribe","characteristic":"2b20"}\n',
      /^line 2: "characteristic" must be a 128-bit UUID/,
    ],
    ["a line over 4096 bytes", `{"do":"scan"${" ".repeat(4_085)}}\n`, /^line 2: longer than 4096 bytes/],
    ["a line without an end", "x".repeat(4_097), /^line 2: longer than 4096 bytes/],
  ];
  for (const [what, text, error] of CLOSES)
    it(`answers ${what} with error, closes the socket and lets the pump go`, () => {
      const { world, client } = bridgedWorld();
      const one = client();
      one.send({ do: "connect" });
      world.clock.advance(100);
      one.told();
      one.sendText(`${text}{"do":"disconnect"}\n`);
      const [told, ...more] = one.told();
      assert.deepEqual(Object.keys(told ?? {}), ["event", "what"]);
      assert.equal(told?.event, "error");
      assert.match(`${told?.["what"]}`, error);
      assert.deepEqual(more, []);
      assert.equal(one.ended, true);
      world.clock.advance(6_000);
      assert.deepEqual(one.told(), []);
      const next = client();
      next.send({ do: "scan" });
      assert.deepEqual(next.told(), [ADVERTISEMENT]);
    });

  it("takes a line of 4096 bytes, and lets 64 requests wait behind the one under way but no 65th", () => {
    const { world, client } = bridgedWorld();
    const one = client();
    const scan = '{"do":"scan"}';
    one.sendText(`${scan.padEnd(4_096)}\n`);
    assert.deepEqual(one.told(), [ADVERTISEMENT]);
    one.send({ do: "connect", address: "00:00:00:00:00:00" });
    one.sendText(`${scan}\n`.repeat(64));
    assert.equal(one.ended, false);
    world.clock.advance(31_000);
    assert.deepEqual(kinds(one), ["disconnected", ...Array<string>(64).fill("advertisement")]);
    one.send({ do: "connect", address: "00:00:00:00:00:00" });
    one.sendText(`${scan}\n`.repeat(65));
    assert.equal(one.ended, true);
    const what = "line 132: 64 requests wait already: wait for answers";
    assert.deepEqual(one.told(), [{ event: "error", what }]);
    one.bridged.close();
    world.clock.advance(31_000);
    assert.deepEqual(one.told(), []);
  });

  it("tells of a pump's long indications in lines that a client can take", () => {
    const { world, connected } = bridgedWorld();
    const one = connected();
    const lines: number[] = [];
    one.onEvent = (event) => lines.push(JSON.stringify(event).length);
    world.tapButton(3);
    one.send(SUBSCRIBE);
    world.clock.advance(200);
    assert.ok(lines.length === 2 && Math.max(...lines) <= 4_096);
  });

  it("carries a controller: pairs, runs, and gives a bolus that outlives the socket", () => {
    const { world, client } = bridgedWorld({ seed: 11 });
    const store = new MemoryStore();
    const socket = client();
    const controllerOver = (carrier: LineClient) =>
      new Controller({
        transport: lineTransport(carrier),
        clock: world.clock,
        random: (length) => Uint8Array.from({ length }, (_, i) => (i * 37 + length) & 0xff),
        store,
      });
    const controller = controllerOver(socket);
    const text = world.openPairing();
    assert.equal(world.await((done: Parameters<Controller["pair"]>[1]) => controller.pair(text, done))?.kind, "ok");
    assert.equal(world.await((done: Parameters<Controller["run"]>[1]) => controller.run(() => true, done))?.kind, "ok");
    const bolus = world.await((done: Parameters<Controller["bolus"]>[2]) => controller.bolus(500_000, {}, done));
    assert.equal(bolus?.kind, "ok");
    world.clock.advance(5_000);
    const { plant } = world.hardware;
    assert.ok(plant.displacedMicrounits > 50_000 && plant.displacedMicrounits < 300_000, "in the middle of the bolus");
    socket.bridged.close();

    const scanning = client();
    scanning.send({ do: "scan" });
    world.clock.advance(5_000);
    assert.deepEqual(scanning.told(), [ADVERTISEMENT], "advertises again within 5 s");
    world.clock.advance(20_000);
    const later = controllerOver(client());
    assert.equal(world.await((done: Parameters<Controller["open"]>[0]) => later.open(done))?.kind, "ok");
    const outcome = world.await((done: Parameters<Controller["resolve"]>[0]) => later.resolve(done));
    assert.ok(outcome?.kind === "ok");
    assert.equal(outcome.value.kind, "delivered");
    assert.equal(outcome.value.highMicrounits, 500_000);
    assert.ok(Math.abs(plant.displacedMicrounits - 500_000) < 1_300, `${plant.displacedMicrounits}`);
    assert.deepEqual(world.hardware.crashes, []);
  });
});
