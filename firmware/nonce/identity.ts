/**
 * What makes this pump this pump: the device secret that its nonces are computed with, its public identifier, and the
 * epoch, which grows with every boot. One blob, mirrored: the loss of one copy must not bring an old epoch back.
 */

import { equalInConstantTime } from "../base/bytes.js";
import { layout } from "../base/layout.js";
import { ok, type Result } from "../base/result.js";
import type { Sha256 } from "../base/sha256.js";
import type { BlobSpec } from "../storage/blob.js";
import type { Entropy, EntropyFault } from "./entropy.js";

export interface Identity {
  /** 32 bytes, conditioned entropy; never leaves the pump. */
  readonly deviceSecret: Uint8Array;
  /** 8 bytes, sent in clear. */
  readonly pumpId: Uint8Array;
  /** Number of this boot, from 1. */
  readonly epoch: number;
  /** First 8 bytes of the SHA-256 of a draw of entropy made at this boot: a source that starts alike is found out. */
  readonly bootDraw: Uint8Array;
}

const IdentityLayout = layout(
  ["deviceSecret", { bytes: 32 }],
  ["pumpId", { bytes: 8 }],
  ["epoch", "u32"],
  ["bootDraw", { bytes: 8 }],
);

export const IDENTITY_BLOB: BlobSpec<Identity> = {
  name: "identity",
  version: 1,
  copies: "mirrored",
  encode: (identity) => IdentityLayout.encode(identity),
  decode: (bytes) => IdentityLayout.decode(bytes),
};

/** A new identity in epoch 1, or the entropy fault that forbids making one. */
export function createIdentity(entropy: Entropy): Result<Identity, EntropyFault> {
  const secret = entropy.keyMaterial();
  if (!secret.ok) return secret;
  const id = entropy.keyMaterial();
  if (!id.ok) return id;
  return ok({ deviceSecret: secret.value, pumpId: id.value.slice(0, 8), epoch: 1, bootDraw: new Uint8Array(8) });
}

/**
 * The identity of the next boot, to be made durable before anything is issued, and the entropy fault if the source
 * failed a test or gave the same first bytes as at the last boot.
 */
export function advanceEpoch(
  identity: Identity,
  entropy: Entropy,
  sha256: Sha256,
): { readonly identity: Identity; readonly fault?: EntropyFault } {
  if (identity.epoch >= 0xffffffff) throw new Error("invariant: epochs are used up");
  const draw = entropy.nonceInput();
  const bootDraw = sha256(draw.bytes).slice(0, 8);
  const repeated = equalInConstantTime(bootDraw, identity.bootDraw);
  const fault = draw.fault ?? (repeated ? ({ kind: "entropyFailed", test: "period" } as const) : undefined);
  const next = { ...identity, epoch: identity.epoch + 1, bootDraw };
  return fault === undefined ? { identity: next } : { identity: next, fault };
}
