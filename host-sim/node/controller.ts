/**
 * `npm run controller`: a controller for people, over the library of host-sim/controller, with a pump behind a socket.
 * What it does and its exit codes: controller/commandLine.ts.
 */

import { randomBytes } from "node:crypto";
import { EXIT } from "./controller/ended.js";
import { runCommand } from "./controller/run.js";
import { SystemClock } from "./systemClock.js";
import { tcpStreams } from "./tcpStream.js";
import { ProcessTerminal } from "./terminal.js";

// An exit code of its own: 1 would say that nothing has changed.
process.on("uncaughtException", (error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(EXIT.defect);
});

const clock = new SystemClock();
process.exitCode = await runCommand(process.argv.slice(2), {
  terminal: new ProcessTerminal(),
  clock,
  now: () => new Date(),
  random: (length) => new Uint8Array(randomBytes(length)),
  streams: tcpStreams,
});
clock.stop();
