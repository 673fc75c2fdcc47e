/** The command line of `npm run pump`. Owns nothing. */

import { parseArgs } from "node:util";

/** Ports of PROTOCOL.md 10. */
const DEFAULT_PORT = 5160;
const DEFAULT_LAB_PORT = 5161;
const LARGEST_PORT = 65_535;
const LARGEST_SEED = 0xffff_ffff;
/** Over it the machine, not this number, decides how fast a day passes. */
const LARGEST_SPEED = 10_000;

export const HELP = `Usage: npm run pump -- [options]

Runs one simulated pump in real time. Its GATT is reached over TCP on 127.0.0.1: firmware/PROTOCOL.md, section 10.

  --port N       port of the GATT bridge; ${DEFAULT_PORT} unless given, 0 for any that is free
  --state DIR    folder that the pump lives on in, through restarts and kills; unless given it dies with the process
  --pair         taps the button three times: the pump shows a pairing text for 120 s
  --speed X      1 to ${LARGEST_SPEED}: times faster, while no central is connected and no pairing text is shown
  --seed N       0 to ${LARGEST_SEED}: what the pump's chance and entropy come from; that of --state, or drawn, unless given
  --record FILE  records the whole run in pcapng as it goes, for Wireshark and npm run replay; overwrites the file
  --lab          opens the laboratory port: button, power, faults and the plant
  --lab-port N   port of the laboratory; ${DEFAULT_LAB_PORT} unless given, 0 for any that is free
  --console-port N  opens the pump's serial console as plain text on this port, for nc; 0 for any that is free
  --help         this text

Ctrl-C stops it, as taking its power would.
Exit code: 0 stopped, 1 the state or the recording could not be kept, 2 the arguments, the folder, the file or a
port cannot be used.`;

/** What was asked for. */
export interface PumpOptions {
  readonly port: number;
  /** `undefined` for no laboratory. */
  readonly labPort: number | undefined;
  /** `undefined` for no console. */
  readonly consolePort: number | undefined;
  readonly folder: string | undefined;
  readonly seed: number | undefined;
  readonly speed: number;
  readonly pair: boolean;
  /** File to record into. */
  readonly record: string | undefined;
}

/** A whole number; throws for anything else, in one line that names the option. */
function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Error(`${option} is ${JSON.stringify(text)}; it must be a whole number from ${least} to ${most}`);
}

/** Reads a command line; `undefined` when it asks for help. Throws what is wrong with it, in one line. */
export function pumpOptions(args: readonly string[]): PumpOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string", default: `${DEFAULT_PORT}` },
      state: { type: "string" },
      pair: { type: "boolean", default: false },
      speed: { type: "string", default: "1" },
      seed: { type: "string" },
      record: { type: "string" },
      lab: { type: "boolean", default: false },
      "lab-port": { type: "string" },
      "console-port": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const labPort = values["lab-port"];
  if (labPort !== undefined && !values.lab) throw new Error("--lab-port is of use only with --lab: give both");
  const consolePort = values["console-port"];
  if (values.state === "") throw new Error("--state is empty; it must name a folder");
  if (values.record === "") throw new Error("--record is empty; it must name a file");
  return {
    port: wholeNumber("--port", values.port, 0, LARGEST_PORT),
    labPort: values.lab ? wholeNumber("--lab-port", labPort ?? `${DEFAULT_LAB_PORT}`, 0, LARGEST_PORT) : undefined,
    consolePort: consolePort === undefined ? undefined : wholeNumber("--console-port", consolePort, 0, LARGEST_PORT),
    folder: values.state,
    seed: values.seed === undefined ? undefined : wholeNumber("--seed", values.seed, 0, LARGEST_SEED),
    speed: wholeNumber("--speed", values.speed, 1, LARGEST_SPEED),
    pair: values.pair,
    record: values.record,
  };
}
