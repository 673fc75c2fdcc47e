/**
 * `npm run build:esp32`, `flash:esp32`, `build:sim` and `sim`: builds with the Moddable SDK's mcconfig. Exit code 0 when done,
 * 1 when a command of the SDK failed, 2 when something that it takes is missing or the arguments are wrong.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildHash } from "./buildHash.js";
import { planOf, type Surroundings, TASKS, type Task } from "./sdkTask.js";
import { messageOf } from "./systemError.js";

const EXIT = { done: 0, failed: 1, unusable: 2 } as const;

const HELP = `Usage: npm run build:esp32 | flash:esp32 | build:sim | sim [-- --debug]

  build:esp32  builds the firmware for an ESP32; MODDABLE and IDF_PATH must be set, idf.py on PATH
  flash:esp32  builds it and writes it to the board at UPLOAD_PORT
  build:sim    builds the pump for the Moddable simulator
  sim          builds and starts it there
  --debug      for the debugger xsbug, instead of a release
  --help       this text

Exit code: 0 done, 1 a command of the SDK failed, 2 something is missing.`;

const AROUND: Surroundings = {
  environment: process.env,
  platform: process.platform,
  project: resolve("."),
  buildHash: () => buildHash(resolve(".")),
  exists: existsSync,
  read: (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined),
};

function complain(what: string): void {
  process.stderr.write(`${what}\n`);
}

/** Carries out a task, and gives its exit code. */
function carryOut(task: Task, debug: boolean): number {
  const plan = planOf(task, debug, AROUND);
  if (plan.kind === "missing") {
    complain(`${task} cannot be done: ${plan.what.join("; ")}`);
    return EXIT.unusable;
  }
  for (const folder of plan.folders) mkdirSync(folder, { recursive: true });
  for (const { program, arguments: given, environment } of plan.commands) {
    const { status, signal, error } = spawnSync(program, given, {
      stdio: "inherit",
      env: { ...process.env, ...environment },
    });
    if (status === 0) continue;
    complain(`${task} failed: ${program} ${error ? error.message : `ended with ${signal ?? `status ${status}`}`}`);
    return EXIT.failed;
  }
  return EXIT.done;
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { debug: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  });
  const task = TASKS.find((each) => each === positionals[0]);
  if (values.help) process.stdout.write(`${HELP}\n`);
  else if (task === undefined || positionals.length > 1)
    throw new Error(`give one of ${TASKS.join(", ")}; --help tells more`);
  else process.exitCode = carryOut(task, values.debug);
} catch (error) {
  complain(messageOf(error));
  process.exitCode = EXIT.unusable;
}
