/**
 * The Countersign GATT service as a central looks for it (PROTOCOL.md 1.1), and the reading of advertising data.
 * UUIDs are compared as NimBLE does: hexadecimal digits, dashes optional, case ignored.
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

/** Lower case and without dashes; `undefined` when `text` is no 16-, 32- or 128-bit UUID. */
export function normalUuid(text: string): string | undefined {
  const digits = text.replaceAll("-", "").toLowerCase();
  return /^([0-9a-f]{4}|[0-9a-f]{8}|[0-9a-f]{32})$/.test(digits) ? digits : undefined;
}

/** Whether two UUID strings name the same UUID. */
export function sameUuid(a: string, b: string): boolean {
  const normal = normalUuid(a);
  return normal !== undefined && normal === normalUuid(b);
}

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
        let text = "";
        for (const byte of data.subarray(at, at + UUID128_BYTES)) text = byte.toString(16).padStart(2, "0") + text;
        if (sameUuid(text, SERVICE_UUID)) return true;
      }
    offset = end;
  }
  return false;
}
