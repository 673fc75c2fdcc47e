/**
 * Somebody who wants a bolus, while processes die around them. They know what they were told and nothing else: told
 * of a dose that was accepted they ask for its end, told of none they order again.
 */

import type { Random } from "../../../host-sim/clock/random.js";
import { moved } from "./account.js";
import type { Kill, Line, Ran, Scene } from "./scene.js";
import { drawStrike, onceIn } from "./strike.js";

/** Orders are struck each time, up to this many commands, and then every other time, so that a bolus gets given. */
const STRUCK_COMMANDS = 6;
/** Commands after which a bolus still not given is a failure. */
const MOST_COMMANDS = 40;
/** Between questions about a bolus that is being delivered, of the wall. */
const WAIT_MS = 100;

/** Exit codes that a command of a sound folder may end with (README.md, "A controller at the command line"). */
const SOUND = [0, 1, 3, 4, 5];
const UNKNOWN = 4;

/** What became of it. */
export interface Served {
  /** How often the bolus was ordered. */
  readonly typed: number;
  /** What was told of each dose last: `accepted`, or the kind of its outcome. */
  readonly told: ReadonlyMap<string, string>;
  readonly kills: readonly Kill[];
  /** Exit codes, of commands not killed. */
  readonly codes: readonly number[];
  readonly wrong: readonly string[];
}

/** Adds what a command said of boluses. */
function listen(told: Map<string, string>, lines: readonly Line[]): void {
  for (const { event, dose, order, kind } of lines) {
    const { command } = (order ?? {}) as { readonly command?: string };
    if (typeof dose !== "string" || command !== "setBolus") continue;
    if (event === "accepted") told.set(dose, "accepted");
    if (event === "refused") told.set(dose, "refused");
    if (event === "outcome") told.set(dose, `${kind}`);
  }
}

/** What is wrong with how a command ended. */
function wrongWith({ args, code, lines }: Ran): readonly string[] {
  if (code === null) return [];
  const what = `${args.join(" ")}: exit code ${code}: ${JSON.stringify(lines)}`;
  if (!SOUND.includes(code)) return [what];
  const ends = lines.filter(({ event }) => event === "outcome").map(({ kind }) => kind);
  if (args[0] !== "bolus") return [];
  if (code === 0 && ends.at(-1) !== "delivered") return [what];
  if (code === 5 && !["stopped", "uncertain"].includes(`${ends.at(-1)}`)) return [what];
  return code === 3 && lines.some(({ event }) => event === "accepted") ? [what] : [];
}

/** Gets the bolus given, however often it takes. `onKill` is told of each kill. */
export async function serve(
  scene: Scene,
  random: Random,
  units: string,
  onKill: (kill: Kill, args: readonly string[]) => void,
): Promise<Served> {
  const told = new Map<string, string>();
  const kills: Kill[] = [];
  const codes: number[] = [];
  const wrong: string[] = [];
  let typed = 0;
  let mustAsk = false;
  for (let commands = 0; commands < MOST_COMMANDS; commands += 1) {
    const known = [...told.values()];
    if (known.some((kind) => moved(kind))) return { typed, told, kills, codes, wrong };
    const isOpen = mustAsk || known.some((kind) => moved(kind) === undefined);
    const asks = isOpen || (commands > 0 && onceIn(random, 3));
    const strikes = (!asks && commands < STRUCK_COMMANDS) || random.boolean();
    const strike = strikes ? drawStrike(random, asks ? "asking" : "ordering") : undefined;
    if (!asks) typed += 1;
    const ran = await scene.run(asks ? ["outcome"] : ["bolus", units], strike);
    for (const kill of ran.kills) onKill(kill, ran.args);
    kills.push(...ran.kills);
    if (ran.code !== null) codes.push(ran.code);
    wrong.push(...wrongWith(ran));
    listen(told, ran.lines);
    mustAsk = ran.code === UNKNOWN || (mustAsk && ran.code !== 0 && ran.code !== 1 && ran.code !== 5);
    if ([...told.values()].includes("delivering")) await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
  return { typed, told, kills, codes, wrong: [...wrong, `not given after ${MOST_COMMANDS} commands`] };
}
