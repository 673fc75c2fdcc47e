/**
 * The quantities of the firmware as branded integers. Owns no arithmetic: a unit is a promise about a number,
 * kept where the number is made. Every name that holds one ends in its unit, but for points in time: `...At` and
 * `...By` are uptimes in ms.
 */

declare const unit: unique symbol;
type Quantity<Name extends string> = number & { readonly [unit]: Name };

/** Insulin: an integer number of microunits, 1 U = 1,000,000. A difference may be negative. */
export type Microunits = Quantity<"microunits">;
/** Insulin rate: an integer number of microunits an hour. */
export type MicrounitsPerHour = Quantity<"microunits per hour">;
/** Milliseconds since this boot, never wrapping (see clock.ts). */
export type UptimeMs = Quantity<"uptime ms">;
/** Milliseconds of powered life since provisioning; survives reboots, counts zero without power. */
export type PumpClockMs = Quantity<"pump clock ms">;
/** Half-steps of the motor, an integer. */
export type HalfSteps = Quantity<"half-steps">;
/** Quadrature counts of the lead screw's encoder, an integer. */
export type EncoderCounts = Quantity<"encoder counts">;

export const MICROUNITS_PER_UNIT = 1_000_000;
export const MS_PER_HOUR = 3_600_000;
export const MS_PER_MINUTE = 60_000;

/** Brands an integer. Throws on a fraction, NaN or an integer beyond 2^53: that is our bug, not input. */
function integer<Q extends number>(value: number): Q {
  if (!Number.isSafeInteger(value)) throw new Error(`invariant: ${value} is not a safe integer`);
  return value as Q;
}

export const microunits = (value: number): Microunits => integer(value);
export const microunitsPerHour = (value: number): MicrounitsPerHour => integer(value);
export const uptimeMs = (value: number): UptimeMs => integer(value);
export const pumpClockMs = (value: number): PumpClockMs => integer(value);
export const halfSteps = (value: number): HalfSteps => integer(value);
export const encoderCounts = (value: number): EncoderCounts => integer(value);
