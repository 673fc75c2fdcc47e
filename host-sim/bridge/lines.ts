/**
 * Lines out of the pieces in which a socket delivers text (PROTOCOL.md 10.1). Owns the text of the line that has begun,
 * bounded: a peer that never ends its line cannot fill memory.
 */

/** Longest line, its line feed not counted, in UTF-16 code units: for the ASCII that both ends send, bytes. */
export const LINE_MAXIMUM = 4096;

/** Told of each line in turn, without its line feed; then, at most once, that a line is too long. */
export interface LineListener {
  onLine(line: string): void;
  /** Nothing after this is read. */
  onTooLong(): void;
}

/** Splits one direction of one socket. */
export class LineSplitter {
  readonly #listener: LineListener;
  #begun = "";
  #over = false;

  constructor(listener: LineListener) {
    this.#listener = listener;
  }

  /** Takes the next piece. Calls the listener before it returns. */
  push(piece: string): void {
    let from = 0;
    while (!this.#over) {
      const at = piece.indexOf("\n", from);
      const end = at < 0 ? piece.length : at;
      if (this.#begun.length + end - from > LINE_MAXIMUM) {
        this.stop();
        this.#listener.onTooLong();
        return;
      }
      this.#begun += piece.slice(from, end);
      if (at < 0) return;
      const line = this.#begun;
      this.#begun = "";
      from = at + 1;
      this.#listener.onLine(line);
    }
  }

  /** Reads no more, even of the piece under way: the socket is closed. */
  stop(): void {
    this.#over = true;
    this.#begun = "";
  }
}
