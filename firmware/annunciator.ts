/** The buzzer and the LED: a short sound for news, a light while anything is pending. Owns both outputs. */

import type { Board, DigitalPin, PwmOutput, ScheduledCallback } from "./board.js";

/** The resonance of common piezo buzzers, and long enough to be noticed. */
const BUZZER_HZ = 2_700;
const BEEP_MS = 200;

export class Annunciator {
  readonly #board: Board;
  readonly #led: DigitalPin;
  readonly #buzzer: PwmOutput;
  #beep: ScheduledCallback | undefined;
  #question: readonly string[] = [];

  constructor(board: Board) {
    this.#board = board;
    this.#led = new board.Digital({ pin: board.pins.led, mode: board.Digital.Output });
    this.#buzzer = new board.PWM({ pin: board.pins.buzzer, hz: BUZZER_HZ });
    this.#led.write(0);
    this.#buzzer.write(0);
  }

  /** What waits for an answer, or nothing: it stays below all that is announced. */
  ask(question: readonly string[]): void {
    this.#question = question;
  }

  /** Sounds once and shows lines. */
  announce(...lines: readonly string[]): void {
    this.#board.show([...lines, ...this.#question]);
    this.#buzzer.write(2 ** (this.#buzzer.resolution - 1));
    this.#beep?.cancel();
    this.#beep = this.#board.schedule(() => this.#buzzer.write(0), BEEP_MS);
  }

  /** Lit while an annunciation is pending. */
  setPending(pending: boolean): void {
    this.#led.write(pending ? 1 : 0);
  }
}
