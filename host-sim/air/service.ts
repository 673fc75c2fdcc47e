/**
 * The Countersign GATT service as a central looks for it (PROTOCOL.md 1.1), and the reading of advertising data.
 */

/** The service that a pump advertises. */
export const SERVICE_UUID = "c5160001-8b5a-4d0f-9c31-6e2b7a94d1f0";
/** Characteristic that a central writes. */
export const TO_PUMP_UUID = "c5160002-8b5a-4d0f-9c31-6e2b7a94d1f0";
/** Characteristic that indicates to a central. */
export const FROM_PUMP_UUID = "c5160003-8b5a-4d0f-9c31-6e2b7a94d1f0";

// Assigned Numbers 2.3: incomplete and complete list of 128-bit service class UUIDs.
const AD_UUID128_INCOMPLETE = 0x06;
const AD_UUID128_COMPLETE = 0x07;
const UUID128_BYTES = 16;
const SERVICE_DIGITS = SERVICE_UUID.replaceAll("-", "");

/**
 * Whether advertising data (AD structures: length, type, data) lists the Countersign service. What is cut off is not
 * listed.
 */
export function advertisesCountersign(data: Uint8Array): boolean {
  let offset = 0;
  while (offset < data.length) {
    const length = data[offset] ?? 0;
    const end = offset + 1 + length;
    if (length === 0) return false;
    const type = data[offset + 1];
    if (type === AD_UUID128_INCOMPLETE || type === AD_UUID128_COMPLETE)
      for (let at = offset + 2; at + UUID128_BYTES <= end; at += UUID128_BYTES) {
        let digits = "";
        for (const byte of data.subarray(at, at + UUID128_BYTES)) digits = byte.toString(16).padStart(2, "0") + digits;
        if (digits === SERVICE_DIGITS) return true;
      }
    offset = end;
  }
  return false;
}
