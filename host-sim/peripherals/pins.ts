/** Which pins of a board are in use. ESP32: opening a pin that is in use throws. */
export class PinRegistry {
  readonly #used = new Set<number>();

  /** Takes all of `pins` or, when one of them is in use already, none, and throws. */
  claim(...pins: readonly number[]): void {
    for (const [i, pin] of pins.entries())
      if (this.#used.has(pin) || pins.indexOf(pin) !== i) throw new Error(`pin ${pin}: in use`);
    for (const pin of pins) this.#used.add(pin);
  }

  free(...pins: readonly number[]): void {
    for (const pin of pins) this.#used.delete(pin);
  }
}
