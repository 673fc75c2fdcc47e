/**
 * LE pairing as the pump lets it in: only while its pairing window is open, only by a displayed passkey. A second wall,
 * on which nothing rests. Owns nothing but the say over the gate in native/link.c; without LE security it does nothing.
 */

import type { Board } from "../board.js";

/** Digits of a passkey (Core 5.3, Vol 3, Part H 2.3.5.3). */
const PASSKEY_DIGITS = 6;

export class LinkPairing {
  readonly #board: Pick<Board, "link" | "linkSecurity" | "show" | "trace">;

  constructor(board: Pick<Board, "link" | "linkSecurity" | "show" | "trace">) {
    this.#board = board;
  }

  /** The pairing window has opened, or closed. */
  allow(allowed: boolean): void {
    const { link, linkSecurity } = this.#board;
    if (linkSecurity === "passkey") link.allowBonds(allowed);
  }

  /**
   * The stack has drawn a passkey: shows it beside the window's text, which stays.
   * @param shownText undefined while no window is open.
   * @returns why the link is to be ended, if it is.
   */
  show(passkey: number, shownText: string | undefined): string | undefined {
    if (shownText === undefined) return "LE pairing outside the window";
    this.#board.show(["Pair", shownText, `Bluetooth passkey ${String(passkey).padStart(PASSKEY_DIGITS, "0")}`]);
    return undefined;
  }

  /** A pairing is over: takes its passkey from the display. Says why the link is to be ended, if it is. */
  finish(authenticated: boolean, shownText: string | undefined): string | undefined {
    if (!authenticated) return "LE pairing without passkey";
    if (shownText === undefined) return "LE pairing outside the window";
    this.#board.show(["Pair", shownText]);
    return undefined;
  }

  /** Deletes every LE bond. One that stays opens no session, so that it is only traced. */
  forgetBonds(): void {
    const { link, linkSecurity, trace } = this.#board;
    if (linkSecurity !== "passkey") return;
    try {
      link.forgetBonds();
    } catch {
      trace("LE bonds could not be deleted");
    }
  }
}
