/**
 * What calls for a person as time goes by, looked at once a minute and never while a pulse runs: snoozes that end, a
 * pump that stands still, a battery and a reservoir that run down. Owns the battery's input. Through `Delivery` alone
 * anything is stored.
 */

import type { UptimeMs } from "./base/units.js";
import { Battery } from "./battery.js";
import type { Board } from "./board.js";
import type { Delivery } from "./delivery.js";
import { AnnunciationType } from "./ids/values.js";
import type { RigConfig } from "./rig.js";
import { endSnooze, tell } from "./therapy/obey.js";
import { isAttended } from "./therapy/operational.js";
import { passReminder, type RemindAt } from "./therapy/reminder.js";
import { isReservoirLow } from "./therapy/therapy.js";

/** Fine enough for quarters of an hour, and seldom beside the radio's own 5 s. */
export const ATTENTION_INTERVAL_MS = 60_000;

export class Attention {
  readonly battery: Battery;
  readonly #delivery: Delivery;
  readonly #rig: RigConfig;
  readonly #now: () => UptimeMs;
  #remindAt: RemindAt;
  /** A low reservoir is told of once, and again after a restart. */
  #lowTold = false;

  constructor(board: Board, delivery: Delivery, now: () => UptimeMs) {
    this.battery = new Battery(board);
    this.#delivery = delivery;
    this.#rig = board.rig;
    this.#now = now;
  }

  /** One look. Says whether there was anything to tell. */
  pass(): boolean {
    const delivery = this.#delivery;
    const before = delivery.therapy;
    const now = this.#now();
    for (let step = endSnooze(before, now); step.record; step = endSnooze(delivery.therapy, now))
      if (!delivery.adopt(step)) break;
    const type = this.battery.measure();
    if (type !== undefined) delivery.adopt(tell(delivery.therapy, type, now));
    this.#lookAtReservoir(now);
    const { next, due } = passReminder(this.#remindAt, delivery.therapy, now);
    this.#remindAt = next;
    if (due && !isAttended(delivery.therapy)) delivery.remindStopped();
    return delivery.therapy !== before;
  }

  #lookAtReservoir(now: UptimeMs): void {
    const delivery = this.#delivery;
    const { therapy } = delivery;
    const low = isReservoirLow(therapy, this.#rig);
    if (low && !this.#lowTold) delivery.adopt(tell(therapy, AnnunciationType.ReservoirLow, now));
    this.#lowTold = low;
  }
}
