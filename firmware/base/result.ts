import type { Refusal } from "./refusal.js";

/**
 * The outcome of something a peer may get wrong. Expected failures travel in this value; nothing throws for them.
 */
export type Result<Value, Failure = Refusal> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: Failure };

export const ok = <Value>(value: Value): { readonly ok: true; readonly value: Value } => ({ ok: true, value });
export const refuse = <Failure>(refusal: Failure): { readonly ok: false; readonly refusal: Failure } => ({
  ok: false,
  refusal,
});
