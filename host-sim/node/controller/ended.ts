/** How a command ends, for whoever called it: an exit code, and when it is not 0 the reason. */

import type { OutcomeKind } from "../../controller/control.js";

/** Exit codes. */
export const EXIT = {
  /** What was asked for is done. */
  done: 0,
  /** The pump refused, or nobody approved: nothing has changed. */
  refused: 1,
  /** The command line is wrong. */
  usage: 2,
  /** No session with the pump, or it ended before anything was ordered. */
  session: 3,
  /** What became of an order is not known yet, or has only now been learnt: look before ordering again. */
  open: 4,
  /** The bolus ended before it was whole, or how much was delivered is not known exactly. */
  short: 5,
  /** The folder cannot be used. */
  folder: 6,
  /** A defect of this program: EX_SOFTWARE of sysexits.h. */
  defect: 70,
  /** Interrupted before anything was ordered: 128 + SIGINT, as shells give it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command. The message, for people, says what happened and what to do. */
export class Ended extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The exit code for what became of an order. */
export function exitOf(kind: OutcomeKind): ExitCode {
  switch (kind) {
    case "delivered":
    case "applied":
      return EXIT.done;
    case "never":
    case "refused":
      return EXIT.refused;
    case "delivering":
      return EXIT.open;
    case "stopped":
    case "uncertain":
    case "forgotten":
      return EXIT.short;
    default:
      return kind satisfies never;
  }
}
