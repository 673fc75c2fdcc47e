/** `npm run pump` from outside: streams, exit codes, sockets, and a kill in the middle of a bolus. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Controller } from "../../../host-sim/controller/controller.js";
import { MemoryStore } from "../../../host-sim/world.js";
import { FROM_PUMP, lineTransport } from "../bridge/bench.js";
import { PumpProcess, runPump, SocketClient, WALL_CLOCK } from "./pumpProcess.js";

/** A half-step of the plant and the difference of its constants. */
const HALF_STEP_MICROUNITS = 1_300;

describe("npm run pump", () => {
  let folder = "";
  const running = new Set<PumpProcess>();
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "countersign-pump-"));
  });
  afterEach(async () => {
    for (const pump of running) await pump.end("SIGKILL");
    running.clear();
  });
  after(() => rmSync(folder, { recursive: true }));

  function start(nodeArgs: readonly string[], ...args: readonly string[]): PumpProcess {
    const pump = new PumpProcess(nodeArgs, ...args);
    running.add(pump);
    return pump;
  }

  for (const [args, line] of [
    [["--speed", "0"], /^--speed is "0"; it must be a whole number from 1 to 10000\n$/],
    [["--state", "/dev/null/state"], /^\/dev\/null\/state: cannot be used: not a directory\n$/],
  ] as const)
    it(`exits 2 on ${args.join(" ")}, with one line on stderr and none on stdout`, () => {
      const { status, stdout, stderr } = runPump(...args);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, line);
    });

  it("explains itself and exits 0 on --help", () => {
    const { status, stdout, stderr } = runPump("--help");
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /--port N[\s\S]*--state DIR[\s\S]*--pair[\s\S]*--speed X[\s\S]*--lab-port N[\s\S]*Exit code/);
  });

  it("exits 2 on a port that is taken, the laboratory's included, and leaves its folder free", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { readonly port: number }).port));
    });
    const state = join(folder, "taken");
    for (const [option, args] of [
      ["--port", ["--port", `${port}`]],
      ["--lab-port", ["--port", "0", "--lab", "--lab-port", `${port}`]],
    ] as const) {
      const { status, stdout, stderr } = runPump(...args, "--state", state);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(
        stderr,
        new RegExp(`^port ${port} of 127.0.0.1 cannot be had: address already in use; .*${option}\n$`),
      );
      assert.deepEqual(readdirSync(state), ["pump.state"]);
    }
    server.close();
  });

  it("boots, shows a pairing text, tells of a central, and stops with exit code 0 on Ctrl-C", async () => {
    const pump = start([], "--pair");
    const port = await pump.port();
    await pump.line(/^0:00:00 {2}booted$/);
    await pump.line(/^0:00:0\d {2}shown: Pair \| ([A-Z2-7]{42})$/);
    const client = new SocketClient(port);
    client.send({ do: "connect", mtu: 247 });
    assert.equal((await client.event("connected"))["mtu"], 247);
    await pump.line(/central connected, ATT_MTU 247$/);
    client.socket.resetAndDestroy();
    await pump.line(/central disconnected$/);
    const next = new SocketClient(port);
    next.send({ do: "scan" });
    await next.event("advertisement");
    assert.equal(await pump.end("SIGINT"), 0);
    await next.closed;
    assert.equal(pump.stderr, "");
  });

  it("tells a client what was wrong before it closes the socket, and lives on", async () => {
    const pump = start([]);
    const port = await pump.port();
    const client = new SocketClient(port);
    client.socket.write(`GET / HTTP/1.1\r\nHost: pump\r\n\r\n${"x".repeat(100_000)}`);
    assert.match(`${(await client.event("error"))["what"]}`, /^line 1: no JSON object/);
    await client.closed;
    const next = new SocketClient(port);
    next.send({ do: "scan" });
    await next.event("advertisement");
  });

  it("drops a client that never reads, and lets in no more than 16 at a time", async () => {
    const pump = start([]);
    const port = await pump.port();
    const mute = new SocketClient(port);
    mute.socket.pause();
    const requests = '{"do":"scan"}\n'.repeat(1_000);
    await new Promise<void>((resolve) => {
      const flood = () => {
        if (mute.socket.destroyed) resolve();
        else mute.socket.write(requests, () => setImmediate(flood));
      };
      flood();
    });
    const clients = Array.from({ length: 16 }, () => new SocketClient(port));
    for (const client of clients) {
      client.send({ do: "scan" });
      await client.event("advertisement");
    }
    await new SocketClient(port).closed;
    clients[0]?.socket.destroy();
    await clients[0]?.closed;
    clients[1]?.send({ do: "scan" });
    await clients[1]?.event("advertisement");
  });

  it("ends on the spot, with exit code 1 and one line, when its state cannot be written", async () => {
    const module = join(folder, "full.mjs");
    const text = [
      'import fs from "node:fs";',
      'import { syncBuiltinESMExports } from "node:module";',
      "const { writeSync } = fs;",
      "let left = 8;",
      "fs.writeSync = (...parameters) => {",
      "  if (left-- > 0) return writeSync(...parameters);",
      '  throw Object.assign(new Error("no space"), { errno: -28 });',
      "};",
      "syncBuiltinESMExports();",
    ];
    writeFileSync(module, text.join("\n"));
    const state = join(folder, "full");
    const full = start(["--import", `file://${module}`], "--state", state);
    assert.equal(await full.ended, 1);
    assert.match(full.stderr, /full: cannot be used: no space left on device\n$/);
    assert.equal(full.stderr.trimEnd().split("\n").length, 1);
    const next = start([], "--state", state);
    await next.line(/booted$/);
  });

  it("runs days in moments while nobody is connected", async () => {
    const pump = start([], "--lab", "--lab-port", "0", "--speed", "10000");
    const laboratory = new SocketClient(await pump.labPort());
    await laboratory.ask({ do: "observe" });
    await laboratory.ask({ do: "press", ms: [3_600_000] });
    const seen = await laboratory.ask({ do: "advance", ms: 86_400_000 });
    assert.equal(seen["do"], "advance");
    const { nowMs } = (await laboratory.ask({ do: "observe" })) as unknown as { readonly nowMs: number };
    assert.ok(nowMs >= 90_000_000, `${nowMs}`);
  });

  it("killed in the middle of a bolus, starts again with its bond, and says of it what the plant shows (SR-36)", async () => {
    const state = join(folder, "killed");
    const store = new MemoryStore();
    const controllerOn = (client: SocketClient) =>
      new Controller({
        transport: lineTransport(client),
        clock: WALL_CLOCK,
        random: (length) => new Uint8Array(randomBytes(length)),
        store,
      });
    const begin = async () => {
      const pump = start([], "--state", state, "--seed", "9", "--lab", "--lab-port", "0");
      const client = new SocketClient(await pump.port());
      const laboratory = new SocketClient(await pump.labPort());
      return { pump, client, laboratory, controller: controllerOn(client) };
    };
    const displaced = async (laboratory: SocketClient) =>
      (await laboratory.ask({ do: "observe" }))["displacedMicrounits"] as number;

    const first = await begin();
    await first.laboratory.ask({ do: "press", ms: [100, 100, 100] });
    const text = await first.pump.line(/shown: Pair \| ([A-Z2-7]{42})$/);
    const paired = await new Promise((done) => first.controller.pair(text, done));
    assert.equal((paired as { readonly kind: string }).kind, "ok");
    const run = await new Promise((done) => first.controller.run(() => true, done));
    assert.equal((run as { readonly kind: string }).kind, "ok");
    const bolus = await new Promise((done) => first.controller.bolus(1_000_000, {}, done));
    assert.equal((bolus as { readonly kind: string }).kind, "ok");
    let seen = 0;
    while (seen < 10_000) seen = await displaced(first.laboratory);
    assert.equal(await first.pump.end("SIGKILL"), null);

    const second = await begin();
    const opened = await new Promise((done) => second.controller.open(done));
    assert.equal((opened as { readonly kind: string }).kind, "ok", "the bond works");
    const outcome = await new Promise<Parameters<Parameters<Controller["resolve"]>[0]>[0]>((done) =>
      second.controller.resolve(done),
    );
    assert.ok(outcome.kind === "ok");
    const after = await displaced(second.laboratory);
    const { lowMicrounits, highMicrounits, kind } = outcome.value;
    assert.equal(kind, "uncertain");
    assert.ok(after >= seen, `${after} of ${seen} µU are left`);
    assert.ok(after >= lowMicrounits - HALF_STEP_MICROUNITS && after <= highMicrounits + HALF_STEP_MICROUNITS);
    assert.ok(highMicrounits < 200_000, "the bolus was not resumed");
    second.controller.close();
    assert.equal(await second.pump.end("SIGTERM"), 0);
  });

  it("answers a subscription with m1 within the pump's deadlines, in real time at any speed", async () => {
    const pump = start([], "--speed", "10000");
    const client = new SocketClient(await pump.port());
    client.send({ do: "connect", mtu: 247 }, { do: "subscribe", characteristic: FROM_PUMP });
    await client.event("indication");
    // At 10,000 times real time the handshake's 5 s would be over long before these answers.
    for (let i = 0; i < 20; i++) {
      client.send({ do: "discover" });
      await client.event("services");
    }
  });

  it("has its serial console on a port, as plain text to and fro", async () => {
    const pump = start([], "--console-port", "0", "--seed", "7");
    const port = Number(await pump.line(/^console on 127\.0\.0\.1:(\d+)$/));
    const socket = connect(port, "127.0.0.1");
    let heard = "";
    const answered = new Promise<void>((resolve, reject) => {
      socket.setEncoding("latin1").on("data", (piece: string) => {
        heard += piece;
        if (heard.includes("annunciations pending\r\n")) resolve();
      });
      socket.on("error", reject);
    });
    await pump.line(/booted/);
    socket.write("sta");
    socket.write("tus\n");
    await answered;
    socket.destroy();
    assert.match(heard, /^> status\r\nCountersign \d+\.\d+\.\d+, up \d+ s\r\nState: +Stop\r\n/m);
  });
});
