/** What a server of sockets hands on of each, and the limits that it keeps (PROTOCOL.md 10.1). Owns nothing. */

/** What stands behind one socket. */
export interface Peer {
  /** Takes a piece of what the client sent, a character a byte. */
  receive(piece: string): void;
  /** The socket is gone. Called once; nothing follows. */
  close(): void;
}

/** Sockets at a time; more are closed at once. */
export const SOCKETS_MAXIMUM = 16;
/** What may wait for a socket that does not read: far over what a client that does ever leaves. */
export const UNSENT_MAXIMUM_BYTES = 256 * 1_024;
/** How long a socket that the bridge ended may take to read what was sent, before it is cut off. */
export const LINGER_MS = 2_000;
