/**
 * Amounts as people write them, to and from microunits, without a float in between: 0.05 U is 50,000 µU, exactly.
 */

import { COMMAND_INCREMENT_MICROUNITS, encodeSfloat } from "./sfloat.js";

const MICROUNITS_PER_UNIT = 1_000_000;
const DECIMALS = 6;
/** Far over what any pump holds, and far under what a double holds exactly. */
const MOST_DIGITS = 6;
const AMOUNT = /^(0|[1-9]\d*)(?:\.(\d+))?$/;

/** An amount read, or why there is none, in words for whoever wrote it. */
export type ParsedAmount =
  | { readonly kind: "ok"; readonly microunits: number }
  | { readonly kind: "malformed"; readonly what: string };

function malformed(text: string, what: string): ParsedAmount {
  return { kind: "malformed", what: `"${text}" is no amount: ${what}` };
}

/**
 * Reads an amount in U, or a rate in U/h, that a command can express exactly. Takes 0.5 and 12; refuses what is easily
 * misread: .5, 5., 05, 0,5, 1e3, signs and spaces.
 */
export function parseAmount(text: string): ParsedAmount {
  const [, whole, fraction = ""] = AMOUNT.exec(text) ?? [];
  if (whole === undefined) return malformed(text, "write digits with a point between them, such as 0.5 or 12");
  if (whole.length > MOST_DIGITS) return malformed(text, `no pump takes more than ${MOST_DIGITS} digits of units`);
  const decimals = fraction.replace(/0+$/, "");
  const microunits = Number(whole) * MICROUNITS_PER_UNIT + Number(decimals.slice(0, DECIMALS).padEnd(DECIMALS, "0"));
  if (decimals.length > DECIMALS || microunits % COMMAND_INCREMENT_MICROUNITS !== 0)
    return malformed(text, `it goes in steps of ${formatAmount(COMMAND_INCREMENT_MICROUNITS)}`);
  const step = stepOf(microunits);
  return step === undefined
    ? { kind: "ok", microunits }
    : malformed(text, `amounts of that size go in steps of ${formatAmount(step)}`);
}

/** The step that an amount of this size would have to be a multiple of; undefined when it can be expressed. */
function stepOf(microunits: number): number | undefined {
  for (let step = COMMAND_INCREMENT_MICROUNITS; ; step *= 10) {
    const rounded = Math.floor(microunits / step) * step;
    try {
      encodeSfloat(rounded);
    } catch {
      // Of a whole multiple of the increment, a RangeError says that it is too fine for its size.
      continue;
    }
    return rounded === microunits ? undefined : step;
  }
}

/** An amount in U, with as many decimals as it takes to be exact. `microunits`: a whole number, 0 or more. */
export function formatAmount(microunits: number): string {
  const whole = Math.floor(microunits / MICROUNITS_PER_UNIT);
  const decimals = `${microunits % MICROUNITS_PER_UNIT}`.padStart(DECIMALS, "0").replace(/0+$/, "");
  return decimals === "" ? `${whole}` : `${whole}.${decimals}`;
}
