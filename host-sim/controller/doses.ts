/**
 * The memory that keeps a lost answer from becoming a second dose. A countersigned command is *pending* from before
 * its Commit is sent until its end is known; while one is, what could repeat or contradict it is blocked.
 *
 * A bolus blocks the next bolus until its Outcome is final. While it is not even known to be accepted it blocks every
 * countersigned command; once it is, other commands may go, since days have temporary basals in the middle of boluses.
 */

import { equalBytes } from "./bytes.js";
import { type DoseId, type OutcomeKind, sameDoseId } from "./control.js";
import type { Keeper, PendingCommand, Written } from "./store.js";

function same(a: PendingCommand, b: PendingCommand): boolean {
  return equalBytes(a.pumpId, b.pumpId) && sameDoseId(a.doseId, b.doseId);
}

/** Whether an outcome can no longer change. */
export function isFinal(kind: OutcomeKind): boolean {
  return kind !== "delivering";
}

/** The pending commands of this controller. */
export class PendingCommands {
  readonly #keeper: Keeper;
  /** The bolus that the pump has accepted. Not stored: after a restart Outcome has to say so again. */
  #accepted: PendingCommand | undefined;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  /** The one to resolve first: one that may or may not have been accepted, else the accepted bolus. */
  get first(): PendingCommand | undefined {
    const { pending } = this.#keeper.contents;
    return pending.find((command) => !this.#isAccepted(command)) ?? pending[0];
  }

  /** What keeps a new command from being prepared; `isDose` tells whether the new one is a bolus. */
  blocking(isDose: boolean): DoseId | undefined {
    const { pending } = this.#keeper.contents;
    return pending.find((command) => !this.#isAccepted(command) || (isDose && command.isDose))?.doseId;
  }

  /** The pending command with this ID, of whichever pump. */
  find(doseId: DoseId): PendingCommand | undefined {
    return this.#keeper.contents.pending.find((command) => sameDoseId(command.doseId, doseId));
  }

  /** Stores a command durably. Only when this is `ok` may its Commit be sent. */
  store(command: PendingCommand): Written {
    return this.#keeper.change({ pending: [...this.#keeper.contents.pending, command] });
  }

  /** The pump has accepted a bolus, and delivers it. */
  accepted(pumpId: Uint8Array, doseId: DoseId): void {
    this.#accepted = this.#of(pumpId, doseId);
  }

  /** The end of a command is known. Does nothing when it was not pending. */
  settled(pumpId: Uint8Array, doseId: DoseId): Written {
    const command = this.#of(pumpId, doseId);
    if (command === undefined) return { kind: "ok" };
    return this.#keeper.change({ pending: this.#keeper.contents.pending.filter((other) => other !== command) });
  }

  #of(pumpId: Uint8Array, doseId: DoseId): PendingCommand | undefined {
    return this.#keeper.contents.pending.find((other) => same(other, { pumpId, doseId, isDose: false }));
  }

  #isAccepted(command: PendingCommand): boolean {
    return this.#accepted !== undefined && same(this.#accepted, command);
  }
}
