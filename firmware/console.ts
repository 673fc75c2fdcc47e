/**
 * The serial console: lines in, lines out. Owns the port, the line being typed, and two bounded queues. Knows no
 * command. Never blocks, and lets nothing that the port throws into the firmware: without a port (a debug build, whose
 * debugger has it) all of it does nothing.
 *
 * In: a line ends with CR or LF; backspace takes a character back; a line that is too long, or that has a byte which no
 * keyboard sends, is dropped whole, with a word to whoever typed it. Nothing is echoed as it is typed: noise on an open
 * line would be. Out: lines wait until the transmitter's FIFO takes them, whether or not anybody reads.
 */

import type { Board, SerialPort } from "./board.js";

/** What terminals and the boot loader of the ESP32 use. */
const BAUD = 115_200;
/** Longer than any command. */
const LINE_MAX_CHARACTERS = 80;
/** Commands that may wait for a pulse to end. */
const LINES_IN_MAX = 4;
/** Twice the longest answer. */
const LINES_OUT_MAX = 64;
const LINE_OUT_MAX_CHARACTERS = 160;

const Byte = { backspace: 0x08, lineFeed: 0x0a, carriageReturn: 0x0d, space: 0x20, tilde: 0x7e, delete: 0x7f } as const;
const UNPRINTABLE = 0x3f;

export class Console {
  readonly #onLine: () => void;
  readonly #port: SerialPort | undefined;
  /** The line so far, and what is wrong with it. */
  #typed = "";
  #spoilt: "noise" | "length" | undefined;
  readonly #linesIn: string[] = [];
  readonly #linesOut: string[] = [];
  #lostLines = 0;
  /** The rest of the line that is going out. */
  #going: Uint8Array = new Uint8Array(0);
  /** Bytes that the FIFO takes for certain: it only empties by itself. */
  #roomBytes = 0;

  /** @param onLine is called from the port's callback when a line waits; it must only arm a timer. */
  constructor(board: Pick<Board, "Serial" | "pins" | "trace">, onLine: () => void) {
    this.#onLine = onLine;
    try {
      this.#port = new board.Serial({
        ...board.pins.serial,
        baud: BAUD,
        format: "buffer",
        onReadable: () => this.#receive(),
        onWritable: (count) => {
          this.#roomBytes = count;
          this.#send();
        },
      });
    } catch (error) {
      board.trace(`serial: nobody can type: ${error instanceof Error ? error.message : "unknown"}`);
    }
  }

  get lineWaits(): boolean {
    return this.#linesIn.length > 0;
  }

  /** The oldest line that waits. */
  takeLine(): string | undefined {
    return this.#linesIn.shift();
  }

  /** Queues lines; `flush` sends them. Those for which there is no room are counted, and the count is printed later. */
  print(lines: readonly string[]): void {
    if (this.#port === undefined) return;
    if (this.#linesOut.length + lines.length <= LINES_OUT_MAX) this.#linesOut.push(...lines);
    else this.#lostLines += lines.length;
  }

  /** Begins to send what waits; it goes on by itself. */
  flush(): void {
    if (this.#linesOut.length > 0) this.#send();
  }

  /** Sends what the FIFO takes now. */
  #send(): void {
    try {
      while (this.#roomBytes > 0 && this.#nextBytes()) {
        const bytes = this.#going.subarray(0, this.#roomBytes);
        this.#port?.write(bytes);
        this.#roomBytes -= bytes.length;
        this.#going = this.#going.subarray(bytes.length);
      }
    } catch {
      // A FIFO with less room than it said: it will say again.
      this.#roomBytes = 0;
    }
  }

  /** Whether there is anything to send. */
  #nextBytes(): boolean {
    if (this.#going.length > 0) return true;
    let line = this.#linesOut.shift();
    if (line === undefined && this.#lostLines > 0) {
      line = `(${this.#lostLines} lines lost)`;
      this.#lostLines = 0;
    }
    if (line === undefined) return false;
    this.#going = bytesOf(line);
    return true;
  }

  #receive(): void {
    let received: ArrayBuffer | number | undefined;
    try {
      received = this.#port?.read();
    } catch {
      // What came is lost, as noise may lose it: whoever typed it types again.
      return;
    }
    if (typeof received !== "object") return;
    const bytes = new Uint8Array(received);
    for (let i = 0; i < bytes.length; i++) this.#take(bytes[i] ?? 0);
    this.flush();
  }

  #take(byte: number): void {
    if (byte === Byte.carriageReturn || byte === Byte.lineFeed) this.#endLine();
    else if (byte === Byte.backspace || byte === Byte.delete) this.#typed = this.#typed.slice(0, -1);
    else if (byte < Byte.space || byte > Byte.tilde) this.#spoilt ??= "noise";
    else if (this.#typed.length >= LINE_MAX_CHARACTERS) this.#spoilt ??= "length";
    else this.#typed += String.fromCharCode(byte);
  }

  #endLine(): void {
    const typed = this.#typed.trim();
    const spoilt = this.#spoilt;
    this.#typed = "";
    this.#spoilt = undefined;
    if (typed === "") return;
    if (spoilt === "noise") this.print(["Dropped: noise on the line. Type it again."]);
    else if (spoilt === "length") this.print([`Dropped: over ${LINE_MAX_CHARACTERS} characters. Type help.`]);
    else if (this.#linesIn.length >= LINES_IN_MAX) this.print(["Dropped: too many lines at once. Wait for answers."]);
    else {
      this.#linesIn.push(typed);
      this.#onLine();
    }
  }
}

/** A line as it goes out: ASCII, cut to a length, ended as terminals expect. */
function bytesOf(line: string): Uint8Array {
  const length = Math.min(line.length, LINE_OUT_MAX_CHARACTERS);
  const bytes = new Uint8Array(length + 2);
  for (let i = 0; i < length; i++) {
    const code = line.charCodeAt(i);
    bytes[i] = code >= Byte.space && code <= Byte.tilde ? code : UNPRINTABLE;
  }
  bytes[length] = Byte.carriageReturn;
  bytes[length + 1] = Byte.lineFeed;
  return bytes;
}
