/** The commands of the console, and one line read as one of them. Pure. */

import { ok, type Result, refuse } from "../base/result.js";

export type Command =
  | { readonly kind: "help" | "status" | "encoder" | "force" | "entropy" | "halt" }
  | { readonly kind: "zero" | "forget" | "restart" }
  /** In hundredths of a turn. */
  | { readonly kind: "turn"; readonly hundredths: number }
  /** What the last turning weighed, in hundredths of a milligram. */
  | { readonly kind: "calibrate"; readonly hundredthsOfMilligram: number };

/** What `help` prints. */
export const HELP: readonly string[] = [
  "status            state, pairings, calibration, counters",
  "encoder           counts, and what the last turning says of the encoder",
  "force             the force sensor now",
  "entropy           health tests over fresh samples of the random source",
  "turn TURNS        turns the screw forwards, 0.01 to 20 turns; 3.5 minutes a turn",
  "halt              ends a turning; so does holding the button",
  "zero              stores the force sensor's zero: nothing may touch the plunger",
  "calibrate MG      stores a turn's insulin: MG is what the last turning weighed",
  "forget            stores the nominal figures in place of a calibration",
  "restart           restarts the pump: what is stored takes effect",
  "What moves or stores works only in Stop and with no controller paired.",
];

const PLAIN = ["help", "status", "encoder", "force", "entropy", "zero", "forget", "restart", "halt"] as const;

/** More than a cartridge, and a weight that needs no more: what is beyond is a slip of the finger. */
const TURNS_MAX = 20;
const MILLIGRAMS_MAX = 3_000;
const HUNDREDTHS = 100;
const DIGITS_MAX = 4;

/** A number as people write it, at most four digits and two decimals, in hundredths; undefined when it is none. */
function hundredthsOf(text: string): number | undefined {
  const [whole = "", fraction = "", ...more] = text.split(".");
  const isNumber = (digits: string) => Array.from(digits).every((digit) => digit >= "0" && digit <= "9");
  if (more.length > 0 || whole === "" || whole.length > DIGITS_MAX || fraction.length > 2) return undefined;
  if (text.endsWith(".") || !isNumber(whole) || !isNumber(fraction)) return undefined;
  return Number(whole) * HUNDREDTHS + Number(fraction.padEnd(2, "0"));
}

/** The command of a line; else what is wrong with it and what to do. */
export function parseCommand(line: string): Result<Command, string> {
  const [name = "", ...given] = line.split(" ").filter((word) => word !== "");
  const kind = PLAIN.find((each) => each === name);
  if (kind) return given.length === 0 ? ok({ kind }) : refuse(`${name} takes nothing more. Type help.`);
  const [text = ""] = given;
  const hundredths = given.length === 1 ? hundredthsOf(text) : undefined;
  switch (name) {
    case "turn":
      return hundredths !== undefined && hundredths >= 1 && hundredths <= TURNS_MAX * HUNDREDTHS
        ? ok({ kind: "turn", hundredths })
        : refuse(`turn takes turns of the screw, 0.01 to ${TURNS_MAX}: turn 10`);
    case "calibrate":
      return hundredths !== undefined && hundredths >= 1 && hundredths <= MILLIGRAMS_MAX * HUNDREDTHS
        ? ok({ kind: "calibrate", hundredthsOfMilligram: hundredths })
        : refuse(`calibrate takes milligrams, 0.01 to ${MILLIGRAMS_MAX}: calibrate 511.2`);
    default:
      return refuse("No such command. Type help.");
  }
}
