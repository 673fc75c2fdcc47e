/** UUIDs of the firmware in text, read as NimBLE does: hexadecimal digits, dashes optional, case ignored. */

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
