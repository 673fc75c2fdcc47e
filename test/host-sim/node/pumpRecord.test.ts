/** `npm run pump -- --record FILE`: a recording that grows with the run, and outlives a kill. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Player } from "../../../host-sim/trace/player.js";
import { type Recording, readRecording } from "../../../host-sim/trace/recording.js";
import { FROM_PUMP } from "../bridge/bench.js";
import { PumpProcess, runPump, SocketClient } from "./pumpProcess.js";

/** A device that takes no byte (full(4)); Linux alone has it. */
const FULL = "/dev/full";

describe("npm run pump -- --record", () => {
  let folder = "";
  let running: PumpProcess | undefined;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "countersign-record-"));
  });
  afterEach(async () => {
    await running?.end("SIGKILL");
  });
  after(() => rmSync(folder, { recursive: true }));

  async function start(...args: readonly string[]) {
    const pump = new PumpProcess([], "--lab", "--lab-port", "0", ...args);
    running = pump;
    return { pump, client: new SocketClient(await pump.port()), laboratory: new SocketClient(await pump.labPort()) };
  }

  function recordingOf(path: string): Recording {
    const read = readRecording(readFileSync(path));
    assert.ok(read.kind === "ok", read.kind === "malformed" ? read.what : "");
    return read.recording;
  }

  it("has every packet in the file before the client has it, and replays though the process was killed", async () => {
    const path = join(folder, "killed.pcapng");
    const { pump, client, laboratory } = await start("--record", path);
    await laboratory.ask({ do: "press", ms: [100] });
    client.send({ do: "connect", mtu: 247 }, { do: "subscribe", characteristic: FROM_PUMP });
    const { value } = await client.event("indication");
    assert.ok(readFileSync(path).includes(Buffer.from(`${value}`, "hex")));
    await laboratory.ask({ do: "cut" });
    await laboratory.ask({ do: "restore" });
    assert.equal(await pump.end("SIGKILL"), null);
    const recording = recordingOf(path);
    assert.equal(recording.ending, undefined);
    const { difference, identical } = new Player(recording).play();
    assert.equal(difference, undefined, JSON.stringify(difference));
    assert.ok(identical > 5);
  });

  it("records the state that it goes on from, and its end on Ctrl-C", async () => {
    const path = join(folder, "again.pcapng");
    const state = join(folder, "state");
    for (const which of ["first", "second"]) {
      const { pump, client } = await start("--record", path, "--state", state);
      client.send({ do: "connect", mtu: 247 }, { do: "subscribe", characteristic: FROM_PUMP });
      await client.event("indication");
      assert.equal(await pump.end("SIGINT"), 0);
      const recording = recordingOf(path);
      assert.ok(recording.ending);
      assert.equal(recording.beginning.earlierStarts, which === "first" ? 0 : 1);
      const { difference } = new Player(recording).play();
      assert.equal(difference, undefined, `${which}: ${JSON.stringify(difference)}`);
    }
  });

  (existsSync(FULL) ? it : it.skip)(
    "tells that the recording broke off, goes on without it, and ends with exit code 1",
    async () => {
      const { pump, client } = await start("--record", FULL);
      client.send({ do: "connect", mtu: 247 }, { do: "subscribe", characteristic: FROM_PUMP });
      await client.event("indication");
      assert.equal(await pump.end("SIGINT"), 1);
      assert.equal(pump.stderr, `${FULL}: the recording broke off: no space left on device\n`);
    },
  );

  it("exits 2 on a file that cannot be written, and leaves its folder free", () => {
    const state = join(folder, "free");
    const { status, stdout, stderr } = runPump("--record", folder, "--state", state);
    assert.deepEqual([status, stdout], [2, ""]);
    assert.equal(stderr, `${folder}: cannot be written: illegal operation on a directory\n`);
    assert.deepEqual(readdirSync(state), ["pump.state"]);
  });
});
