/** `node:zlib` on XS: CRC-32 bit by bit (ISO 3309, polynomial 0xEDB88320 reflected), as far from a table as can be. */

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return ~crc >>> 0;
}
