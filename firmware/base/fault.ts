/**
 * The closed set of faults: hardware or storage that failed. A fault is latched until a restart, stops the motor, is
 * annunciated, and is never a peer's doing (that is a refusal).
 */
export type Fault =
  | { readonly kind: "storageFailed"; readonly blob: string }
  | { readonly kind: "storageLost"; readonly blob: string }
  | { readonly kind: "entropyFailed"; readonly test: "repetition" | "proportion" | "period" | "source" }
  | { readonly kind: "motorShort"; readonly counted: number; readonly expected: number }
  | { readonly kind: "motorOver"; readonly counted: number; readonly expected: number }
  | { readonly kind: "invariant"; readonly message: string };

/** One line for the local trace and the display. */
export function faultText(fault: Fault): string {
  switch (fault.kind) {
    case "storageFailed":
      return `storage: writing ${fault.blob} failed`;
    case "storageLost":
      return `storage: both copies of ${fault.blob} are lost`;
    case "entropyFailed":
      return `entropy: ${fault.test} test failed`;
    case "motorShort":
      return `motor: ${fault.counted} counts moved, ${fault.expected} expected (stall or slip)`;
    case "motorOver":
      return `motor: ${fault.counted} counts moved, ${fault.expected} expected (runaway)`;
    case "invariant":
      return `invariant: ${fault.message}`;
    default:
      return fault satisfies never;
  }
}
