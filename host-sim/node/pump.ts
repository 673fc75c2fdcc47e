/**
 * `npm run pump`: one simulated pump in real time, its GATT on a socket (PROTOCOL.md, section 10). Tells what happens on
 * standard output, a line an event. Exit code 0 when it was stopped, 1 when its state or its recording could not
 * be kept, 2 for arguments, a folder, a file or a port that cannot be used.
 */

import { randomInt } from "node:crypto";
import { performance } from "node:perf_hooks";
import { getSystemErrorMap } from "node:util";
import { renderUnicodeCompact } from "uqr";
import { clockText } from "../clock/clockText.js";
import type { WallClock } from "../clock/realTime.js";
import { eventLine, type PumpEvent, SimulatedPump } from "../simulatedPump.js";
import { LineServer } from "./lineServer.js";
import { HELP, type PumpOptions, pumpOptions } from "./pumpOptions.js";
import { RecordFile } from "./recordFile.js";
import { StateFolder } from "./stateFolder.js";

const EXIT = { stopped: 0, stateLost: 1, unusable: 2 } as const;
const SEEDS = 2 ** 32;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

const WALL: WallClock = {
  nowMs: () => performance.now(),
  schedule: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(error: unknown): void {
  const text = error instanceof Error ? error.message : `${error}`;
  process.stderr.write(`${text.replace(/\s*\n\s*/g, " ")}\n`);
}

function tell(event: PumpEvent, atMs: number): void {
  print(`${clockText(atMs)}  ${eventLine(event)}`);
  if (event.kind !== "shown" || event.pairingText === undefined || !process.stdout.isTTY) return;
  print(renderUnicodeCompact(event.pairingText, { border: 2 }));
}

/** Listens on a port, or throws why that cannot be, and what to do. */
async function listen(server: LineServer, option: string, port: number): Promise<number> {
  try {
    return await server.listen(port);
  } catch (error) {
    const { errno = 0, message } = error as NodeJS.ErrnoException;
    const [, why = message] = getSystemErrorMap().get(errno) ?? [];
    throw new Error(`port ${port} of 127.0.0.1 cannot be had: ${why}; give another, or 0, with ${option}`);
  }
}

/** A recording that breaks off leaves the pump running: who talks to it matters more than who listens. */
function openRecord(path: string, folder: StateFolder | undefined): RecordFile {
  try {
    return new RecordFile(path, (why) => {
      complain(new Error(why));
      process.exitCode = EXIT.stateLost;
    });
  } catch (error) {
    folder?.close();
    throw error;
  }
}

/** Runs until it is stopped. Throws when it cannot begin. */
async function run(options: PumpOptions): Promise<void> {
  const fresh = randomInt(SEEDS);
  const folder = options.folder === undefined ? undefined : new StateFolder(options.folder, options.seed, fresh);
  const recordFile = options.record === undefined ? undefined : openRecord(options.record, folder);
  const seed = folder?.seed ?? options.seed ?? fresh;

  /** Nothing may move that is not kept: the process ends on the spot, and what it leaves is what a kill leaves. */
  const keepOrDie = (keep: () => void) => {
    try {
      keep();
    } catch (error) {
      complain(error);
      process.exit(EXIT.stateLost);
    }
  };
  const pump: SimulatedPump = new SimulatedPump({
    hardware: {
      seed,
      ...(folder && {
        earlierStarts: folder.earlierStarts,
        ...(folder.restored && { restored: folder.restored }),
        onChange: (change) => keepOrDie(() => folder.keep(pump.nowMs, change)),
      }),
    },
    ...(recordFile && { record: recordFile.sink }),
    wall: WALL,
    speed: options.speed,
    onEvent: tell,
    onPassed: (nowMs, state) => keepOrDie(() => folder?.passed(nowMs, state)),
  });
  const servers: LineServer[] = [];
  let stopped = false;
  const stop = () => {
    if (stopped) return;
    stopped = true;
    for (const server of servers) server.close();
    pump.stop();
    recordFile?.close();
    folder?.close();
  };
  try {
    const bridge = new LineServer((port) => pump.central(port));
    servers.push(bridge);
    const port = await listen(bridge, "--port", options.port);
    let labPort: number | undefined;
    if (options.labPort !== undefined) {
      const laboratory = new LineServer((line) => pump.laboratory(line));
      servers.push(laboratory);
      labPort = await listen(laboratory, "--lab-port", options.labPort);
    }
    let consolePort: number | undefined;
    if (options.consolePort !== undefined) {
      const terminal = new LineServer((port) => pump.serialConsole(port));
      servers.push(terminal);
      consolePort = await listen(terminal, "--console-port", options.consolePort);
    }
    print(`Countersign: a simulated pump, seed ${seed}${folder ? `, state in ${options.folder}` : ""}`);
    print(`listening on 127.0.0.1:${port}`);
    if (labPort !== undefined) print(`laboratory on 127.0.0.1:${labPort}`);
    if (consolePort !== undefined) print(`console on 127.0.0.1:${consolePort}`);
  } catch (error) {
    stop();
    throw error;
  }
  for (const signal of SIGNALS)
    process.on(signal, () => {
      if (!stopped) print(`stopped by ${signal}`);
      stop();
    });
  pump.start();
  if (options.pair) pump.pair();
}

// Whoever reads the output may stop reading, as `head` does.
process.stdout.on("error", () => {});
try {
  const options = pumpOptions(process.argv.slice(2));
  if (options === undefined) print(HELP);
  else await run(options);
} catch (error) {
  complain(error);
  process.exitCode = EXIT.unusable;
}
