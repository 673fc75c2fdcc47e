/** CRC-32 over stored bytes: guards them against accident, not against an attacker. */

/** ISO/IEC 8802-3, reflected. */
const POLYNOMIAL = 0xedb88320;

/** What each value of the register's lowest byte adds to the rest: eight steps of the division at once. */
const STEPS: readonly number[] = Object.freeze(
  Array.from({ length: 256 }, (_, byte) => {
    let register = byte;
    for (let bit = 0; bit < 8; bit++) register = (register >>> 1) ^ (register & 1 ? POLYNOMIAL : 0);
    return register | 0;
  }),
);

/** CRC-32 as a u32. */
export function crc32(bytes: Uint8Array): number {
  const { length } = bytes;
  const steps = STEPS;
  let register = -1;
  let i = 0;
  // Two bytes a turn: XS has no optimiser, and all that is stored passes here.
  for (const pairs = length - 1; i < pairs; i += 2) {
    register = (register >>> 8) ^ (steps[(register ^ (bytes[i] as number)) & 0xff] as number);
    register = (register >>> 8) ^ (steps[(register ^ (bytes[i + 1] as number)) & 0xff] as number);
  }
  if (i < length) register = (register >>> 8) ^ (steps[(register ^ (bytes[i] as number)) & 0xff] as number);
  return ~register >>> 0;
}
