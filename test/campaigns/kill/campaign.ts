/**
 * Boluses while pump and controller are killed with SIGKILL, as processes, at moments drawn from a seed; and the account
 * of every dose. What is typed and when is killed come from the seed; what a kill hits depends on the machine, so that
 * a seed run again strikes alike and not the same.
 */

import { Random } from "../../../host-sim/clock/random.js";
import { Account, type Entry, entriesOf, type Reading } from "./account.js";
import { serve } from "./person.js";
import { type Line, Scene } from "./scene.js";
import { count, type Tally, together } from "./tally.js";

/** Amounts from 0.1 to 0.2 U, in steps of 0.01 U: two to four pulses. */
const LEAST_HUNDREDTHS = 10;
const AMOUNTS = 11;
const MICROUNITS_PER_HUNDREDTH = 10_000;
/** After so many boluses, so much time passes: they and basal stay within the pump's limits of an hour and of a day. */
const BOLUSES_A_BREAK = 8;
const BREAK_MS = 40 * 60_000;
/** At the end the pump is asked once more about so many orders, of the 64 that it keeps. */
const ASKED_AGAIN = 16;
const MOST_SETTLING = 50;

export interface CampaignOptions {
  /** 32 bits. */
  readonly seed: number;
  readonly boluses: number;
  /** Told each line for people. */
  readonly print: (line: string) => void;
}

class Campaign {
  readonly #options: CampaignOptions;
  readonly #scene: Scene;
  readonly #random: Random;
  readonly #account = new Account();
  readonly #kills = new Map<string, number>();
  readonly #codes = new Map<string, number>();
  readonly #wrong: string[] = [];
  #seenEntries = 0;
  #typed = 0;

  constructor(options: CampaignOptions, scene: Scene) {
    this.#options = options;
    this.#scene = scene;
    this.#random = new Random(options.seed);
  }

  async run(): Promise<Tally> {
    let before = await this.#read();
    for (let bolus = 1; bolus <= this.#options.boluses && this.#wrong.length === 0; bolus += 1) {
      before = await this.#give(bolus, before);
      if (bolus % BOLUSES_A_BREAK !== 0) continue;
      await this.#scene.advance(BREAK_MS);
      before = await this.#read();
    }
    this.#wrong.push(...this.#account.total());
    await this.#askAgain();
    const { ends, sums, mostBeyondMicrounits } = this.#account;
    const counts = { kills: this.#kills, codes: this.#codes, ends };
    return { wrong: this.#wrong, typed: this.#typed, ...counts, sums, mostBeyondMicrounits };
  }

  /** Gives one bolus, and accounts for it. */
  async #give(bolus: number, before: Reading): Promise<Reading> {
    const hundredths = LEAST_HUNDREDTHS + this.#random.below(AMOUNTS);
    const amount = (hundredths / 100).toFixed(2);
    const name = `${`${bolus}`.padStart(3)}  ${amount} U`;
    const served = await serve(this.#scene, this.#random, amount, ({ victim, phase, caught }, args) => {
      const what = `${victim} ${phase}${caught === "" ? "" : `, ${caught}`}`;
      count(this.#kills, what);
      this.#options.print(`${name}  ${args[0]?.padEnd(7)}  killed: ${what}`);
    });
    for (const code of served.codes) count(this.#codes, `${code}`);
    const entries = await this.#settled();
    const after = await this.#read();
    this.#typed += served.typed;
    const wrong = this.#account.add({
      ...served,
      amountMicrounits: hundredths * MICROUNITS_PER_HUNDREDTH,
      entries,
      pumpKills: served.kills.filter(({ victim }) => victim === "pump").length,
      before,
      after,
    });
    const told = entries.map(({ dose, kind }) => `${dose} ${kind}`).join(", ");
    this.#wrong.push(...[...served.wrong, ...wrong].map((what) => `bolus ${bolus} (${told}): ${what}`));
    return after;
  }

  /** New entries of the journal, once the pump was asked about those that nobody has heard of. */
  async #settled(): Promise<readonly Entry[]> {
    for (let tries = 0; tries < MOST_SETTLING; tries += 1) {
      const { code, lines } = await this.#scene.run(["orders"]);
      if (code !== 0) this.#wrong.push(`history: exit code ${code}: ${JSON.stringify(lines)}`);
      const entries = entriesOf(lines).slice(this.#seenEntries);
      if (entries.every(({ kind }) => kind !== undefined && kind !== "delivering") || this.#wrong.length > 0) {
        this.#seenEntries += entries.length;
        return entries;
      }
      await this.#scene.run(["outcome"]);
    }
    throw new Error("the journal keeps an order whose end is not known");
  }

  async #read(): Promise<Reading> {
    const { code, lines } = await this.#scene.run(["status"]);
    const status: Line = lines.find(({ event }) => event === "status") ?? {};
    const { bolusMicrounits, basalMicrounits } = (status["delivered"] ?? {}) as Record<string, number | undefined>;
    if (code !== 0 || bolusMicrounits === undefined || basalMicrounits === undefined)
      throw new Error(`status: exit code ${code}: ${JSON.stringify(lines)}`);
    if (status["therapyControlState"] !== "run" || status["operationalState"] !== "ready" || status["pending"] !== null)
      this.#wrong.push(`the pump is not as it should be: ${JSON.stringify(status)}`);
    return { ...(await this.#scene.observe()), bolusMicrounits, basalMicrounits };
  }

  /** The pump, asked again, must say what the journal has. */
  async #askAgain(): Promise<void> {
    const { lines } = await this.#scene.run(["orders"]);
    for (const { dose, kind, lowMicrounits, highMicrounits } of entriesOf(lines).slice(-ASKED_AGAIN)) {
      const again = (await this.#scene.run(["outcome", dose])).lines.find(({ event }) => event === "outcome");
      // A refusal is known until the pump restarts (PROTOCOL.md section 7); what was not sent, nobody has told it.
      const same =
        again?.["kind"] === kind || (again?.["kind"] === "never" && ["refused", "notSent"].includes(kind ?? ""));
      if (!same || again?.["lowMicrounits"] !== lowMicrounits || again?.["highMicrounits"] !== highMicrounits)
        this.#wrong.push(`dose ${dose} is ${kind} in the journal, and the pump says ${JSON.stringify(again)}`);
    }
  }
}

/** Runs it on one pump. Throws, with the seed, when it cannot go on. */
async function campaign(options: CampaignOptions): Promise<Tally> {
  const scene = await Scene.begin(options.seed);
  let ended = false;
  try {
    const result = await new Campaign(options, scene).run();
    ended = result.wrong.length === 0;
    return result;
  } catch (error) {
    throw new Error(`seed ${options.seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    const root = await scene.close(!ended);
    if (!ended) options.print(`The folders are kept in ${root}`);
  }
}

/**
 * Runs it on so many pumps at once, each with its share of the boluses and a seed of its own: most of the time each waits
 * for pulses. Throws, with the seed, when one cannot go on.
 */
export async function campaigns(pumps: number, { seed, boluses, print }: CampaignOptions): Promise<Tally> {
  const tallies = Array.from({ length: Math.min(pumps, boluses) }, (_, pump) =>
    campaign({
      seed: (seed + pump) % 2 ** 32,
      boluses: Math.floor((boluses + pump) / Math.min(pumps, boluses)),
      print: (line) => print(`pump ${pump + 1}  ${line}`),
    }),
  );
  // All end, and so do their processes, before one that failed is told of.
  await Promise.allSettled(tallies);
  return together(await Promise.all(tallies));
}
