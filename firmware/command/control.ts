/** Opcodes of the control channel (PROTOCOL.md section 7). Any two differ in 4 bits. */
export const Control = {
  Prepare: 0x0f,
  Challenge: 0x33,
  Commit: 0x3c,
  Outcome: 0x55,
  OutcomeIs: 0x5a,
  Refused: 0x66,
  ListBonds: 0x96,
  BondsAre: 0x99,
  RevokeBond: 0xa5,
  BondRevoked: 0xaa,
} as const;
