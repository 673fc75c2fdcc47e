/** Amounts as the pump reports them: SFLOAT of the finest step that its mantissa allows (PROTOCOL.md section 9.7). Pure. */

const LARGEST_MANTISSA = 2_045;

/** The step of a report of so much, in microunits: a power of ten. */
export function reportStep(amountMicrounits: number): number {
  let step = 1;
  while (Math.ceil(amountMicrounits / step) > LARGEST_MANTISSA) step *= 10;
  return step;
}

/** What the pump says of an amount that it rounds up. */
export function reportedUp(amountMicrounits: number): number {
  const step = reportStep(amountMicrounits);
  return Math.ceil(amountMicrounits / step) * step;
}
