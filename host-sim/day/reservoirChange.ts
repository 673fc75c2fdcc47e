/**
 * The change of a reservoir as hands and controller do it together, on a pump in Stop (PROTOCOL.md section 6.7, README.md
 * "The button"): the drive goes back, the controller tells what is in the next cartridge, it goes in, the drive comes up, the
 * controller orders the priming, the hands confirm it, and once it has ended the controller commits Run. Whatever goes otherwise
 * ends it there: a pump whose line may not be full stays in Stop. What the drive moves is measured at the plant.
 */

import type { DoseId } from "../controller/control.js";
import type { Status } from "../controller/idsAnswers.js";
import type { Result } from "../controller/requests.js";
import type { DayEntry } from "./day.js";
import type { Operator } from "./operator.js";
import { ASK_AGAIN_MS, carryOut, DELIVERY_MS_PER_MICROUNIT, type Ended, lastWord } from "./orders.js";
import { readPlant } from "./plantReading.js";
import type { Interval, PlayedOutcome, ReservoirChange } from "./played.js";

/** A way of the drive takes under 15 minutes. */
const LONGEST_WAY_MS = 20 * 60_000;
/** What the pump shows (firmware/reservoirText.ts): its question, a drive on its way, a drive at its stop, a reservoir found. */
const SHOWN = {
  question: "Yes: two taps and a hold",
  moves: "Hold to halt it",
  open: "Tell the controller what is in it",
  found: "Reservoir: ",
};

/** An answer that comes sooner is none. */
const ANSWER_MS = 4_000;

/** How a change ended. `change.ranAtMs` counts from the world's beginning. */
export interface Changed extends Ended {
  readonly change: ReservoirChange;
}

/** What the plant did on one way of the drive. */
interface Way {
  readonly halfSteps: number;
  readonly displacedMicrounits: number;
}

/** One change. */
export class ReservoirChanger {
  readonly #operator: Operator;
  readonly #entry: Extract<DayEntry, { event: "changeReservoir" }>;
  #back: Way = { halfSteps: 0, displacedMicrounits: 0 };
  #up: Way = { halfSteps: 0, displacedMicrounits: 0 };
  #attached = false;
  #doseId: DoseId | undefined;
  #primed: Interval | undefined;
  #ranAtMs: number | undefined;

  constructor(operator: Operator, entry: Extract<DayEntry, { event: "changeReservoir" }>) {
    this.#operator = operator;
    this.#entry = entry;
  }

  /** Does it all, on a pump in Stop with no dose under way. */
  change(): Changed {
    const outcome = this.#goBack() ?? this.#tell() ?? this.#comeUp() ?? this.#prime() ?? this.#run();
    const change = {
      backHalfSteps: this.#back.halfSteps,
      upHalfSteps: this.#up.halfSteps,
      pushedMicrounits: this.#back.displacedMicrounits + this.#up.displacedMicrounits,
      attached: this.#attached,
      primed: this.#primed,
      ranAtMs: this.#ranAtMs,
    };
    return { doseId: this.#doseId, outcome, change };
  }

  /** At the pump: undefined once the drive is at its stop, else why it is not. */
  #goBack(): PlayedOutcome | undefined {
    this.#operator.disconnect();
    this.#back = this.#move();
    return this.#shows(SHOWN.open) ? undefined : this.#stuck();
  }

  /** At the pump: undefined once the new reservoir is in place, else why it is not. */
  #comeUp(): PlayedOutcome | undefined {
    this.#operator.disconnect();
    this.#operator.world.hardware.plant.loadCartridge(this.#entry.fillMicrounits);
    this.#up = this.#move();
    this.#attached = this.#shows(SHOWN.found);
    return this.#attached ? undefined : this.#stuck();
  }

  /** Asks for a move of the drive, confirms it, and waits until the drive has come to a rest. */
  #move(): Way {
    const { clock, hardware } = this.#operator.world;
    const before = readPlant(hardware.plant);
    this.#operator.world.tapButton(5);
    this.#sayYes();
    clock.runUntil(() => !this.#shows(SHOWN.moves), LONGEST_WAY_MS);
    const after = readPlant(hardware.plant);
    return {
      halfSteps: after.commandedHalfSteps - before.commandedHalfSteps,
      displacedMicrounits: after.displacedMicrounits - before.displacedMicrounits,
    };
  }

  /** Says yes to what the pump asks, if it asks anything. */
  #sayYes(): void {
    if (!this.#shows(SHOWN.question)) return;
    this.#operator.world.clock.advance(ANSWER_MS);
    this.#operator.world.holdButton(2);
  }

  /** By radio: undefined once the pump knows what is in the next reservoir, else why it does not. */
  #tell(): PlayedOutcome | undefined {
    const why = this.#operator.connect();
    if (why !== undefined) return { kind: "failed", why };
    const { controller } = this.#operator;
    const { fillMicrounits } = this.#entry;
    const filled = carryOut(this.#operator, (done) => controller.setReservoirFill(fillMicrounits, done));
    return filled.outcome.kind === "applied" ? undefined : filled.outcome;
  }

  /** Orders the priming of the reservoir that is in place, confirms it at the pump, and waits for its end. */
  #prime(): PlayedOutcome | undefined {
    const why = this.#operator.connect();
    if (why !== undefined) return { kind: "failed", why };
    const status = this.#operator.ask((done: (result: Result<Status>) => void) =>
      this.#operator.controller.status(done),
    );
    if (status.kind !== "ok" || !status.value.reservoirAttached || status.value.operationalState !== "ready")
      return { kind: "failed", why: "By its status the pump has no reservoir in place." };
    const { primingMicrounits } = this.#entry;
    const { world, controller } = this.#operator;
    const ordered = carryOut(this.#operator, (done) => controller.startPriming(primingMicrounits, done));
    this.#doseId = ordered.doseId;
    if (ordered.outcome.kind !== "applied" || ordered.doseId === undefined) return notPrimed(ordered.outcome);
    this.#sayYes();
    world.clock.advance(primingMicrounits * DELIVERY_MS_PER_MICROUNIT + ASK_AGAIN_MS);
    const ended = lastWord(this.#operator, ordered.doseId);
    if ("highMicrounits" in ended) this.#primed = ended;
    return ended.kind === "delivered" ? undefined : notPrimed(ended);
  }

  #run(): PlayedOutcome {
    const { controller, world } = this.#operator;
    const running = carryOut(this.#operator, (done) => controller.run(() => true, done));
    if (running.outcome.kind !== "applied") return running.outcome;
    this.#ranAtMs = world.clock.nowMs;
    return { kind: "applied" };
  }

  #shows(text: string): boolean {
    return this.#operator.world.hardware.display.some((line) => line.includes(text));
  }

  #stuck(): PlayedOutcome {
    const shown = this.#operator.world.hardware.display.join(" / ");
    return { kind: "failed", why: `The pump shows "${shown}" and is left in Stop.` };
  }
}

/** How the change ends with a priming that was refused, or ended short. */
function notPrimed(outcome: PlayedOutcome): PlayedOutcome {
  return "highMicrounits" in outcome
    ? { kind: "failed", why: `The priming ended as ${outcome.kind}; the pump is left in Stop.` }
    : outcome;
}
