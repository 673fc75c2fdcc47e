/** When and whom to kill: drawn from a seed, in terms of what goes by between controller and pump. */

import type { Random } from "../../../host-sim/clock/random.js";
import type { Step } from "./wire.js";

/** What a strike may wait for: the controller's start, a message, or a change of its folder. */
export type Aim = "start" | Step | "stored" | "noted";

export type Victim = "controller" | "pump" | "both";

/** One kill, or with `both` two. Times are of the wall. */
export interface Strike {
  readonly victim: Victim;
  readonly at: Aim;
  /** For the how manyth it waits. */
  readonly count: number;
  /** Whether that is let through; if not, nothing after it is. */
  readonly passes: boolean;
  /** From then on. */
  readonly delayMs: number;
  /** With `both`: from the controller's death to the pump's. */
  readonly gapMs: number;
  /** Whether the pump comes back only when the controller has ended. */
  readonly staysAway: boolean;
}

/** A row of chances. */
interface Chance {
  readonly weight: number;
  readonly at: Aim;
  /** `count` is drawn from 1 to this; 1 unless given. */
  readonly most?: number;
  readonly withinMs: number;
  /** Delays begin at a multiple of 2 s, the time from pulse to pulse, up to this one. */
  readonly pulses?: number;
  /** Whether what it waits for may be kept back. */
  readonly mayKeep?: boolean;
}

/**
 * Widths, by what was seen on a machine at rest: a controller runs 100 ms before it connects; to write its folder before
 * Commit takes it 60 ms, after an outcome 40 ms; a pulse of 0.05 U with its settling takes 200 ms.
 */
const ORDERING: readonly Chance[] = [
  { weight: 2, at: "start", withinMs: 400 },
  { weight: 1, at: "connect", withinMs: 60 },
  { weight: 2, at: "handshake", most: 4, withinMs: 30, mayKeep: true },
  { weight: 1, at: "hello", withinMs: 30 },
  { weight: 2, at: "prepare", withinMs: 40, mayKeep: true },
  { weight: 4, at: "challenge", withinMs: 90, mayKeep: true },
  { weight: 4, at: "stored", most: 3, withinMs: 10 },
  { weight: 2, at: "noted", most: 3, withinMs: 10 },
  { weight: 4, at: "commit", withinMs: 60, mayKeep: true },
  { weight: 3, at: "answer", withinMs: 60, mayKeep: true },
  { weight: 4, at: "answer", withinMs: 200, pulses: 3 },
  { weight: 2, at: "answer", withinMs: 5_000 },
  { weight: 4, at: "told", most: 4, withinMs: 60, mayKeep: true },
];
const ASKING: readonly Chance[] = [
  { weight: 1, at: "start", withinMs: 400 },
  { weight: 1, at: "handshake", most: 4, withinMs: 30, mayKeep: true },
  { weight: 2, at: "ask", withinMs: 40, mayKeep: true },
  { weight: 2, at: "told", withinMs: 60, mayKeep: true },
  { weight: 4, at: "stored", withinMs: 10 },
  { weight: 2, at: "noted", withinMs: 10 },
];
const PULSE_INTERVAL_MS = 2_000;
/** Of the pump's death from the controller's; at the campaign's speed 0.2 U take the pump 0.3 s. */
const GAP_MS = 400;

function drawn(random: Random, chances: readonly Chance[]): Chance {
  let left = random.below(chances.reduce((sum, { weight }) => sum + weight, 0));
  for (const chance of chances) {
    left -= chance.weight;
    if (left < 0) return chance;
  }
  throw new Error("there are no chances");
}

/** True once in `n`, on average. */
export function onceIn(random: Random, n: number): boolean {
  return random.below(n) === 0;
}

/** Draws a strike at a controller that orders, or at one that asks what became of an order, or at their pump. */
export function drawStrike(random: Random, kind: "ordering" | "asking"): Strike {
  const { at, most = 1, withinMs, pulses = 1, mayKeep = false } = drawn(random, kind === "asking" ? ASKING : ORDERING);
  const victims: readonly Victim[] = ["controller", "controller", "pump", "pump", "both"];
  return {
    victim: victims[random.below(victims.length)] ?? "both",
    at,
    count: 1 + random.below(most),
    passes: !(mayKeep && random.boolean()),
    delayMs: random.below(pulses) * PULSE_INTERVAL_MS + random.below(withinMs),
    gapMs: random.boolean() ? 0 : random.below(GAP_MS),
    staysAway: onceIn(random, 8),
  };
}
