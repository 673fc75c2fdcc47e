/** The command line of `npm run replay`. Owns nothing. */

import { parseArgs } from "node:util";

const LARGEST_SEED = 0xffff_ffff;

export const HELP = `Usage: npm run replay -- FILE [--list | --attack [--seed N]]

Plays a recording made by --record into a fresh simulated pump: everything that reached the pump reaches it again, at
the same time, and what the pump sends is compared with the recording, byte by byte and in time.

  --list     prints the capture instead, a line a packet; of any pcapng file
  --attack   then goes on as somebody who recorded the run: sends the pump what the controllers sent, connection by
             connection, and shows what it answered and whether the motor moved
  --seed N   attacks another pump, made from this seed, that never met those controllers: 0 to ${LARGEST_SEED}
  --help     this text

Exit code: 0 all packets identical, with --attack all refused; 1 not so; 2 the arguments or the file cannot be used.`;

/** What was asked for. */
export interface ReplayOptions {
  readonly path: string;
  readonly mode: "list" | "replay" | "attack";
  /** Of the pump to attack, when that is another. */
  readonly seed: number | undefined;
}

/** Reads a command line; `undefined` when it asks for help. Throws what is wrong with it, in one line. */
export function replayOptions(args: readonly string[]): ReplayOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      list: { type: "boolean", default: false },
      attack: { type: "boolean", default: false },
      seed: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { list, attack, seed } = values;
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0) throw new Error("give one FILE to replay; --help tells more");
  if (list && attack) throw new Error("give --list or --attack, not both");
  if (seed === undefined) return { path, mode: list ? "list" : attack ? "attack" : "replay", seed };
  if (!attack) throw new Error("--seed chooses another pump to attack: give --attack, too");
  if (!(/^\d{1,10}$/.test(seed) && Number(seed) <= LARGEST_SEED))
    throw new Error(`--seed is ${JSON.stringify(seed)}; it must be a whole number from 0 to ${LARGEST_SEED}`);
  return { path, mode: "attack", seed: Number(seed) };
}
