/** The change of a reservoir as a person does it, at the pump and by radio; where the power goes in it, as the pump asks then. */

import type { World } from "../../../host-sim/world.js";
import type { Cuts } from "./cuts.js";
import type { Person } from "./person.js";
import type { Change, ChangeCut } from "./plan.js";
import type { Witness } from "./witness.js";

/** A reservoir from when the drive has found its plunger. */
export interface Fitted {
  readonly toldMicrounits: number;
  /** What was left in the one before it, which is thrown away. */
  readonly thrownMicrounits: number;
  readonly contentMicrounits: number;
  /** What the pump said right then, and what was there. */
  readonly saidMicrounits: number;
  readonly thereMicrounits: number;
  /** What the pump had counted by then; and how many doses had been told. */
  readonly countedMicrounits: number;
  readonly dosesBefore: number;
}

/** An answer that came sooner would be none. */
const ANSWER_MS = 4_000;
/** A full rewind, and a priming, take under 15 minutes; and how often the person goes on after the power came back. */
const LONGEST_MOVE_MS = 20 * 60_000;
const TRIES = 8;
const MOVE_TAPS = 5;
const YES_TAPS = 2;
const HANDS_MS = 30_000;
/** What is primed when the power cut the first priming off. */
const AGAIN_MICROUNITS = 500_000;

/** With whom and what a reservoir is changed. */
export interface Hands {
  readonly world: World;
  readonly witness: Witness;
  readonly person: Person;
  readonly cuts: Cuts;
  /** Waits until the pump has booted, and looks after it. */
  readonly afterCut: () => void;
}

const shows = ({ hardware }: World, text: string): boolean => hardware.display.some((line) => line.includes(text));

class Changing {
  readonly #hands: Hands;
  readonly #change: Change;
  #cut: ChangeCut | undefined;
  #thrownMicrounits: number | undefined;

  constructor(hands: Hands, change: Change) {
    this.#hands = hands;
    this.#change = change;
    // A cut can be judged once the one before it is.
    this.#cut = hands.witness.isSettled ? change.cut : undefined;
  }

  /** All of it, from Stop to Run; undefined where the pump would not. */
  do(): Fitted | undefined {
    const { person } = this.#hands;
    person.inSession(() => {
      person.stop();
      person.resolve();
    });
    for (let i = 0; i < TRIES; i++) {
      this.#goOn();
      const fitted = person.inSession(() => this.#fitted());
      if (!fitted) continue;
      if (!this.#prime(this.#change.primingMicrounits)) this.#prime(AGAIN_MICROUNITS);
      person.inSession(() => person.run());
      return fitted;
    }
    return undefined;
  }

  /** The next thing that the pump asks for. */
  #goOn(): void {
    const { world } = this.#hands;
    world.tapButton(MOVE_TAPS);
    if (shows(world, "Change the reservoir?")) this.#move("back");
    else if (shows(world, "Reservoir in?")) this.#move("up");
    else if (shows(world, "Tell the controller")) this.#putIn();
  }

  #putIn(): void {
    const { world, person } = this.#hands;
    const { plant } = world.hardware;
    world.clock.advance(HANDS_MS);
    if (this.#thrownMicrounits === undefined) {
      this.#thrownMicrounits = plant.reservoirMicrounits;
      plant.loadCartridge(this.#change.contentMicrounits);
    }
    person.inSession(() => person.setReservoirFill(this.#change.toldMicrounits));
  }

  /** Says yes, and waits for what was asked about to end. False when the power went in it. */
  #move(what: ChangeCut["amid"]): boolean {
    const { world, witness, cuts, afterCut } = this.#hands;
    const { clock, hardware } = world;
    clock.advance(ANSWER_MS);
    world.holdButton(YES_TAPS);
    const cut = this.#cut?.amid === what ? this.#cut : undefined;
    const isOver = () => !hardware.powered || !witness.isPreparing;
    if (cut && !clock.runUntil(isOver, cut.intoMs)) {
      cuts.amid(cut.cut);
      this.#cut = undefined;
    }
    clock.runUntil(isOver, LONGEST_MOVE_MS);
    const stayed = hardware.powered;
    if (stayed) cuts.amid(undefined);
    else afterCut();
    return stayed;
  }

  /** Primes the line; false when the power went in it. */
  #prime(amountMicrounits: number): boolean {
    const { person, witness } = this.#hands;
    const told = person.inSession(() => person.startPriming(amountMicrounits));
    if (!told) witness.wrong.push(`a priming of ${amountMicrounits} µU was not accepted`);
    const stayed = this.#move("priming");
    person.inSession(() => person.resolve());
    return stayed;
  }

  #fitted(): Fitted | undefined {
    const { world, person } = this.#hands;
    const status = person.status();
    const delivered = person.delivered();
    if (!status?.reservoirAttached || status.reservoirMicrounits === undefined || !delivered) return undefined;
    if (this.#thrownMicrounits === undefined) return undefined;
    return {
      toldMicrounits: this.#change.toldMicrounits,
      thrownMicrounits: this.#thrownMicrounits,
      contentMicrounits: this.#change.contentMicrounits,
      saidMicrounits: status.reservoirMicrounits,
      thereMicrounits: world.hardware.plant.reservoirMicrounits,
      countedMicrounits: delivered.bolusMicrounits + delivered.basalMicrounits,
      dosesBefore: person.told.length,
    };
  }
}

/** Changes the reservoir of a pump in Run, and has it run again. Undefined where it could not be done. */
export function changeReservoir(hands: Hands, change: Change): Fitted | undefined {
  return new Changing(hands, change).do();
}
