/**
 * The pump's side of the three-pass mutual authentication (PROTOCOL.md sections 3 and 4; ISO/IEC 9798-4). Pure but for
 * the nonce it spends: from m1 and a received m2 to what follows. Every m2 of a right length costs the same: one HMAC,
 * with a dummy key when no bond fits, and a comparison without an early exit.
 */

import { concat, equalInConstantTime } from "../base/bytes.js";
import { HmacKey } from "../base/hmacKey.js";
import { layout } from "../base/layout.js";
import type { Sha256 } from "../base/sha256.js";
import { type Bond, type Bonds, findConfirmed, findUnconfirmed, hasRoomFor, Role } from "./bonds.js";
import { controllerTag, KEY_BYTES, pumpTag, type SessionKeys, sessionKeys, TAG_BYTES, type TagKeys } from "./keys.js";
import { type Ephemeral, type PairingWindow, pairedKeys } from "./pairing.js";

const VERSION = 1;
const FLAG_WINDOW_OPEN = 1;

const M1 = layout(["version", "u8"], ["flags", "u8"], ["pumpId", { bytes: 8 }], ["nonce", { bytes: 16 }]);

const Mode = { confirmed: 1, pair: 2, unconfirmed: 3 } as const;

const M2Bonded = layout(
  ["mode", "u8"],
  ["controllerId", { bytes: 8 }],
  ["nonce", { bytes: 16 }],
  ["tag", { bytes: TAG_BYTES }],
);
const M2Pairing = layout(
  ["mode", "u8"],
  ["controllerId", { bytes: 8 }],
  ["nonce", { bytes: 16 }],
  ["publicKey", { bytes: KEY_BYTES }],
  ["tag", { bytes: TAG_BYTES }],
);

/** m1: 26 bytes, 58 with the ephemeral public key of an open pairing window. */
export function encodeM1(pumpId: Uint8Array, nonce: Uint8Array, publicKey: Uint8Array | undefined): Uint8Array {
  const head = M1.encode({ version: VERSION, flags: publicKey ? FLAG_WINDOW_OPEN : 0, pumpId, nonce });
  return publicKey ? concat(head, publicKey) : head;
}

/** What an m2 led to. A refusal carries its reason for the local trace alone: the air sees only an end. */
export type Answer =
  | { readonly kind: "refused"; readonly reason: string }
  | {
      readonly kind: "authenticated";
      readonly bond: Bond;
      readonly confirms: boolean;
      readonly m3: Uint8Array;
      readonly keys: SessionKeys;
    }
  | { readonly kind: "paired"; readonly bond: Bond; readonly m3: Uint8Array };

interface Candidate {
  readonly tagKeys: TagKeys;
  readonly role: Role;
}

export interface PairingOffer {
  readonly window: PairingWindow;
  readonly ephemeral: Ephemeral;
}

/** What every handshake of one pump needs. It keeps nothing of any. */
export class Handshake {
  readonly #sha256: Sha256;
  /** Stands in where no bond fits. */
  readonly #stranger: Candidate;

  constructor(sha256: Sha256) {
    this.#sha256 = sha256;
    const key = new HmacKey(sha256, new Uint8Array(KEY_BYTES)).takenIn();
    this.#stranger = { tagKeys: { controllerTagKey: key, pumpTagKey: key }, role: "operate" };
  }

  /**
   * Judges one m2 against the m1 it answers. `offer` is what m1 offered for pairing, if it did. An m2 of a right length
   * in a mode that there is takes the same steps up to its refusal, whoever is known.
   */
  answer(m1: Uint8Array, m2: Uint8Array, bonds: Bonds, offer: PairingOffer | undefined): Answer {
    const pairing = m2[0] === Mode.pair;
    const pairingFields = pairing ? M2Pairing.decode(m2) : undefined;
    const fields = pairing ? pairingFields : M2Bonded.decode(m2);
    if (fields === undefined) return { kind: "refused", reason: `m2 of ${m2.length} bytes` };
    if (fields.mode < Mode.confirmed || fields.mode > Mode.unconfirmed)
      return { kind: "refused", reason: `mode ${fields.mode}` };

    const { tagKeys: noKeys, role: noRole } = this.#stranger;
    const confirmed = findConfirmed(bonds, fields.controllerId);
    const unconfirmed = findUnconfirmed(bonds, fields.controllerId);
    const bond = fields.mode === Mode.unconfirmed ? (unconfirmed ?? confirmed) : confirmed;
    const tagKeys = (pairing ? offer?.window.tagKeys : bond?.keys) ?? noKeys;
    const role = (pairing ? offer?.window.role : bond?.role) ?? noRole;
    const expected = controllerTag(tagKeys.controllerTagKey, Role[role], m1, m2.subarray(0, m2.length - TAG_BYTES));
    const tagIsRight = equalInConstantTime(expected, fields.tag);
    if (tagKeys === noKeys) return { kind: "refused", reason: pairing ? "window closed" : "unknown controller" };
    if (!tagIsRight) return { kind: "refused", reason: "wrong tag" };

    const m3 = pumpTag(tagKeys.pumpTagKey, Role[role], m1, m2);
    const { controllerId } = fields;
    const confirms = bond !== undefined && bond === unconfirmed;
    if ((pairing || confirms) && !hasRoomFor(bonds, controllerId))
      return { kind: "refused", reason: "bond slots full" };
    const transcriptHash = this.#sha256(concat(m1, m2, m3));
    if (pairingFields === undefined) {
      if (bond === undefined) return { kind: "refused", reason: "unknown controller" };
      return { kind: "authenticated", bond, confirms, m3, keys: sessionKeys(bond.keys.sessionKey, transcriptHash) };
    }
    const keys = offer && pairedKeys(offer.window, offer.ephemeral, pairingFields.publicKey, transcriptHash);
    if (keys === undefined) return { kind: "refused", reason: "public key of low order" };
    return { kind: "paired", bond: { controllerId, role, keys }, m3 };
  }
}
