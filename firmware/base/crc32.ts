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

/** The same for a byte that a further byte of zeros follows. */
function later(steps: readonly number[]): readonly number[] {
  return Object.freeze(steps.map((step) => (step >>> 8) ^ (STEPS[step & 0xff] as number)));
}

const STEPS_1 = later(STEPS);
const STEPS_2 = later(STEPS_1);
const STEPS_3 = later(STEPS_2);

/** CRC-32 as a u32. */
export function crc32(bytes: Uint8Array): number {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const [steps, steps1, steps2, steps3] = [STEPS, STEPS_1, STEPS_2, STEPS_3];
  let register = -1;
  let i = 0;
  // Four bytes a turn ("slicing"): XS has no optimiser, and all that is stored passes here.
  for (const fours = length - 3; i < fours; i += 4) {
    const word = register ^ view.getInt32(i, true);
    register =
      (steps3[word & 0xff] as number) ^
      (steps2[(word >>> 8) & 0xff] as number) ^
      (steps1[(word >>> 16) & 0xff] as number) ^
      (steps[word >>> 24] as number);
  }
  for (; i < length; i++) register = (register >>> 8) ^ (steps[(register ^ (bytes[i] as number)) & 0xff] as number);
  return ~register >>> 0;
}
