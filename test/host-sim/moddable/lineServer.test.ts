/** The server of the simulator's sockets, over sockets that behave as the SDK's. */

import assert from "node:assert/strict";
import type { LinePort } from "../../../host-sim/bridge/requestSocket.js";
import { LineServer } from "../../../host-sim/moddable/lineServer.js";
import { ManualWall } from "../clock/manualWall.js";
import { FakeNetwork, LOOK_MS } from "./network.js";

const PORT = 5160;

function serving() {
  const wall = new ManualWall();
  const network = new FakeNetwork();
  const peers: { readonly port: LinePort; heard: string; closed: number }[] = [];
  const refused: string[] = [];
  new LineServer({
    io: network.io,
    wall,
    port: PORT,
    accept: (port) => {
      const peer = { port, heard: "", closed: 0 };
      peers.push(peer);
      return {
        receive: (piece) => {
          peer.heard += piece;
        },
        close: () => {
          peer.closed += 1;
        },
      };
    },
    onRefused: (why) => refused.push(why),
  });
  const pass = (looks = 1) => {
    for (let i = 0; i < looks; i++) {
      network.look();
      wall.pass(LOOK_MS);
    }
  };
  /** A client, and what stands behind its socket. */
  const client = () => {
    const side = network.connect(PORT);
    pass(2);
    const peer = peers.at(-1);
    assert.ok(peer);
    return { side, peer };
  };
  return { network, wall, peers, refused, pass, client };
}

describe("the simulator's server of sockets", () => {
  it("serves this computer, and closes a socket from anywhere else before it has said anything", () => {
    const { network, peers, refused, pass } = serving();
    for (const address of ["192.168.1.7", "10.0.0.127", "0.0.0.0", "127.0.0.1.example", ""]) {
      const stranger = network.connect(PORT, address);
      stranger.send('{"do":"scan"}\n');
      pass();
      assert.ok(stranger.closed, address);
      assert.equal(stranger.received, "");
    }
    assert.equal(peers.length, 0);
    assert.equal(refused.length, 5);
    assert.equal(refused[0], "192.168.1.7 is not this computer");
    for (const address of ["127.0.0.1", "127.8.9.1"]) network.connect(PORT, address);
    pass();
    assert.equal(peers.length, 2);
    assert.equal(network.leaks, 0);
  });

  it("lets 16 sockets in, closes a 17th, and lets another in when one has gone", () => {
    const { network, peers, refused, pass } = serving();
    const clients = Array.from({ length: 17 }, () => network.connect(PORT));
    pass();
    assert.deepEqual(
      clients.map(({ closed }) => closed),
      [...Array(16).fill(false), true],
    );
    assert.deepEqual(refused, ["16 sockets are open already"]);
    const [first] = clients;
    assert.ok(first);
    first.gone = true;
    pass(2);
    assert.equal(peers[0]?.closed, 1);
    const next = network.connect(PORT);
    pass();
    assert.ok(!next.closed);
  });

  it("hands on what came a character a byte, in pieces as they came, and nothing after it ended the socket", () => {
    const { client, pass } = serving();
    const { side, peer } = client();
    side.send("a\u00ff\u0000b");
    pass();
    assert.equal(peer.heard, "a\u00ff\u0000b");
    side.send("x".repeat(5_000));
    pass(1);
    assert.equal(peer.heard.length, 4 + 1_536);
    pass(3);
    assert.equal(peer.heard.length, 5_004);
    peer.port.end();
    side.send("late");
    pass(2);
    assert.equal(peer.heard.length, 5_004);
  });

  it("sends every line whole and in order, however long, at most what the socket takes at a time", () => {
    const { client, pass } = serving();
    const { side, peer } = client();
    const lines = Array.from({ length: 9 }, (_, i) => `${`${i}`.repeat(1_000)}\n`);
    for (const line of lines) peer.port.send(line);
    pass(10);
    assert.equal(side.received, lines.join(""));
  });

  it("sends JSON in ASCII: what is not is escaped", () => {
    const { client, pass } = serving();
    const { side, peer } = client();
    const line = `${JSON.stringify({ what: "µ \u{1f489} \u007f \u00ff" })}\n`;
    peer.port.send(line);
    pass(2);
    assert.match(side.received, /^[\n -~]+$/);
    assert.deepEqual(JSON.parse(side.received), JSON.parse(line));
  });

  it("delivers the last line before it closes a socket that it ended, and closes within 2 s", () => {
    const { client, pass } = serving();
    const { side, peer } = client();
    peer.port.send("last\n");
    peer.port.end();
    peer.port.send("never\n");
    pass(2);
    assert.equal(side.received, "last\n");
    assert.ok(!side.closed);
    pass(100);
    assert.ok(side.closed);
    assert.equal(peer.closed, 1);
  });

  it("drops a client that lets over 256 KiB wait", () => {
    const { client, pass } = serving();
    const { side, peer } = client();
    side.deaf = true;
    const line = `${"x".repeat(1_023)}\n`;
    for (let i = 0; i < 256; i++) peer.port.send(line);
    pass();
    assert.ok(!side.closed);
    for (let i = 0; i < 3; i++) peer.port.send(line);
    assert.ok(side.closed);
    assert.equal(peer.closed, 0, "not from inside the call that sends");
    pass();
    assert.equal(peer.closed, 1);
  });

  it("writes at most once to a client that has gone, however much is sent: a second time would raise SIGPIPE", () => {
    const { client, pass } = serving();
    const { side, peer } = client();
    side.gone = true;
    for (let i = 0; i < 5; i++) peer.port.send("line\n");
    pass(3);
    assert.equal(side.lostWrites, 1);
    assert.equal(peer.closed, 1);
    peer.port.send("line\n");
    peer.port.end();
    pass(200);
    assert.equal(side.lostWrites, 1);
    assert.equal(peer.closed, 1);
  });

  it("drops a client when a write fails", () => {
    const { client, pass } = serving();
    const { side, peer } = client();
    side.gone = true;
    side.lostWrites = 1;
    peer.port.send("line\n");
    pass();
    assert.equal(peer.closed, 1);
  });

  it("throws when it cannot have its port", () => {
    const { network, wall } = serving();
    const options = { io: network.io, wall, port: PORT, accept: () => assert.fail(), onRefused: () => {} };
    assert.throws(() => new LineServer(options), /bind/);
  });
});
