/**
 * Cartridge and infusion line: position of the pusher -> insulin displaced, stored in the line's give, delivered. The
 * only place that says what the patient received. Floating point, and no transcendental functions, so that every engine
 * computes the same.
 *
 * The pusher touches the plunger but does not hold it: withdrawn further than the stored pressure follows, it leaves a
 * gap, and pushes again only once the gap is closed.
 *
 *     displaced = delivered + stored + vented
 */

/** A 3 ml cartridge of U-100 insulin. */
export const CARTRIDGE_MICROUNITS = 300_000_000;
/** From stop to stop: a full cartridge, and 1 mm (7.3 U on a bore of 9.65 mm) behind its plunger. */
const TRAVEL_MICROUNITS = CARTRIDGE_MICROUNITS + 7_300_000;

/**
 * Give of plunger, cartridge and line. Makes an occlusion at 1 U/h reach 15 N (2 bar on the bore) in 3 h, which is what
 * the Omnipod manual calls typical.
 */
const COMPLIANCE_MICROUNITS_PER_NEWTON = 200_000;
/**
 * Resistance of an open line of 600 mm and 0.25 mm bore to water (Hagen-Poiseuille: 6.3 x 10^12 Pa s/m^3) on a bore of
 * 73.1 mm^2 at 10^-8 m^3 a unit: 4.6 N at 1 U/s. At a pulse of 0.05 U every 2 s that is 0.1 N.
 */
const RESISTANCE_NEWTON_SECONDS_PER_UNIT = 4.6;
const TIME_CONSTANT_MS = (RESISTANCE_NEWTON_SECONDS_PER_UNIT * COMPLIANCE_MICROUNITS_PER_NEWTON * 1_000) / 1_000_000;
/** What is left in the line after 1 ms of draining. */
const KEPT_PER_MS = 1 - 1 / TIME_CONSTANT_MS;

/** Motor and 0.7 mm screw cannot push harder: about 10 bar on the bore. */
const STALL_FORCE_NEWTONS = 76;

/** `base` to a whole power, by multiplications alone. */
function power(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** All of a cartridge and its line, as of `sinceMs`. */
export interface SyringeSnapshot {
  readonly frontStopMicrounits: number;
  readonly pusherMicrounits: number;
  readonly originMicrounits: number;
  readonly emptyAtMicrounits: number;
  readonly deliveredMicrounits: number;
  readonly sinceMs: number;
  readonly ventedMicrounits: number;
  readonly occluded: boolean;
  readonly wedged: boolean;
}

export class Syringe {
  readonly #clock: { readonly nowMs: number };
  /** What the first cartridge held: where the front stop is on the scale of the pusher. */
  #frontStopMicrounits: number;
  #pusherMicrounits = 0;
  /** What to take off the pusher's position to compare it with what was delivered. */
  #originMicrounits = 0;
  /** What will have been delivered when this cartridge is empty. */
  #emptyAtMicrounits: number;
  /** Delivered as of `#sinceMs`. Readings are computed from there, so that looking changes nothing. */
  #deliveredMicrounits = 0;
  #sinceMs = 0;
  #ventedMicrounits = 0;
  #occluded = false;
  #wedged = false;

  /** @param contentMicrounits what the first cartridge holds; the pusher touches its plunger. */
  constructor(clock: { readonly nowMs: number }, contentMicrounits: number) {
    this.#clock = clock;
    this.#frontStopMicrounits = contentMicrounits;
    this.#emptyAtMicrounits = contentMicrounits;
  }

  /** What the plunger displaced. Falls when a withdrawn pusher lets stored pressure push the plunger back. */
  get displacedMicrounits(): number {
    return this.deliveredMicrounits + this.lineStorageMicrounits + this.#ventedMicrounits;
  }

  /** What left the end of the line. */
  get deliveredMicrounits(): number {
    return this.#deliveredAt(this.#clock.nowMs);
  }

  /** What was displaced and is still in the give of the line: what a release would let out. */
  get lineStorageMicrounits(): number {
    return Math.max(0, this.#pushedMicrounits() - this.deliveredMicrounits);
  }

  /** What left the line at neither end: pressure let off when a cartridge was taken out. */
  get ventedMicrounits(): number {
    return this.#ventedMicrounits;
  }

  /** Left in the cartridge. */
  get reservoirMicrounits(): number {
    return this.#emptyAtMicrounits - Math.max(this.#pushedMicrounits(), this.deliveredMicrounits);
  }

  /** Whether the line is closed. */
  get occluded(): boolean {
    return this.#occluded;
  }

  /** Force of the pusher on the plunger. */
  get forceNewtons(): number {
    return this.#wedged ? STALL_FORCE_NEWTONS : this.lineStorageMicrounits / COMPLIANCE_MICROUNITS_PER_NEWTON;
  }

  snapshot(): SyringeSnapshot {
    return {
      frontStopMicrounits: this.#frontStopMicrounits,
      pusherMicrounits: this.#pusherMicrounits,
      originMicrounits: this.#originMicrounits,
      emptyAtMicrounits: this.#emptyAtMicrounits,
      deliveredMicrounits: this.#deliveredMicrounits,
      sinceMs: this.#sinceMs,
      ventedMicrounits: this.#ventedMicrounits,
      occluded: this.#occluded,
      wedged: this.#wedged,
    };
  }

  /** The clock is at the time of the snapshot, or later: then the line has drained since. */
  restore(snapshot: SyringeSnapshot): void {
    this.#frontStopMicrounits = snapshot.frontStopMicrounits;
    this.#pusherMicrounits = snapshot.pusherMicrounits;
    this.#originMicrounits = snapshot.originMicrounits;
    this.#emptyAtMicrounits = snapshot.emptyAtMicrounits;
    this.#deliveredMicrounits = snapshot.deliveredMicrounits;
    this.#sinceMs = snapshot.sinceMs;
    this.#ventedMicrounits = snapshot.ventedMicrounits;
    this.#occluded = snapshot.occluded;
    this.#wedged = snapshot.wedged;
  }

  /** Closes the line (its resistance becomes infinite), or opens it again: then what it stored comes out. */
  setOccluded(occluded: boolean): void {
    this.#anchor(this.#clock.nowMs);
    this.#occluded = occluded;
  }

  /**
   * Moves the pusher to a position, counted in the microunits that it would displace from where it began. False, and it
   * stays, where a stop or a force over the motor's forbids it.
   *
   * @param atMs now, or a time past since which nothing else happened.
   */
  moveTo(pusherMicrounits: number, atMs: number): boolean {
    this.#anchor(atMs);
    if (pusherMicrounits > this.#pusherMicrounits) {
      const pushed = pusherMicrounits - this.#originMicrounits;
      const stored = pushed - this.#deliveredMicrounits;
      const bottomed = pushed > this.#emptyAtMicrounits;
      // The screw does not run back by itself: it keeps the force that it stalled at.
      if (bottomed) this.#wedged = true;
      if (bottomed || stored > STALL_FORCE_NEWTONS * COMPLIANCE_MICROUNITS_PER_NEWTON) return false;
    } else if (pusherMicrounits < this.#frontStopMicrounits - TRAVEL_MICROUNITS) {
      return false;
    }
    this.#wedged = false;
    this.#pusherMicrounits = pusherMicrounits;
    return true;
  }

  /**
   * Puts in another cartridge. The pressure in the line is let off. The pusher stays where it is, with a gap before the
   * plunger; throws when it has not been withdrawn far enough.
   */
  loadCartridge(contentMicrounits: number): void {
    this.#anchor(this.#clock.nowMs);
    const plunger = this.#frontStopMicrounits - contentMicrounits;
    if (this.#pusherMicrounits > plunger) throw new Error("the pusher is in the way: withdraw it first");
    this.#ventedMicrounits += this.lineStorageMicrounits;
    this.#wedged = false;
    this.#originMicrounits = plunger - this.#deliveredMicrounits;
    this.#emptyAtMicrounits = this.#deliveredMicrounits + contentMicrounits;
  }

  /** Pusher, on the scale of `delivered`: more than delivered is stored, less is a gap. */
  #pushedMicrounits(): number {
    return this.#pusherMicrounits - this.#originMicrounits;
  }

  #deliveredAt(atMs: number): number {
    const stored = this.#pushedMicrounits() - this.#deliveredMicrounits;
    if (this.#occluded || stored <= 0) return this.#deliveredMicrounits;
    return this.#deliveredMicrounits + stored - stored * power(KEPT_PER_MS, atMs - this.#sinceMs);
  }

  #anchor(atMs: number): void {
    this.#deliveredMicrounits = this.#deliveredAt(atMs);
    this.#sinceMs = atMs;
  }
}
