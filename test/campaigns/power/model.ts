/**
 * What must hold of a pump whose power is cut, in plain arithmetic: amounts ordered, amounts reported, basal by the
 * clock. Shares no code and no figures with the firmware.
 */

/** 64 half-steps a turn of the rotor, 63.68 turns of it one of the screw. */
const HALF_STEPS_PER_TURN = 64 * 63.68;
/** Coils pull at most half a cycle of eight half-steps. */
const JUMP_HALF_STEPS = 4;
const PULSE_MICROUNITS = 50_000;
/** What a reboot may lose of basal insulin besides one pulse. */
const LOST_BASAL_MS = 5 * 60_000;
const MS_PER_HOUR = 3_600_000;

/** What a pump says of a dose. */
export interface Said {
  readonly kind: string;
  readonly intendedMicrounits: number;
  readonly lowMicrounits: number;
  readonly highMicrounits: number;
}

/** One countersigned dose. Until its end is known anything up to the whole of it may move. */
export interface Dose {
  readonly intendedMicrounits: number;
  lowMicrounits: number;
  highMicrounits: number;
  uncertain: boolean;
  /** The pump has said so: it can never say again that it did not take it. */
  accepted: boolean;
}

export class Model {
  readonly violations: string[] = [];
  readonly halfStepMicrounits: number;
  readonly #mostJumpMicrounits: number;
  /** Copies of the journal that rotted: each costs a pulse of certainty. */
  journalCopiesLost = 0;
  /** What the pump lost whole: the ledger with `therapy`, how far a bolus had come with `journal`. */
  stateLost: "therapy" | "journal" | undefined;
  /** A pulse may have failed, and a fault been latched. */
  mayJam = false;
  readonly #doses: Dose[] = [];
  #sinceMs = 0;
  #lowRate = 0;
  #highRate = 0;
  #highestRate = 0;
  #basalLow = 0;
  #basalHigh = 0;
  #cuts = 0;

  constructor(insulinPerTurnMicrounits: number) {
    this.halfStepMicrounits = Math.ceil(insulinPerTurnMicrounits / HALF_STEPS_PER_TURN);
    this.#mostJumpMicrounits = JUMP_HALF_STEPS * this.halfStepMicrounits;
  }

  /** From now on basal insulin flows at a rate between the two. */
  rate(nowMs: number, lowMicrounitsPerHour: number, highMicrounitsPerHour = lowMicrounitsPerHour): void {
    this.#pass(nowMs);
    this.#lowRate = lowMicrounitsPerHour;
    this.#highRate = highMicrounitsPerHour;
    this.#highestRate = Math.max(this.#highestRate, highMicrounitsPerHour);
  }

  cut(nowMs: number): void {
    this.rate(nowMs, 0);
    this.#cuts += 1;
  }

  /** A dose that a controller may come to sign. */
  ordered(intendedMicrounits: number): Dose {
    const ends = { lowMicrounits: 0, highMicrounits: intendedMicrounits };
    const dose = { intendedMicrounits, ...ends, uncertain: false, accepted: false };
    this.#doses.push(dose);
    return dose;
  }

  /** The dose was never signed, or refused. */
  void(dose: Dose): void {
    dose.highMicrounits = 0;
  }

  /** Nobody can tell any more what moved of the dose. */
  untold(dose: Dose): void {
    dose.highMicrounits = dose.intendedMicrounits + this.#mostJumpMicrounits;
    dose.uncertain = true;
  }

  /** What the pump says of the dose; `rebooted`: since it was ordered. */
  said(dose: Dose, said: Said, rebooted: boolean): void {
    const { kind, lowMicrounits: low, highMicrounits: high } = said;
    const text = `${kind} [${low}, ${high}] of ${dose.intendedMicrounits}`;
    const fail = (what: string) => this.violations.push(`${what}: ${text}`);
    if (kind === "never" || kind === "refused") {
      if (dose.accepted) fail("accepted before");
      this.void(dose);
      return;
    }
    if (kind === "forgotten") {
      if (this.stateLost !== "therapy") fail("forgotten without a loss");
      this.untold(dose);
      return;
    }
    if (said.intendedMicrounits !== dose.intendedMicrounits) fail(`intended ${said.intendedMicrounits}`);
    if (low < 0 || high < low || high > dose.intendedMicrounits + this.#mostJumpMicrounits)
      fail("no interval of this dose");
    if (kind === "delivering") {
      if (rebooted) fail("resumed after a reboot");
      return;
    }
    if (kind === "delivered" && (low !== dose.intendedMicrounits || high !== low)) fail("delivered something else");
    if (kind === "stopped" && high !== low) fail("stopped somewhere");
    const widest = (1 + this.journalCopiesLost) * PULSE_MICROUNITS + 2 * this.#mostJumpMicrounits;
    if (kind === "uncertain" && this.stateLost === undefined && high - low > widest) fail(`wider than ${widest}`);
    dose.lowMicrounits = low;
    dose.highMicrounits = high;
    dose.uncertain = kind === "uncertain";
  }

  /** Times that phase and remainder of the motor may have been taken from an old copy, or from none. */
  get #guesses(): number {
    return this.journalCopiesLost + (this.stateLost === "journal" ? 1 : 0);
  }

  /** How far coils may yet move the rotor from where the pump's numbers have it. */
  get jumpMicrounits(): number {
    const basal = this.#cuts > 0 && this.#highestRate > 0;
    const settled = !basal && this.#guesses === 0 && !this.#doses.some(({ uncertain }) => uncertain);
    return settled ? 0 : this.#mostJumpMicrounits;
  }

  /** Most that all doses together can have moved, the jumps aside. */
  get mostDoseMicrounits(): number {
    return this.#doses.reduce((sum, dose) => sum + Math.min(dose.highMicrounits, dose.intendedMicrounits), 0);
  }

  /** Judges what the plunger displaced in all, and what the pump counts. */
  judge(nowMs: number, displacedMicrounits: number, countedMicrounits: number): void {
    this.#pass(nowMs);
    const low = this.#doses.reduce((sum, dose) => sum + this.#least(dose), 0);
    const high = this.#doses.reduce((sum, dose) => sum + dose.highMicrounits, 0);
    // A fraction of a half-step is carried from pulse to pulse; the loss of a journal copy can repeat or drop one.
    const slack = (1 + this.#guesses) * this.halfStepMicrounits;
    // The report of an uncertain dose has room for the jump already.
    const guesses = this.#doses.some(({ uncertain }) => uncertain) ? 0 : this.#guesses;
    const jumps = (this.#highestRate > 0 ? this.#cuts : guesses) * this.#mostJumpMicrounits;
    const lostBasal = this.#cuts * (PULSE_MICROUNITS + (this.#highestRate * LOST_BASAL_MS) / MS_PER_HOUR);
    const basalLow = Math.max(0, this.#basalLow - (this.#highestRate > 0 ? PULSE_MICROUNITS + lostBasal : 0));
    const least = low + basalLow - slack - jumps;
    const most = high + this.#basalHigh + slack + jumps;
    const displaced = Math.round(displacedMicrounits);
    if (displaced < least || displaced > most)
      this.violations.push(
        `displaced ${displaced}, not within [${Math.round(least)}, ${Math.round(most)}]; doses [${low}, ${high}]`,
      );
    if (countedMicrounits < displaced - slack)
      this.violations.push(`counted ${countedMicrounits}, less than the ${displaced} displaced`);
  }

  /** A report stops at zero; a jump back from there still takes its half-steps off what comes next. */
  #least(dose: Dose): number {
    return dose.uncertain && dose.lowMicrounits === 0 ? -this.#mostJumpMicrounits : dose.lowMicrounits;
  }

  #pass(nowMs: number): void {
    const hours = (nowMs - this.#sinceMs) / MS_PER_HOUR;
    this.#sinceMs = nowMs;
    this.#basalLow += this.#lowRate * hours;
    this.#basalHigh += this.#highRate * hours;
  }
}

const HISTORY_RECORD_BYTES = 32;

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** The sound history records in flash, in the order in which they lie there. */
export function historyOf(flash: Uint8Array): readonly { readonly sequence: number; readonly event: number }[] {
  const records: { readonly sequence: number; readonly event: number }[] = [];
  for (let at = 0; at + HISTORY_RECORD_BYTES <= flash.length; at += HISTORY_RECORD_BYTES) {
    const record = flash.subarray(at, at + HISTORY_RECORD_BYTES);
    const view = new DataView(record.buffer, record.byteOffset, record.length);
    const check = HISTORY_RECORD_BYTES - 4;
    if (view.getUint32(check, true) !== crc32(record.subarray(0, check))) continue;
    records.push({ sequence: view.getUint32(0, true), event: view.getUint16(4, true) });
  }
  return records;
}
