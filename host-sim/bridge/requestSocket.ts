/**
 * One socket that carries requests (PROTOCOL.md 10.1): reads them, has them carried out one at a time in their order,
 * and ends the socket of a client that sends what is none. Owns the requests that wait, at most 64.
 */

import { LINE_MAXIMUM, LineSplitter } from "./lines.js";
import { type RequestOf, readRequest, type Vocabulary } from "./vocabulary.js";

/** Requests that may wait behind the one under way. */
export const WAITING_MAXIMUM = 64;

/** The socket below: what is sent is text of one direction, in order. */
export interface LinePort {
  /** Sends one line, its line feed included. Whoever does not read is dropped by the port. */
  send(line: string): void;
  /** Ends the socket once what was sent has left. */
  end(): void;
}

/** What a client is told. `do` names the request that an answer is to. */
export interface BridgeEvent {
  readonly event: string;
  readonly [member: string]: unknown;
}

/**
 * Carries out one request: calls `done` once when it has, before or after it returns. Where the request does not fit
 * the moment it does nothing and returns why, and what to do; then `done` is not called.
 */
export type CarryOut<V extends Vocabulary> = (request: RequestOf<V>, done: () => void) => string | undefined;

export class RequestSocket<V extends Vocabulary> {
  readonly #port: LinePort;
  readonly #vocabulary: V;
  readonly #carryOut: CarryOut<V>;
  readonly #onEnded: () => void;
  readonly #lines: LineSplitter;
  #waiting: { readonly lineNumber: number; readonly request: RequestOf<V> }[] = [];
  #underWay = false;
  #lineNumber = 0;
  #open = true;

  /** @param onEnded called once the socket has been ended from here: what stands behind it lets go. */
  constructor(port: LinePort, vocabulary: V, carryOut: CarryOut<V>, onEnded: () => void) {
    this.#onEnded = onEnded;
    this.#port = port;
    this.#vocabulary = vocabulary;
    this.#carryOut = carryOut;
    this.#lines = new LineSplitter({
      onLine: (line) => this.#read(line),
      onTooLong: () => this.#fail(this.#lineNumber + 1, `longer than ${LINE_MAXIMUM} bytes: send shorter lines`),
    });
  }

  /** Takes what the socket delivers, a character a byte. */
  receive(piece: string): void {
    this.#lines.push(piece);
  }

  /** Sends an event, unless the socket has closed. */
  tell(event: BridgeEvent): void {
    if (this.#open) this.#port.send(`${JSON.stringify(event)}\n`);
  }

  /** The socket has closed: what waits is dropped. */
  close(): void {
    this.#open = false;
    this.#waiting = [];
    this.#lines.stop();
  }

  #read(line: string): void {
    this.#lineNumber += 1;
    const read = readRequest(this.#vocabulary, line);
    if (!read.ok) {
      this.#fail(this.#lineNumber, read.refusal);
    } else if (this.#waiting.length >= WAITING_MAXIMUM) {
      this.#fail(this.#lineNumber, `${WAITING_MAXIMUM} requests wait already: wait for answers`);
    } else {
      this.#waiting.push({ lineNumber: this.#lineNumber, request: read.value });
      this.#next();
    }
  }

  #fail(lineNumber: number, what: string): void {
    this.tell({ event: "error", what: `line ${lineNumber}: ${what}` });
    this.close();
    this.#port.end();
    this.#onEnded();
  }

  #next(): void {
    while (!this.#underWay) {
      const first = this.#waiting.shift();
      if (first === undefined) return;
      this.#underWay = true;
      const { lineNumber, request } = first;
      const why = this.#carryOut(request, () => this.#done());
      if (why === undefined) continue;
      this.#underWay = false;
      this.tell({ event: "error", do: request.do, what: `line ${lineNumber}: ${request.do}: ${why}` });
    }
  }

  #done(): void {
    this.#underWay = false;
    this.#next();
  }
}
