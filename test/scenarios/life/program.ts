/**
 * What a pump owes as basal insulin, in plain arithmetic: profile, temporary rate, Stop and power, piece by piece. Shares
 * no code and no figures with the firmware. All integers: microunits an hour times milliseconds.
 */

export const MS_PER_HOUR = 3_600_000;
const MINUTE_MS = 60_000;
export const DAY_MS = 24 * MS_PER_HOUR;
/** A basal pulse. */
export const PULSE_MICROUNITS = 50_000;
const PULSE_OWED = PULSE_MICROUNITS * MS_PER_HOUR;

export interface Block {
  readonly durationMinutes: number;
  readonly rateMicrounitsPerHour: number;
}

export type Tbr = ({ readonly rateMicrounitsPerHour: number } | { readonly factorMillionths: number }) & {
  readonly durationMinutes: number;
};

/** Microunits of owed insulin. */
export const microunitsOf = (owed: number): number => owed / MS_PER_HOUR;

export class Program {
  running = false;
  /** Insulin that was programmed since the beginning, less what a Stop let go: owed, as below. */
  due = 0;
  /** What Stops let go of. */
  letGo = 0;
  /** Not delivered yet. Below a pulse, but for the seconds that a bolus's pulse takes. */
  owed = 0;
  #powered = true;
  #nowMs: number;
  #blocks: readonly Block[];
  /** The pump's local time since some midnight is the clock's and this. */
  #offsetMs = 0;
  #tbr: { readonly order: Tbr; readonly endsAtMs: number } | undefined;
  /** When each rate began, and `due` then: the newest last. */
  readonly #rates: { readonly fromMs: number; readonly due: number; readonly rate: number }[] = [];

  constructor(nowMs: number, blocks: readonly Block[]) {
    this.#nowMs = nowMs;
    this.#blocks = blocks;
  }

  get tbr(): Tbr | undefined {
    return this.#tbr?.order;
  }

  /** The profile's rate, whatever is in force. */
  get programmed(): number {
    return this.#block(this.#nowMs).rate;
  }

  /** What a temporary rate comes to now. */
  rateOf(tbr: Tbr): number {
    if ("rateMicrounitsPerHour" in tbr) return tbr.rateMicrounitsPerHour;
    return Math.floor((this.programmed * tbr.factorMillionths) / 1_000_000);
  }

  /** Zero without power and in Stop. */
  get rate(): number {
    if (!this.#powered || !this.running) return 0;
    return this.#tbr ? this.rateOf(this.#tbr.order) : this.programmed;
  }

  /** Accounts for the time up to `nowMs`. */
  passTo(nowMs: number): void {
    while (this.#nowMs < nowMs) {
      const tbrEndsMs = this.#tbr?.endsAtMs ?? nowMs;
      const untilMs = Math.min(nowMs, this.#block(this.#nowMs).endsMs, tbrEndsMs);
      const { rate } = this;
      if (this.#rates.at(-1)?.rate !== rate) this.#rates.push({ fromMs: this.#nowMs, due: this.due, rate });
      this.due += rate * (untilMs - this.#nowMs);
      this.owed += rate * (untilMs - this.#nowMs);
      this.#nowMs = untilMs;
      if (this.#tbr && untilMs === this.#tbr.endsAtMs) this.#tbr = undefined;
    }
  }

  /** What was due between a moment that is past and now. */
  dueSince(fromMs: number): number {
    const piece = this.#rates.findLast((each) => each.fromMs <= fromMs);
    return piece ? this.due - (piece.due + piece.rate * (fromMs - piece.fromMs)) : this.due;
  }

  setTbr(order: Tbr | undefined): void {
    this.#tbr = order && { order, endsAtMs: this.#nowMs + order.durationMinutes * MINUTE_MS };
  }

  setProfile(blocks: readonly Block[]): void {
    this.#blocks = blocks;
  }

  /** The pump's local time of day is this now. */
  setLocalTime(localMs: number): void {
    this.#offsetMs = localMs - this.#nowMs;
  }

  get localMs(): number {
    return this.#nowMs + this.#offsetMs;
  }

  /** A whole pulse that is owed is not made up by a later Run. */
  stop(): void {
    this.running = false;
    this.setTbr(undefined);
    const whole = this.owed - (this.owed % PULSE_OWED);
    this.letGo += whole;
    this.due -= whole;
    this.owed -= whole;
  }

  powerLost(): void {
    this.#powered = false;
    this.setTbr(undefined);
  }

  /** What was owed is not known: no more than before. */
  powerBack(): void {
    this.#powered = true;
    this.owed = 0;
  }

  /** Whether a basal pulse is due; `toleranceMicrounits` short of one, too. */
  isDue(toleranceMicrounits: number): boolean {
    return this.owed >= PULSE_OWED - toleranceMicrounits * MS_PER_HOUR;
  }

  /** A basal pulse has begun. */
  pay(): void {
    this.owed -= PULSE_OWED;
  }

  #block(atMs: number): { readonly rate: number; readonly endsMs: number } {
    const localMs = atMs + this.#offsetMs;
    const ofDayMs = ((localMs % DAY_MS) + DAY_MS) % DAY_MS;
    let endMs = 0;
    for (const { durationMinutes, rateMicrounitsPerHour: rate } of this.#blocks) {
      endMs += durationMinutes * MINUTE_MS;
      if (ofDayMs < endMs) return { rate, endsMs: atMs + endMs - ofDayMs };
    }
    throw new Error("a moment in no block");
  }
}
