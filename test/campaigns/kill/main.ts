/**
 * `npm run campaign:kill`: kills pump and controller at random moments of many boluses, and accounts for every dose. A line
 * a kill, then a summary. Exit code 0 when every dose is accounted for and none doubled, 1 with what is wrong and the
 * seed, 2 for arguments that cannot be used.
 */

import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { campaigns } from "./campaign.js";
import { summary } from "./tally.js";

const HELP = `Usage: npm run campaign:kill -- [--boluses N] [--seed S]

Runs pumps, up to four at a time, and a controller for each, as processes, and kills them with SIGKILL while boluses
are ordered and delivered. 200 boluses take about six minutes.

  --boluses N  1 to 100000; 200 unless given
  --seed S     0 to 4294967295: whom to kill when; drawn unless given
  --help       this text

Exit code: 0 every dose is accounted for, 1 one is not, 2 the arguments cannot be used.`;

const EXIT = { accounted: 0, wrong: 1, unusable: 2 } as const;
const SEEDS = 2 ** 32;
const MOST_BOLUSES = 100_000;
/** Pumps at a time: each waits most of its time, for pulses. */
const PUMPS = 4;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Error(`${option} is ${JSON.stringify(text)}; it must be a whole number from ${least} to ${most}`);
}

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      boluses: { type: "string", default: "200" },
      seed: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const seed = values.seed === undefined ? randomInt(SEEDS) : wholeNumber("--seed", values.seed, 0, SEEDS - 1);
  return { boluses: wholeNumber("--boluses", values.boluses, 1, MOST_BOLUSES), seed };
}

async function run(options: { readonly seed: number; readonly boluses: number }): Promise<number> {
  print(`Seed ${options.seed}, ${options.boluses} boluses.`);
  try {
    const all = await campaigns(PUMPS, { ...options, print });
    for (const line of summary(all)) print(line);
    const { wrong } = all;
    for (const what of wrong) print(`WRONG: ${what}`);
    print(wrong.length === 0 ? "Every dose is accounted for, none doubled." : `Failed, seed ${options.seed}.`);
    return wrong.length === 0 ? EXIT.accounted : EXIT.wrong;
  } catch (error) {
    print(`Failed: ${error instanceof Error ? error.message : error}`);
    return EXIT.wrong;
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) print(HELP);
  process.exitCode = options === undefined ? EXIT.accounted : await run(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = EXIT.unusable;
}
