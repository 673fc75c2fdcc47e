/**
 * The closed, numbered set of refusals an authenticated peer can be given. 70 to 76 are the response codes of the
 * Insulin Delivery Service 1.0 (Command Control Point); 80 and up are Countersign's (PROTOCOL.md section 6).
 */
export const Refusal = {
  OpcodeNotSupported: 0x70,
  InvalidOperand: 0x71,
  NotCompleted: 0x72,
  OutOfRange: 0x73,
  NotApplicable: 0x74,
  Plausibility: 0x75,
  MaxBolusNumber: 0x76,
  Stale: 0x80,
  ChallengeUnknown: 0x81,
  ChallengeExpired: 0x82,
  CountersignatureWrong: 0x83,
  ReadingChanged: 0x84,
  RoleNotPermitted: 0x85,
} as const;

export type Refusal = (typeof Refusal)[keyof typeof Refusal];

/** Response code of a request that succeeded (Insulin Delivery Service 1.0). */
export const SUCCESS = 0x0f;

/** The name of a refusal, for a local trace or a person. */
export function refusalName(refusal: Refusal): string {
  for (const [name, code] of Object.entries(Refusal)) if (code === refusal) return name;
  throw new Error(`invariant: ${refusal} is not a refusal`);
}
