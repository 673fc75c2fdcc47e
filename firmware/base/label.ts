const LABEL_BYTES = 16;

/** A domain-separation label: ASCII, zero-padded to 16 bytes (PROTOCOL.md, notation). */
export function label(text: string): Uint8Array {
  if (text.length > LABEL_BYTES) throw new Error(`invariant: label ${text} is over ${LABEL_BYTES} characters`);
  const bytes = new Uint8Array(LABEL_BYTES);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
