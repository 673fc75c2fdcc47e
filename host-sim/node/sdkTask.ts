/**
 * What each task with the Moddable SDK takes: what must be there, and the commands to run. Looks at the file system
 * through what it is given; runs nothing.
 */

import { basename, join } from "node:path";

/** `npm run build:esp32`, and so on. */
export const TASKS = ["build:esp32", "flash:esp32", "build:sim", "sim"] as const;
export type Task = (typeof TASKS)[number];

export interface Surroundings {
  readonly environment: { readonly [name: string]: string | undefined };
  /** Of Node: `linux`, `darwin` and so on. */
  readonly platform: string;
  /** Root of the project. */
  readonly project: string;
  readonly exists: (path: string) => boolean;
  /** Hash of the firmware's sources. */
  readonly buildHash: () => string;
  /** The text of a file, undefined when there is none. */
  readonly read: (path: string) => string | undefined;
}

/** A command line, without a shell. */
export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: { readonly [name: string]: string };
}

/** What is missing, a clause each; or what to run, one after the other, and the folders that must be there before. */
export type Plan =
  | { readonly kind: "missing"; readonly what: readonly string[] }
  | { readonly kind: "commands"; readonly folders: readonly string[]; readonly commands: readonly Command[] };

/** Versions that the manifest was linked and run with. */
const SDK_VERSION = /^8\.2(\.|$)/;
/** The SDK's folder of tools by Node's name of the platform. */
const HOSTS: { readonly [platform: string]: string } = { linux: "lin", darwin: "mac" };
/** Where mcconfig builds; git ignores it. */
const OUTPUT = ".moddable";
/** Panes of simulated devices: the manifest's SIMULATORS. */
const PANES = "host-sim/moddable/simulator";

/** Where a program would be found, or undefined. */
function onPath({ environment, exists }: Surroundings, program: string): boolean {
  return (environment["PATH"] ?? "").split(":").some((folder) => folder !== "" && exists(join(folder, program)));
}

function missingOfSdk(around: Surroundings, sdk: string | undefined, tools: string): readonly string[] {
  if (sdk === undefined || sdk === "") return ["MODDABLE is not set: it must name the folder of the Moddable SDK 8.2"];
  const version = around.read(join(sdk, "tools/VERSION"))?.trim();
  if (version === undefined) return [`MODDABLE is ${sdk}, which is no Moddable SDK: tools/VERSION is not there`];
  if (!SDK_VERSION.test(version)) return [`MODDABLE is a Moddable SDK ${version}: 8.2 is needed`];
  if (!around.exists(join(tools, "mcconfig"))) return [`mcconfig is not built: run make in ${sdk}/build/makefiles`];
  return [];
}

function missingOfIdf(around: Surroundings): readonly string[] {
  const idf = around.environment["IDF_PATH"];
  if (idf === undefined || idf === "") return ["IDF_PATH is not set: it must name the folder of ESP-IDF 6.0"];
  if (!around.exists(join(idf, "export.sh")))
    return [`IDF_PATH is ${idf}, which is no ESP-IDF: export.sh is not there`];
  return onPath(around, "idf.py") ? [] : [`idf.py is not on PATH: run . ${idf}/export.sh`];
}

function missingOfSimulator(
  task: Task,
  { environment, platform, exists }: Surroundings,
  tools: string,
): readonly string[] {
  if (platform !== "linux") return ["the pump's simulator was made for Linux: its sockets are not those of macOS"];
  if (task !== "sim") return [];
  if (exists(join(tools, "mcconfig")) && !exists(join(tools, "mcsim")))
    return [`mcsim is not built: there is none in ${tools}`];
  return environment["DISPLAY"] ? [] : ["DISPLAY is not set: the simulator needs a screen, or xvfb-run in front"];
}

/** Plans a task. @param debug for the debugger xsbug, instead of a release */
export function planOf(task: Task, debug: boolean, around: Surroundings): Plan {
  const { environment, platform, project } = around;
  const host = HOSTS[platform];
  if (host === undefined)
    return { kind: "missing", what: [`nothing is known of building on ${platform}: Linux or macOS`] };
  const sdk = environment["MODDABLE"];
  const tools = join(sdk ?? "", "build/bin", host, "release");
  const esp32 = task.endsWith("esp32");
  const what = [
    ...missingOfSdk(around, sdk, tools),
    ...(around.exists(join(project, "node_modules/.bin/tsc")) ? [] : ["tsc is missing: run npm ci"]),
    ...(esp32 ? missingOfIdf(around) : []),
    ...(esp32 ? [] : missingOfSimulator(task, around, tools)),
  ];
  if (what.length > 0) return { kind: "missing", what };

  const folder = join(project, OUTPUT);
  const path = [tools, join(project, "node_modules/.bin"), environment["PATH"]].join(":");
  const run = (program: string, ...rest: readonly string[]): Command => ({
    program: join(tools, program),
    arguments: rest,
    environment: { PATH: path },
  });
  // What the pump says of its build: mc/config has it from the command line. The simulated board says "simulated".
  const config = esp32 ? [`hash=${around.buildHash()}`] : [];
  const mcconfig = (target: string) =>
    run(
      "mcconfig",
      ...(debug ? ["-d"] : []),
      "-m",
      "-p",
      esp32 ? "esp32" : host,
      "-t",
      target,
      "-o",
      folder,
      ...config,
    );
  const folders = [folder];
  const commands = [mcconfig("build")];
  if (task === "flash:esp32") commands.push(mcconfig("deploy"));
  if (task === "sim") {
    const app = join(folder, "bin", host, "mc", debug ? "debug" : "release", basename(project), "mc.so");
    commands.push(run("mcsim", join(project, PANES), app));
    folders.push(join(environment["HOME"] ?? "", ".config"));
  }
  return { kind: "commands", folders, commands };
}
