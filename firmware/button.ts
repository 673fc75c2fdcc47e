/**
 * Gestures of the one button, from its edges and the clock. Pure state; owns no pin. Contacts bounce: an edge within
 * 20 ms of the last one taken is ignored.
 *
 *     up --press--> touched --20 ms, still pressed--> down --800 ms--> held (gesture `hold`) --release--> up
 *     touched --release within 20 ms--> bouncing --20 ms: pressed--> down, or not: it was no press--> up
 *     touched, down --release later--> up, one tap more --600 ms without another press--> gesture `taps`
 */

import { type UptimeMs, uptimeMs } from "./base/units.js";

/** Contacts of tactile switches settle within 5 to 20 ms. */
const DEBOUNCE_MS = 20;
/** Stop must come within 1 s of the press (SR-64): 800 ms are long enough to be meant. */
const HOLD_MS = 800;
/** A pause that ends a row of taps: longer than a slow double tap. */
const TAP_GAP_MS = 600;

export type Gesture =
  | { readonly kind: "taps"; readonly count: number }
  /** Held down after `tapsBefore` taps. */
  | { readonly kind: "hold"; readonly tapsBefore: number };

export interface Button {
  readonly position: "up" | "touched" | "bouncing" | "down" | "held";
  readonly since: UptimeMs;
  readonly taps: number;
}

export const buttonAtBoot = (now: UptimeMs): Button => ({ position: "up", since: now, taps: 0 });

/** One reading of the pin, at an edge or when `buttonWakeAt` asked for it. */
export function stepButton(
  button: Button,
  pressed: boolean,
  now: UptimeMs,
): { readonly next: Button; readonly gesture?: Gesture } {
  const forMs = now - button.since;
  if (button.position === "down" && forMs >= HOLD_MS && pressed)
    return { next: { position: "held", since: now, taps: 0 }, gesture: { kind: "hold", tapsBefore: button.taps } };
  if (button.position === "up" && button.taps > 0 && forMs >= TAP_GAP_MS) {
    const next: Button = { position: pressed ? "touched" : "up", since: now, taps: 0 };
    return { next, gesture: { kind: "taps", count: button.taps } };
  }
  if (forMs < DEBOUNCE_MS)
    return { next: button.position === "touched" && !pressed ? { ...button, position: "bouncing" } : button };
  if (button.position === "bouncing" && !pressed) return { next: { ...button, position: "up", since: now } };
  if (pressed && (button.position === "touched" || button.position === "bouncing"))
    return { next: { ...button, position: "down" } };
  if (pressed === (button.position !== "up")) return { next: button };
  if (pressed) return { next: { ...button, position: "touched", since: now } };
  // A release seen late, after a stall, was perhaps a hold and perhaps a tap: it is taken for neither.
  const tapped = button.position !== "held" && forMs < HOLD_MS;
  return { next: { position: "up", since: now, taps: tapped ? button.taps + 1 : 0 } };
}

/** When the pin should be read again without an edge: at the end of bouncing, of a hold, of a pause between taps. */
export function buttonWakeAt(button: Button, now: UptimeMs): UptimeMs | undefined {
  const settling = button.position === "touched" || button.position === "bouncing";
  if (settling || now < button.since + DEBOUNCE_MS) return uptimeMs(button.since + DEBOUNCE_MS);
  if (button.position === "down") return uptimeMs(button.since + HOLD_MS);
  return button.position === "up" && button.taps > 0 ? uptimeMs(button.since + TAP_GAP_MS) : undefined;
}
