/** Days of one pump and the person who lives with it, and the account at each day's end. */

import { Random } from "../../../host-sim/clock/random.js";
import type { World } from "../../../host-sim/world.js";
import { bondedWorld } from "../../bench.js";
import { coilsOn } from "../scene.js";
import { judge } from "./account.js";
import { Cuts } from "./cuts.js";
import { accountOf, Kept } from "./history.js";
import { Person } from "./person.js";
import { type Change, type Deed, PROFILES, planDay } from "./plan.js";
import { DAY_MS } from "./program.js";
import { changeReservoir, type Fitted } from "./reservoir.js";
import { stateHistoryOf } from "./stateHistory.js";
import { Witness } from "./witness.js";

export const DAYS = 14;
/** Of the seed, for what the person does; the world's are its own. */
const STREAM = 300;
/** Where the person's calendar begins: 2026-03-20 00:10:00, so that no block does as a day ends; in seconds since 2000. */
const BEGIN_SECONDS = (Date.UTC(2026, 2, 20, 0, 10) - Date.UTC(2000, 0, 1)) / 1_000;
const DAY_SECONDS = DAY_MS / 1_000;
const FLAT = [{ durationMinutes: 1_440, rateMicrounitsPerHour: 900_000 }];
const WEEKDAY_TEMPLATE = 2;
/** The longest that a person takes to look at a pump that has started again, and that a meal waits. */
const NOTICED_MS = 20 * 60_000;
const LONGEST_WAIT_MS = 60 * 60_000;
const CANCELLED_MS = 9_000;
/** Taps before a hold that resumes delivery. */
const RESUME_TAPS = 1;
/** Of a day, in boluses: the pump remembers its 64 newest orders. */
const MOST_ASKED = 5;

/** What a life came to: what is wrong, and the figures of the last day's end. */
export interface Lived {
  readonly wrong: readonly string[];
  readonly lines: readonly string[];
}

class Life {
  readonly #world: World;
  readonly #witness: Witness;
  readonly #person: Person;
  readonly #cuts: Cuts;
  readonly #random: Random;
  readonly #kept = new Kept();
  readonly #beginMs: number;
  /** What the pump's time was whenever it was set. */
  readonly #setFrom: number[] = [];
  #zone: { readonly zoneQuarters: number; readonly dstQuarters: 0 | 4 } = { zoneQuarters: 0, dstQuarters: 0 };
  #hasBooted = false;
  readonly #fitted: Fitted[] = [];

  constructor(seed: number) {
    const { world, controller, store } = bondedWorld({ seed });
    controller.close();
    world.clock.advance(1_000);
    this.#world = world;
    this.#beginMs = world.clock.nowMs;
    this.#random = new Random(seed, STREAM);
    this.#witness = new Witness(world, FLAT);
    this.#person = new Person(world, this.#witness, store);
    this.#cuts = new Cuts(world, this.#witness);
    this.#cuts.onBoot = () => {
      this.#hasBooted = true;
    };
  }

  begin(): void {
    this.#safely(() => {
      this.#setTime(0);
      this.#person.writeProfile(WEEKDAY_TEMPLATE, PROFILES.weekday);
      this.#person.activateProfile(WEEKDAY_TEMPLATE);
      this.#person.run();
    });
  }

  day(day: number): void {
    const fromMs = this.#beginMs + day * DAY_MS;
    for (const deed of planDay(this.#random, day)) {
      this.#until(fromMs + deed.atMs);
      this.#do(deed);
    }
    this.#until(fromMs + DAY_MS);
  }

  /** The account, once nothing is under way. */
  evening(): Lived {
    const lived = this.#safely(() => {
      const { clock } = this.#world;
      const person = this.#person;
      person.resolve();
      const fetched = person.fetch(this.#kept);
      if (fetched?.kind !== "ok") this.#witness.wrong.push(`the history was not fetched: ${fetched?.kind}`);
      for (const told of person.told.slice(-MOST_ASKED)) {
        const again = person.outcome(told.doseId);
        if (again?.kind !== told.outcome?.kind) this.#witness.wrong.push(`an outcome changed: ${again?.kind}`);
      }
      clock.runUntil(() => !coilsOn(this.#world), 1_000);
      const status = person.status();
      const delivered = person.delivered();
      const today = person.today();
      const basal = person.activeBasal();
      const rateMicrounitsPerHour = basal?.tbr?.rateMicrounitsPerHour ?? basal?.programmedMicrounitsPerHour ?? 0;
      const seconds = person.time()?.baseTimeSeconds ?? Number.NaN;
      this.#witness.settle();
      const account = accountOf(this.#kept, this.#setFrom, { seconds, rateMicrounitsPerHour });
      const states = stateHistoryOf(this.#kept.records);
      const { told, lostTbrs } = person;
      const evening = { status, delivered, today, account, states, told, fitted: this.#fitted, lostTbrs };
      return judge(this.#world, this.#witness, evening);
    });
    return lived ?? { wrong: this.#witness.wrong, lines: [] };
  }

  /** Lets time pass, and looks at the pump when it has started again. */
  #until(atMs: number): void {
    const { clock } = this.#world;
    while (clock.nowMs < atMs) {
      clock.runUntil(() => this.#hasBooted, atMs - clock.nowMs);
      if (!this.#hasBooted) continue;
      clock.advance(this.#random.below(NOTICED_MS));
      this.#lookAfterBoot();
    }
  }

  /** Takes in what happened, and sets the time right. */
  #lookAfterBoot(): void {
    this.#safely(() => {
      this.#hasBooted = false;
      this.#person.resolve();
      this.#setTime(0);
      this.#person.confirmAll();
    });
  }

  /** In a session, with the power on to its end. */
  #safely<T>(what: () => T): T | undefined {
    const { clock, hardware } = this.#world;
    clock.runUntil(() => hardware.powered, DAY_MS);
    return this.#cuts.without(() => this.#person.inSession(what));
  }

  #do(deed: Deed): void {
    const person = this.#person;
    switch (deed.do) {
      case "tbr":
        // In Stop it is refused.
        person.inSession(() => person.setTbr(deed.tbr));
        return;
      case "cancelTbr":
        person.inSession(() => person.cancelTbr());
        return;
      case "fetch":
        person.inSession(() => person.fetch(this.#kept));
        return;
      case "bolus":
        return this.#bolus(deed.amountMicrounits, deed.after);
      case "stop":
        return deed.by === "radio" ? this.#safely(() => person.stop()) : this.#hold(0);
      case "run":
        return deed.by === "radio" ? void this.#safely(() => person.run()) : this.#hold(RESUME_TAPS);
      case "travel":
        this.#zone = deed;
        return this.#safely(() => this.#setTime(0));
      case "misset":
        return this.#safely(() => this.#misset(deed.days, deed.minuteOfDay));
      case "setRight":
        return this.#safely(() => this.#setTime(0));
      case "writeProfile":
        return void this.#safely(() => person.writeProfile(deed.template, deed.blocks));
      case "activateProfile":
        return void this.#safely(() => person.activateProfile(deed.template));
      case "reservoir":
        return this.#reservoirDay(deed.change);
      case "cut":
        return this.#cuts.cut(deed.cut);
      default:
        return deed satisfies never;
    }
  }

  /** Every third day another reservoir is put in. The power goes where the change has it go, and nowhere else in it. */
  #reservoirDay(change: Change): void {
    const { clock, hardware } = this.#world;
    clock.runUntil(() => hardware.powered && this.#witness.isSettled, LONGEST_WAIT_MS);
    clock.runUntil(() => hardware.powered, DAY_MS);
    const fitted = this.#cuts.without(() => {
      const afterCut = () => {
        clock.runUntil(() => this.#hasBooted, DAY_MS);
        clock.advance(this.#random.below(NOTICED_MS));
        this.#lookAfterBoot();
      };
      const [world, witness, person, cuts] = [this.#world, this.#witness, this.#person, this.#cuts];
      return changeReservoir({ world, witness, person, cuts, afterCut }, change);
    });
    if (fitted) this.#fitted.push(fitted);
    else this.#witness.wrong.push(`the reservoir could not be changed: ${hardware.display.join(" / ")}`);
  }

  #bolus(amountMicrounits: number, after: "stay" | "leave" | "cancel"): void {
    const { clock } = this.#world;
    const person = this.#person;
    // Basal can be told from a bolus once a pulse of it has come after a boot: until then nobody eats.
    if (!clock.runUntil(() => this.#witness.isSettled, LONGEST_WAIT_MS)) return;
    person.inSession(() => {
      if (!person.resolve()) return;
      const bolusId = person.bolus(amountMicrounits)?.bolusId;
      if (after === "leave" || bolusId === undefined) return;
      if (after === "cancel") {
        clock.advance(CANCELLED_MS);
        person.cancelBolus(bolusId);
      }
      person.resolve();
    });
  }

  /** Holds the pump's button after so many taps. */
  #hold(taps: number): void {
    const { hardware, clock } = this.#world;
    clock.runUntil(() => hardware.powered, DAY_MS);
    this.#cuts.without(() => this.#world.holdButton(taps));
  }

  get #trueSeconds(): number {
    return BEGIN_SECONDS + Math.floor((this.#world.clock.nowMs - this.#beginMs) / 1_000);
  }

  /** The person's time, so many seconds off. */
  #setTime(offSeconds: number): void {
    const { zoneQuarters, dstQuarters } = this.#zone;
    const before = this.#person.time();
    const order = { baseTimeSeconds: this.#trueSeconds + offSeconds, timeZoneQuarters: zoneQuarters, dstQuarters };
    const set = this.#person.setTime(order);
    if (set?.kind === "ok") this.#setFrom.push(before?.baseTimeSeconds ?? Number.NaN);
    else this.#witness.wrong.push(`the time was not set: ${set?.kind}`);
  }

  #misset(days: number, minuteOfDay: number): void {
    const { zoneQuarters, dstQuarters } = this.#zone;
    const localSeconds = this.#trueSeconds + 900 * (zoneQuarters + dstQuarters);
    const ofDay = ((localSeconds % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
    this.#setTime(days * DAY_SECONDS + minuteOfDay * 60 - ofDay);
  }
}

/** Lives `days` days of a seed; ends at the first evening at which something does not agree. */
export function live(seed: number, days: number): Lived {
  const life = new Life(seed);
  life.begin();
  let lived: Lived = { wrong: ["nothing was lived"], lines: [] };
  for (let day = 0; day < days; day++) {
    life.day(day);
    lived = life.evening();
    if (lived.wrong.length > 0) return { ...lived, wrong: lived.wrong.map((what) => `day ${day}: ${what}`) };
  }
  return lived;
}
