/**
 * What a controller stands on: one GATT connection to a pump, reduced to the Countersign service (PROTOCOL.md 1.1).
 * Nothing here tells a simulated radio from a real one. Owns nothing.
 */

/** What a link tells the controller. */
export interface CentralListener {
  /** Link is up and services discovered. */
  onConnected(): void;
  /** Link ended, by whichever side, or the attempt failed. Called once; nothing follows. */
  onDisconnected(): void;
  onIndication(value: Uint8Array): void;
  /** The peripheral acknowledged one write. */
  onWritten(): void;
}

/** One attempt to connect, and the link it becomes. */
export interface CentralLink {
  /** Longest value of one write: ATT_MTU - 3, in bytes. 20 until the link is up. */
  readonly maximumWrite: number;
  /**
   * Turns indications of `fromPump` on. Throws before `onConnected`; does nothing once the link has ended.
   */
  subscribe(): void;
  /**
   * Writes to `toPump`, with response. At most one write is on the air; further ones wait in order. Throws before
   * `onConnected`, for a value longer than `maximumWrite`, and when too many wait; does nothing once the link has
   * ended.
   */
  write(value: Uint8Array): void;
  /** Ends the link or the attempt; what waits is dropped. `onDisconnected` follows, never before this returns. */
  disconnect(): void;
}

/** A radio that a controller may use. */
export interface Transport {
  /**
   * Scans for the Countersign service (optionally for one address) and connects. Never calls back before it returns.
   */
  connect(listener: CentralListener): CentralLink;
}
