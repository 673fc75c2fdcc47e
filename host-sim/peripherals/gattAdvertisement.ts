/** An object of `startAdvertising` as advertising data, as the SDK's JavaScript converts it. Owns nothing. */

import type { GattAdvertisement } from "../../firmware/board.js";
import { normalUuid } from "./uuid.js";

/** Legacy advertising data (Core specification, Vol 6 Part B 2.3.1). */
const MAXIMUM_BYTES = 31;
const AD_FLAGS = 0x01;
/** Hexadecimal digits of a UUID, and the AD type of the complete list of such UUIDs (Assigned Numbers 2.3). */
const UUID_LISTS = [
  [4, 0x03],
  [8, 0x05],
  [32, 0x07],
] as const;

/**
 * AD structures (length, type, data) in the order of the object's properties; UUIDs little-endian, a list for each of
 * their sizes. Throws for a string that is no UUID, for more than 31 bytes, and, stricter than the SDK, for a property
 * that board.ts does not offer.
 */
export function advertisingData(scan: GattAdvertisement): Uint8Array {
  const data = Object.keys(scan).flatMap((name) => {
    switch (name) {
      case "flags":
        return structure(AD_FLAGS, [scan.flags]);
      case "services":
        return serviceLists(scan.services);
      default:
        throw new Error(`unrecognized ${name}`);
    }
  });
  if (data.length > MAXIMUM_BYTES) throw new RangeError(`${data.length} bytes of advertising data`);
  return Uint8Array.from(data);
}

function serviceLists(services: readonly string[]): number[] {
  const uuids = services.map((service) => {
    const uuid = normalUuid(service);
    if (uuid === undefined) throw new Error("invalid UUID");
    return uuid;
  });
  return UUID_LISTS.flatMap(([digits, type]) => {
    const listed = uuids.filter(({ length }) => length === digits);
    return listed.length === 0 ? [] : structure(type, listed.flatMap(littleEndian));
  });
}

function littleEndian(uuid: string): number[] {
  return (uuid.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16)).reverse();
}

function structure(type: number, data: readonly number[]): number[] {
  return [1 + data.length, type, ...data];
}
