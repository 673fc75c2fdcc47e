/** Profiles by hand and by chance. */

import fc from "fast-check";
import { microunitsPerHour } from "../../firmware/base/units.js";
import { type Profile, profileOfBlocks } from "../../firmware/therapy/profiles.js";

/** Blocks as [minutes, microunits an hour]. */
export const profileOfRates = (...blocks: readonly (readonly [number, number])[]): Profile =>
  profileOfBlocks(
    blocks.map(([durationMinutes, rate]) => ({ durationMinutes, rateMicrounitsPerHour: microunitsPerHour(rate) })),
  );

/** A day of 1 to 24 blocks, rates in steps of 0.01 U/h up to `most`. */
export const profile = (most: number): fc.Arbitrary<Profile> =>
  fc
    .record({
      borders: fc.uniqueArray(fc.integer({ min: 1, max: 1_439 }), { maxLength: 23 }),
      rates: fc.array(fc.integer({ min: 0, max: most / 10_000 }), { minLength: 24, maxLength: 24 }),
    })
    .map(({ borders, rates }) => {
      const ends = [...borders.sort((a, b) => a - b), 1_440];
      return profileOfRates(...ends.map((end, i) => [end - (ends[i - 1] ?? 0), 10_000 * (rates[i] ?? 0)] as const));
    });
