/** What the commands stand on: a terminal, time, chance and the way to the pump. Owns nothing. */

import type { OpenStream } from "../../bridge/socketTransport.js";
import type { Clock } from "../../controller/clock.js";

/** Where people read and type. */
export interface Terminal {
  /** Whether a person can be asked. */
  readonly interactive: boolean;
  out(text: string): void;
  err(text: string): void;
  /** Asks for yes or no; anything but yes is no, and so is `abandoned`. */
  ask(question: string, abandoned: AbortSignal): Promise<boolean>;
  /** Calls `listener` on each Ctrl-C, until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
}

/** Everything that a command may use. */
export interface Surroundings {
  readonly terminal: Terminal;
  /** The controller's. */
  readonly clock: Clock;
  /** The time of day, for the journal. */
  readonly now: () => Date;
  /** That many bytes from a cryptographically secure source. */
  readonly random: (length: number) => Uint8Array;
  /** Opens streams to the pump's socket at a port. */
  readonly streams: (port: number) => OpenStream;
}
