/** Longest message in either direction (PROTOCOL.md section 1.2), in bytes. */
export const MESSAGE_MAX_BYTES = 256;
