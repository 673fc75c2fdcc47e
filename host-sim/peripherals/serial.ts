/**
 * ECMA-419 Serial as the Moddable SDK has it on ESP32 (serial.c): two FIFOs of 128 bytes, and interrupts that call the
 * firmware back on its thread. Owns the line: what is on its way either way, and its far end, where a person's terminal
 * is. Bytes leave and come at the line's speed, torn wherever a millisecond ends.
 */

import type { SerialConstructor, SerialOptions, SerialPort } from "../../firmware/board.js";
import type { Clock } from "../air/clock.js";
import { PinUser } from "./pins.js";
import type { PowerSession } from "./powerSession.js";

const FIFO_BYTES = 128;
/** serial.c: the transmitter asks for more when it holds fewer. */
const TRANSMIT_THRESHOLD_BYTES = 10;
/** ESP32 Technical Reference Manual, UART_CONF1_REG: the receiver tells of so many, or of fewer at a pause. */
const RECEIVE_THRESHOLD_BYTES = 96;
/** 8 bits, start and stop. */
const BITS_A_BYTE = 10;
const MS_PER_SECOND = 1_000;

/** What the far end does. */
export interface SerialInput {
  readonly do: "serial";
  readonly bytes: readonly number[];
}

/** The port of a session, as the line sees it. */
interface Uart {
  readonly baud: number;
  /** Takes bytes off the line, as far as its FIFO has room. @param pause nothing follows in this millisecond. */
  receive(bytes: readonly number[], pause: boolean): void;
  /** Gives up to so many bytes to the line. */
  transmit(most: number): readonly number[];
  readonly hasOutput: boolean;
}

export class SerialLine {
  /** Told of the pump's output, a character a byte, as it arrives. */
  onOutput: ((text: string) => void) | undefined;
  readonly #clock: Clock;
  readonly #onInput: (input: SerialInput) => void;
  #uart: Uart | undefined;
  #coming: readonly number[] = [];
  #ticking = false;

  /** @param onInput hears of what the far end sends, before it is sent. */
  constructor(clock: Clock, onInput: (input: SerialInput) => void = () => {}) {
    this.#clock = clock;
    this.#onInput = onInput;
  }

  /** Sends bytes to the pump; those for which nobody listens are lost. */
  send(bytes: ArrayLike<number>): void {
    const sent = Array.from(bytes);
    this.#onInput({ do: "serial", bytes: sent });
    this.#coming = [...this.#coming, ...sent];
    this.#tick();
  }

  /** Sends text, a byte a character. */
  type(text: string): void {
    this.send(Array.from(text, (character) => character.charCodeAt(0) & 0xff));
  }

  /** What is in the board's FIFOs is lost with its power. */
  powerLost(): void {
    this.#uart = undefined;
  }

  /** The Serial constructor of one session. */
  serialFor(session: PowerSession): SerialConstructor {
    const line = this;
    return class Serial extends PinUser implements SerialPort, Uart {
      readonly baud: number;
      readonly #options: SerialOptions;
      #received: number[] = [];
      #sending: number[] = [];
      #readable = { told: false };
      #writable = { told: false, enabled: true };

      constructor(options: SerialOptions) {
        session.check();
        if (line.#uart !== undefined) throw new RangeError("port in use");
        super(session, options.transmit, options.receive);
        this.baud = options.baud;
        this.#options = options;
        line.#uart = this;
        this.#askForMore();
      }

      get hasOutput(): boolean {
        return this.#sending.length > 0;
      }

      read(): ArrayBuffer | undefined {
        this.checkOpen();
        const bytes = Uint8Array.from(this.#received);
        this.#received = [];
        return bytes.length > 0 ? bytes.buffer : undefined;
      }

      write(bytes: Uint8Array): void {
        this.checkOpen();
        if (bytes.length > FIFO_BYTES - this.#sending.length) throw new Error("output full");
        this.#sending.push(...bytes);
        this.#writable.enabled = true;
        this.#askForMore();
        line.#tick();
      }

      receive(bytes: readonly number[], pause: boolean): void {
        this.#received.push(...bytes.slice(0, FIFO_BYTES - this.#received.length));
        const due = pause || this.#received.length >= RECEIVE_THRESHOLD_BYTES;
        if (!due || this.#readable.told) return;
        this.#readable.told = true;
        this.#post();
      }

      transmit(most: number): readonly number[] {
        const sent = this.#sending.splice(0, most);
        this.#askForMore();
        return sent;
      }

      protected override release(): void {
        line.#uart = undefined;
      }

      #askForMore(): void {
        if (!this.#writable.enabled || this.#sending.length >= TRANSMIT_THRESHOLD_BYTES) return;
        this.#writable.enabled = false;
        if (this.#writable.told) return;
        this.#writable.told = true;
        this.#post();
      }

      #post(): void {
        session.thread.schedule(() => this.#deliver(), 0);
      }

      #deliver(): void {
        if (!this.isOpen) return;
        if (this.#readable.told) {
          this.#readable.told = false;
          if (this.#received.length > 0) this.#options.onReadable(this.#received.length);
        }
        if (!this.#writable.told) return;
        this.#writable.told = false;
        const room = FIFO_BYTES - this.#sending.length;
        if (room > 0) this.#options.onWritable(room);
      }
    };
  }

  #tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    this.#clock.schedule(() => {
      this.#ticking = false;
      this.#pass();
      if (this.#coming.length > 0 || this.#uart?.hasOutput) this.#tick();
    }, 1);
  }

  /** One millisecond of the line. */
  #pass(): void {
    const uart = this.#uart;
    if (uart === undefined) {
      this.#coming = [];
      return;
    }
    const most = Math.max(1, Math.floor(uart.baud / BITS_A_BYTE / MS_PER_SECOND));
    const arrived = this.#coming.slice(0, most);
    this.#coming = this.#coming.slice(most);
    if (arrived.length > 0) uart.receive(arrived, this.#coming.length === 0);
    const text = String.fromCharCode(...uart.transmit(most));
    if (text !== "") this.onOutput?.(text);
  }
}
