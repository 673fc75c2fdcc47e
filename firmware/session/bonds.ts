/**
 * The controllers that this pump is bonded with. Pure: every function returns new bonds, made durable by the caller
 * before anything follows from them. Mirrored on storage: the loss of one copy must not revive a revoked bond.
 */

import { concat, equalInConstantTime } from "../base/bytes.js";
import { HmacKey } from "../base/hmacKey.js";
import { layout } from "../base/layout.js";
import type { Sha256 } from "../base/sha256.js";
import type { BlobSpec } from "../storage/blob.js";
import type { BondKeys } from "./keys.js";

/** PROTOCOL.md section 2. */
export const Role = { operate: 1, observe: 2 } as const;
export type Role = keyof typeof Role;

const CONFIRMED_BONDS_MAX = 3;
const CONTROLLER_ID_BYTES = 8;

export interface Bond {
  readonly controllerId: Uint8Array;
  readonly role: Role;
  readonly keys: BondKeys;
}

export interface Bonds {
  /** At most three, each of another controller. */
  readonly confirmed: readonly Bond[];
  readonly unconfirmed: Bond | undefined;
}

export const NO_BONDS: Bonds = { confirmed: [], unconfirmed: undefined };

/** The confirmed bond of a controller. Looks at every slot whatever it finds. */
export function findConfirmed(bonds: Bonds, controllerId: Uint8Array): Bond | undefined {
  let found: Bond | undefined;
  for (const bond of bonds.confirmed) found = equalInConstantTime(bond.controllerId, controllerId) ? bond : found;
  return found;
}

export function findUnconfirmed(bonds: Bonds, controllerId: Uint8Array): Bond | undefined {
  const bond = bonds.unconfirmed;
  return bond && equalInConstantTime(bond.controllerId, controllerId) ? bond : undefined;
}

/** Whether a bond of this controller can be confirmed: it has a slot already, or one is free. */
export function hasRoomFor(bonds: Bonds, controllerId: Uint8Array): boolean {
  return findConfirmed(bonds, controllerId) !== undefined || bonds.confirmed.length < CONFIRMED_BONDS_MAX;
}

/** Takes a new bond in as unconfirmed; an earlier unconfirmed one is overwritten, confirmed ones never. */
export function addUnconfirmed(bonds: Bonds, bond: Bond): Bonds {
  return { confirmed: bonds.confirmed, unconfirmed: bond };
}

/** Makes the unconfirmed bond a confirmed one, in place of a confirmed bond of the same controller. */
export function confirm(bonds: Bonds): Bonds {
  const bond = bonds.unconfirmed;
  if (bond === undefined) throw new Error("invariant: there is no unconfirmed bond");
  const others = bonds.confirmed.filter((other) => !equalInConstantTime(other.controllerId, bond.controllerId));
  if (others.length >= CONFIRMED_BONDS_MAX) throw new Error("invariant: no slot for a confirmed bond");
  return { confirmed: [...others, bond], unconfirmed: undefined };
}

/** A controller's bond: the confirmed one, else the unconfirmed. */
export function findBond(bonds: Bonds, controllerId: Uint8Array): Bond | undefined {
  return findConfirmed(bonds, controllerId) ?? findUnconfirmed(bonds, controllerId);
}

/** Whether without this controller no confirmed bond may operate the pump, and with it one may. */
export function isLastOperator({ confirmed }: Bonds, controllerId: Uint8Array): boolean {
  const operators = confirmed.filter(({ role }) => role === "operate");
  return operators.length > 0 && operators.every((bond) => equalInConstantTime(bond.controllerId, controllerId));
}

/** Takes all that a controller has, confirmed or not. */
export function revoke(bonds: Bonds, controllerId: Uint8Array): Bonds {
  const others = (bond: Bond) => !equalInConstantTime(bond.controllerId, controllerId);
  const { confirmed, unconfirmed } = bonds;
  return {
    confirmed: confirmed.filter(others),
    unconfirmed: unconfirmed && others(unconfirmed) ? unconfirmed : undefined,
  };
}

/** Overwrites the keys of all bonds that `after` no longer has. They are in use by nothing. */
export function wipeDropped(before: Bonds, after: Bonds): void {
  const kept = [...after.confirmed, after.unconfirmed];
  for (const bond of [...before.confirmed, before.unconfirmed])
    if (bond && !kept.includes(bond)) for (const key of Object.values(bond.keys)) key.wipe();
}

const EMPTY_SLOT = 0;

const BondLayout = layout(
  ["role", "u8"],
  ["controllerId", { bytes: CONTROLLER_ID_BYTES }],
  ["controllerTagKey", { bytes: 32 }],
  ["pumpTagKey", { bytes: 32 }],
  ["sessionKey", { bytes: 32 }],
  ["doseKey", { bytes: 32 }],
);

function encodeSlot(bond: Bond | undefined): Uint8Array {
  if (bond === undefined) return new Uint8Array(BondLayout.sizeBytes);
  const { controllerTagKey, pumpTagKey, sessionKey, doseKey } = bond.keys;
  return BondLayout.encode({
    role: Role[bond.role],
    controllerId: bond.controllerId,
    controllerTagKey: controllerTagKey.bytes,
    pumpTagKey: pumpTagKey.bytes,
    sessionKey: sessionKey.bytes,
    doseKey: doseKey.bytes,
  });
}

/** undefined: not a slot that this version writes; "empty": no bond in it. */
function decodeSlot(bytes: Uint8Array, sha256: Sha256): Bond | "empty" | undefined {
  const slot = BondLayout.decode(bytes);
  if (slot === undefined) return undefined;
  if (slot.role === EMPTY_SLOT) return "empty";
  if (slot.role !== Role.operate && slot.role !== Role.observe) return undefined;
  const { controllerId } = slot;
  const role = slot.role === Role.operate ? "operate" : "observe";
  const keys = {
    // The one that strangers can have used: its first use is to cost no more than any other.
    controllerTagKey: new HmacKey(sha256, slot.controllerTagKey).takenIn(),
    pumpTagKey: new HmacKey(sha256, slot.pumpTagKey),
    sessionKey: new HmacKey(sha256, slot.sessionKey),
    doseKey: new HmacKey(sha256, slot.doseKey),
  };
  return { controllerId, role, keys };
}

/** What the bonds' blob is called, and how it is kept. */
export const BONDS_FORMAT = { name: "bonds", version: 1, copies: "mirrored" } as const satisfies Partial<
  BlobSpec<Bonds>
>;

/**
 * Three confirmed slots and one unconfirmed, of fixed size: role 0 marks an empty one. Every bond's keys are taken in
 * when it is decoded, none in a handshake: what an m2 costs does not tell whom the pump knows.
 */
export function bondsBlob(sha256: Sha256): BlobSpec<Bonds> {
  return {
    ...BONDS_FORMAT,
    encode(bonds) {
      const slots: Uint8Array[] = [];
      for (let i = 0; i < CONFIRMED_BONDS_MAX; i++) slots.push(encodeSlot(bonds.confirmed[i]));
      return concat(...slots, encodeSlot(bonds.unconfirmed));
    },
    decode(bytes) {
      if (bytes.length !== (CONFIRMED_BONDS_MAX + 1) * BondLayout.sizeBytes) return undefined;
      const confirmed: Bond[] = [];
      let unconfirmed: Bond | undefined;
      for (let i = 0; i <= CONFIRMED_BONDS_MAX; i++) {
        const slot = decodeSlot(bytes.slice(i * BondLayout.sizeBytes, (i + 1) * BondLayout.sizeBytes), sha256);
        if (slot === undefined) return undefined;
        if (slot === "empty") continue;
        if (i < CONFIRMED_BONDS_MAX) confirmed.push(slot);
        else unconfirmed = slot;
      }
      return { confirmed, unconfirmed };
    },
  };
}
