/** The command line read: which command, with what, and the options that all have. Nothing happens in here. */

import { parseArgs } from "node:util";
import { COMMANDS, type Command, type Option, type Task } from "./commands.js";
import { Ended, EXIT } from "./ended.js";

/** Beside the project's sources; a folder of a person's own is given by --folder. */
const DEFAULT_FOLDER = ".countersign/controller";
/** Of the pump's socket (PROTOCOL.md section 10). */
const DEFAULT_PORT = "5160";
const LARGEST_PORT = 65_535;
const USAGE_COLUMNS = 33;

/** What to do. */
export interface Chosen {
  readonly task: Task;
  readonly folderUse: Command["folder"];
  readonly folder: string;
  readonly port: number;
  readonly json: boolean;
  readonly yes: boolean;
}

const OWN: readonly Option[] = ["correction", "meal", "change", "yes"];

function nameOf({ words }: Command): string {
  return words.join(" ");
}

/** The help text. */
export const HELP = `Usage: npm run controller -- [--folder DIR] [--port N] [--json] COMMAND

Operates a pump as a person would: the simulated one of npm run pump, on this computer.

${COMMANDS.map((command) => `  ${`${nameOf(command)} ${command.usage}`.padEnd(USAGE_COLUMNS)}${command.help}`).join("\n")}

  --folder DIR   where bonds, pending orders and the journal are kept, for one command at a time;
                 ${DEFAULT_FOLDER} unless given
  --port N       of the pump's socket; ${DEFAULT_PORT} unless given
  --json         one JSON object a line, on standard output, errors too
  --yes          approves without asking; without it nothing is approved where nobody can be asked
  --help         this text

Amounts are in U and U/h, in steps of 0.01: 0.5 or 12, not .5 or 0,5. A dose ID looks like 1-3.

Each order is written down before it is sent. One whose answer was lost is pending: the next order asks the pump first
what became of it. A bolus is not ordered when that tells of an earlier one that delivered, and nothing is ordered twice
by itself. orders shows the journal of this folder, history what the pump itself has recorded.

Exit code:
  0    done
  1    refused by the pump, or not approved: nothing has changed
  2    the command line is wrong
  3    no session with the pump: nothing was ordered
  4    what became of an order is not known, or has only now been learnt: look before ordering again
  5    the bolus ended before it was whole, or how much was delivered is not known exactly
  6    the folder cannot be used: no bond, damaged, open to others, or at work for another command
  70   a defect of this program: ask with outcome before ordering again
  130  interrupted before anything was ordered`;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        folder: { type: "string", default: DEFAULT_FOLDER },
        port: { type: "string", default: DEFAULT_PORT },
        json: { type: "boolean", default: false },
        correction: { type: "boolean", default: false },
        meal: { type: "boolean", default: false },
        change: { type: "boolean", default: false },
        yes: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new Ended(EXIT.usage, error instanceof Error ? error.message : `${error}`);
  }
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > LARGEST_PORT)
    throw new Ended(EXIT.usage, `--port is ${text}; it must be 1 to ${LARGEST_PORT}.`);
  return port;
}

function commandOf(positionals: readonly string[]): Command {
  const [first] = positionals;
  const found = COMMANDS.find(({ words }) => words.every((word, index) => positionals[index] === word));
  if (found !== undefined) return found;
  const names = COMMANDS.map(nameOf).join(", ");
  throw new Ended(EXIT.usage, `${first === undefined ? "No command" : `No command "${first}"`}: give one of ${names}.`);
}

/** Reads the command line; "help" when that is asked for. Throws an {@link Ended} when it is wrong. */
export function readCommandLine(args: readonly string[]): Chosen | "help" {
  const { values, positionals } = parse(args);
  if (values.help) return "help";
  const { folder, json, yes } = values;
  const port = portOf(values.port);
  if (folder === "") throw new Ended(EXIT.usage, "--folder is empty: give a path.");
  const command = commandOf(positionals);
  const rest = positionals.slice(command.words.length);
  const options = new Set(OWN.filter((option) => values[option]));
  const [least, most] = command.arguments;
  const stray = [...options].find((option) => !command.options.includes(option));
  if (stray !== undefined) throw new Ended(EXIT.usage, `--${stray} is not for ${nameOf(command)}.`);
  if (rest.length < least || rest.length > most)
    throw new Ended(EXIT.usage, `Usage: ${`${nameOf(command)} ${command.usage}`.trim()}, and nothing else.`);
  const task = command.prepare({ arguments: rest, options });
  return { task, folderUse: command.folder, folder, port, json, yes };
}

/** Whether the command line asks for JSON, as far as can be told of one that may be wrong. */
export function wantsJson(args: readonly string[]): boolean {
  return args.includes("--json");
}
