/**
 * Proof that a command may act: it came through an authenticated session and, where its class asks for one, a valid
 * countersignature. The therapy accepts nothing else from the radio. Only the command layer calls `grant`, which the
 * architecture test holds it to.
 */
export class Authorised<C> {
  // A private field makes the type nominal: an object of the same shape is not one.
  readonly #command: C;

  private constructor(command: C) {
    this.#command = command;
  }

  static grant<C>(command: C): Authorised<C> {
    return new Authorised(command);
  }

  get command(): C {
    return this.#command;
  }
}
