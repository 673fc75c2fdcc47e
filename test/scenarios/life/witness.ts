/**
 * Watches a pump from outside: its coils, its display, its local trace, its power. Says of each pulse what it was for and
 * what it displaced, and of each time without power what it cost in basal insulin. Asks the pump nothing.
 */

import type { World } from "../../../host-sim/world.js";
import { onPulse } from "../scene.js";
import type { Dose, Order } from "./orders.js";
import { type Block, MS_PER_HOUR, microunitsOf, Program, PULSE_MICROUNITS } from "./program.js";
import { recordedLocalMs } from "./recordedTime.js";
import type { Turn } from "./stateHistory.js";

/** What one time without power cost, from the basal pulse before it to the end of the first one after it. */
export interface Reboot {
  readonly cutMs: number;
  /** What the power went in. */
  readonly amid: string;
  readonly atRest: boolean;
  /** Due in the five minutes before. */
  readonly fiveMinutesMicrounits: number;
  /** How far the pump's clock stood behind afterwards. */
  behindMs: number;
  /** Due in that time: what the pump has forgotten. */
  forgottenMicrounits: number;
  /** Basal insulin due that the plant did not displace; negative: displaced and not due. */
  underMicrounits: number | undefined;
}

/** Pulses are 2 s apart, from begin to begin, and a report takes its time. */
const LATEST_MS = 2_300;
/** Of arithmetic in floating point; and where the pump's time is known to the second only, a block's begin. */
const TOLERANCE = { exact: 1, toTheSecond: 400 } as const;
const FIVE_MINUTES_MS = 300_000;
const OBEYED = "obeyed: ";

/** One way of the drive without insulin: back to its stop, or up to a plunger. */
export interface Leg {
  readonly way: "back" | "up";
  pulses: number;
  /** What the plunger that it touched, or left, displaced. */
  displacedMicrounits: number;
}

/** What a pulse is of. `nothing`: nobody has asked for it. */
type Purpose = Dose | Leg | "basal" | "nothing";

/** First lines of the display (README.md, "The button") with which a leg begins; and with which it is over. */
const LEG_BEGINS: Readonly<Record<string, Leg["way"]>> = { "The drive goes back": "back", "The drive comes up": "up" };
const LEG_ENDS = /^(Change the reservoir|The drive has halted|Reservoir: .*)$/;

export class Witness {
  readonly program: Program;
  readonly wrong: string[] = [];
  readonly reboots: Reboot[] = [];
  readonly doses: Dose[] = [];
  readonly legs: Leg[] = [];
  /** When delivery began and stopped, as the display has it. */
  readonly turns: Turn[] = [];
  readonly templates = new Map<number, readonly Block[]>();
  activeTemplate = 1;
  basalPulses = 0;
  basalMicrounits = 0;
  /** Commands that the pump has obeyed, by kind. */
  readonly obeyed = new Map<string, number>();
  inFlight: Order | undefined;
  /** What the power goes in, should it go. */
  cutAmid = "";
  /** Whether it goes while the motor is at rest and nothing is written. */
  cutIsAtRest = false;
  /** Called as soon as a pulse has begun. */
  onPulseBegun: (() => void) | undefined;
  readonly #world: World;
  #pulse: { readonly of: Purpose; readonly displacedBefore: number } | undefined;
  #pulseBefore: Purpose = "basal";
  #leg: Leg | undefined;
  /** No pulse has begun since the last boot. */
  #isFirstPulse = true;
  /** The last basal pulse: what was due and displaced as basal when it began. */
  #last: { readonly due: number; readonly basal: number } | undefined;
  #openReboot: { readonly reboot: Reboot; readonly last: { readonly due: number; readonly basal: number } } | undefined;
  /** What is owed is known: not from a boot to the first basal pulse after it. */
  #known = true;
  #tolerance: number = TOLERANCE.exact;
  #timeIsExact = false;
  /** When the last pulse began, or no pulse could for 2 s. */
  #lastPulseMs = 0;

  /** Of a pump in Stop that never moved, whose first template is one rate all day. */
  constructor(world: World, blocks: readonly Block[]) {
    this.#world = world;
    this.program = new Program(world.clock.nowMs, blocks);
    this.templates.set(1, blocks);
    this.#last = { due: 0, basal: 0 };
    onPulse(world, () => this.#pulseBegun());
    world.hardware.panel.listener = {
      onShown: (lines) => this.#shown(lines),
      onTraced: (line) => this.#traced(line),
      onCrashed: (what) => this.wrong.push(`the firmware let out ${what}`),
    };
    const tellRadio = world.hardware.onPowerLost;
    world.hardware.onPowerLost = () => {
      tellRadio?.();
      this.#powerLost();
    };
  }

  /** Whether the next loss of power could be told from the last one, and doses from basal. */
  get isSettled(): boolean {
    return this.#known && this.#openReboot === undefined;
  }

  /** Whether a basal pulse should have begun by now, and has not. */
  get isLate(): boolean {
    return this.#known && microunitsOf(this.program.owed) > this.#latestOwed;
  }

  /** Whether the drive moves without insulin, or primes, as far as the display has told. */
  get isPreparing(): boolean {
    return this.#leg !== undefined || (!this.program.running && this.doses.at(-1)?.active === true);
  }

  /** Which way the drive moves without insulin, as far as the display has told. */
  get way(): Leg["way"] | undefined {
    return this.#leg?.way;
  }

  /** Accounts up to now. */
  pass(): void {
    this.program.passTo(this.#world.clock.nowMs);
  }

  /** Counts the pulse that is over by now. No pulse may be under way. */
  settle(): void {
    this.pass();
    const pulse = this.#pulse;
    this.#pulse = undefined;
    if (!pulse) return;
    const displaced = this.#world.hardware.plant.displacedMicrounits - pulse.displacedBefore;
    if (pulse.of === "basal") this.basalMicrounits += displaced;
    else if (pulse.of !== "nothing") pulse.of.displacedMicrounits += displaced;
    const open = this.#openReboot;
    if (!open || !this.#known || pulse.of !== "basal" || !this.#last) return;
    this.#openReboot = undefined;
    const due = microunitsOf(this.#last.due - open.last.due) + PULSE_MICROUNITS;
    open.reboot.underMicrounits = due - (this.basalMicrounits - open.last.basal);
  }

  /** The power is back, the pump has booted: what its clock says is what it has just recorded. */
  powerBack(): void {
    const { program } = this;
    this.pass();
    program.powerBack();
    const local = program.localMs;
    const offMs = this.#world.clock.nowMs - (this.reboots.at(-1)?.cutMs ?? 0);
    const recorded = recordedLocalMs(this.#world);
    program.setLocalTime(recorded);
    const reboot = this.reboots.at(-1);
    if (reboot) {
      reboot.behindMs = local - offMs - recorded;
      reboot.forgottenMicrounits = microunitsOf(program.dueSince(reboot.cutMs - reboot.behindMs));
    }
    this.#known = false;
    this.#timeIsExact = false;
    this.#tolerance = TOLERANCE.toTheSecond;
    this.#lastPulseMs = this.#world.clock.nowMs;
  }

  #pulseBegun(): void {
    this.settle();
    const { nowMs } = this.#world.clock;
    const of = this.#purpose();
    if (of === "basal") this.#basalBegun(nowMs - this.#lastPulseMs > LATEST_MS);
    else if (of === "nothing") this.#say("a pulse in Stop that nobody asked for");
    else if ("way" in of) of.pulses += 1;
    else this.#doseBegun(of);
    this.#isFirstPulse = false;
    this.#lastPulseMs = nowMs;
    this.#pulseBefore = of;
    this.#pulse = { of, displacedBefore: this.#world.hardware.plant.displacedMicrounits };
    this.onPulseBegun?.();
  }

  /** In Stop no basal pulse is due, whatever is owed: what moves then is a leg, or a priming. */
  #purpose(): Purpose {
    const dose = this.doses.at(-1);
    if (!this.program.running) return this.#leg ?? (dose?.active && dose.kind === "priming" ? dose : "nothing");
    return this.#known && !this.program.isDue(this.#tolerance) && dose?.active ? dose : "basal";
  }

  /** @param alone nothing before it can have kept it waiting: it begins to the millisecond when it is due. */
  #basalBegun(alone: boolean): void {
    const { program } = this;
    const owed = microunitsOf(program.owed);
    if (program.rate === 0 || this.isLate || (this.#known && !program.isDue(this.#tolerance)))
      this.#say(`a basal pulse began with ${owed.toFixed(1)} µU owed, at ${program.rate} µU/h`);
    if (alone && (!this.#known || this.#tolerance > TOLERANCE.exact)) {
      program.owed = PULSE_MICROUNITS * MS_PER_HOUR;
      this.#known = true;
      if (this.#timeIsExact) this.#tolerance = TOLERANCE.exact;
    }
    this.#last = { due: program.due, basal: this.basalMicrounits };
    program.pay();
    this.basalPulses += 1;
  }

  /** What can be owed while another pulse keeps a basal one waiting. */
  get #latestOwed(): number {
    return PULSE_MICROUNITS + (this.program.rate * LATEST_MS) / MS_PER_HOUR + this.#tolerance;
  }

  #doseBegun(dose: Dose): void {
    dose.pulses += 1;
    if (this.#isFirstPulse) dose.hasJump = true;
    if (this.#pulseBefore !== dose) dose.runs += 1;
    dose.active = dose.pulses < Math.ceil(dose.amountMicrounits / PULSE_MICROUNITS);
  }

  #shown(lines: readonly string[]): void {
    this.pass();
    const { program } = this;
    const [first = ""] = lines;
    const way = LEG_BEGINS[first];
    if (way) this.legs.push({ way, pulses: 0, displacedMicrounits: 0 });
    if (way) this.#leg = this.legs.at(-1);
    if (LEG_ENDS.test(first)) this.#leg = undefined;
    const dose = this.doses.at(-1);
    if (first === "Priming" && dose) dose.active = true;
    if (first === "Priming has ended") this.#endDose();
    if (lines.includes("Running") && !program.running) this.#turned(true);
    // The pump says so again and again while it is stopped.
    if (lines.includes("Stopped") && program.running) this.#turned(false);
    if (first === "FAULT") this.#say("a fault is shown");
  }

  #turned(running: boolean): void {
    const { program } = this;
    this.turns.push({ running, localMs: program.localMs });
    if (running) program.running = true;
    else program.stop();
    if (!running) this.#endDose();
  }

  #endDose(): void {
    const dose = this.doses.at(-1);
    if (dose) dose.active = false;
  }

  #traced(line: string): void {
    const kind = line.startsWith(OBEYED) ? line.slice(OBEYED.length) : undefined;
    if (kind === undefined) return;
    this.obeyed.set(kind, (this.obeyed.get(kind) ?? 0) + 1);
    const order = this.inFlight;
    // Confirmations and the like change nothing here.
    if (order?.kind === kind) this.#obeyed(order);
  }

  #obeyed(order: Order): void {
    this.pass();
    const { program, templates } = this;
    switch (order.kind) {
      case "setTbr":
        return program.setTbr(order.tbr);
      case "cancelTbr":
        return program.setTbr(undefined);
      case "setBolus":
        order.dose.active = true;
        this.doses.push(order.dose);
        return;
      case "startPriming":
        // Nothing moves before somebody at the pump has said yes, and the display tells of that.
        this.doses.push(order.dose);
        return;
      case "cancelBolus":
        return this.#endDose();
      case "setTime":
        this.#timeIsExact = true;
        return program.setLocalTime(order.localMs);
      case "writeProfile":
        templates.set(order.template, order.blocks);
        return this.#activate(this.activeTemplate);
      case "activateProfile":
        return this.#activate(order.template);
      case "run":
      case "stop":
      case "setReservoirFill":
        // The display says so too, and of the first two for the button alone.
        return;
      default:
        return order satisfies never;
    }
  }

  #activate(template: number): void {
    const blocks = this.templates.get(template);
    if (!blocks) throw new Error(`template ${template} was never written`);
    this.activeTemplate = template;
    this.program.setProfile(blocks);
  }

  #powerLost(): void {
    this.settle();
    const { program } = this;
    const { nowMs } = this.#world.clock;
    if (!this.isSettled || !this.#last) this.#say("the power went before the last time without it could be judged");
    const fiveMinutesMicrounits = microunitsOf(program.dueSince(nowMs - FIVE_MINUTES_MS));
    program.powerLost();
    this.#endDose();
    this.#leg = undefined;
    this.#isFirstPulse = true;
    const nothingYet = { behindMs: 0, forgottenMicrounits: 0, underMicrounits: undefined };
    const reboot: Reboot = {
      cutMs: nowMs,
      amid: this.cutAmid,
      atRest: this.cutIsAtRest,
      fiveMinutesMicrounits,
      ...nothingYet,
    };
    this.reboots.push(reboot);
    if (this.#last) this.#openReboot = { reboot, last: this.#last };
  }

  #say(what: string): void {
    this.wrong.push(`${(this.#world.clock.nowMs / MS_PER_HOUR).toFixed(4)} h: ${what}`);
  }
}
