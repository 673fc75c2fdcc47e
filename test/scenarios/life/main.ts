/**
 * `npm run life`: two weeks of a pump and the person who lives with it, of any seed. Prints the figures of the last
 * evening. Exit code 0 when all agrees, 1 with what does not and the seed, 2 for arguments that cannot be used.
 */

import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { DAYS, live } from "./life.js";

const HELP = `Usage: npm run life -- [--seed S] [--lives N]

  --seed S   0 to 4294967295: what happens when; drawn unless given
  --lives N  1 to 1000 lives, of this seed and those that follow; 1 unless given
  --help     this text`;

const EXIT = { agrees: 0, wrong: 1, unusable: 2 } as const;
const SEEDS = 2 ** 32;
const MOST_LIVES = 1_000;

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
      seed: { type: "string" },
      lives: { type: "string", default: "1" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const seed = values.seed === undefined ? randomInt(SEEDS) : wholeNumber("--seed", values.seed, 0, SEEDS - 1);
  return { seed, lives: wholeNumber("--lives", values.lives, 1, MOST_LIVES) };
}

function run({ seed: first, lives }: { readonly seed: number; readonly lives: number }): number {
  let code: number = EXIT.agrees;
  for (let seed = first; seed < first + lives; seed++) {
    print(`Seed ${seed}, ${DAYS} days.`);
    const { wrong, lines } = live(seed, DAYS);
    for (const line of lines) print(`  ${line}`);
    for (const what of wrong) print(`WRONG: ${what}`);
    if (wrong.length > 0) code = EXIT.wrong;
  }
  return code;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) print(HELP);
  else process.exitCode = run(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = EXIT.unusable;
}
