/**
 * CRC-32 (ISO/IEC 8802-3, reflected polynomial EDB88320), bit by bit: a table would be module state in ROM, and
 * blobs are small. It guards stored bytes against accident, not against an attacker.
 */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
