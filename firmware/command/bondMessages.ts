/**
 * The bonds by radio (PROTOCOL.md section 7): who sees which, and who may end whose. Any bond ends itself in one step; an
 * `operate` bond ends another by countersignature, since that takes away somebody's access, and their alarms with it. The
 * last `operate` bond goes by the button alone. Decides; what is erased, and when, is radio.ts.
 */

import { concat, equalInConstantTime } from "../base/bytes.js";
import { layout } from "../base/layout.js";
import { Refusal } from "../base/refusal.js";
import { ok, type Result, refuse } from "../base/result.js";
import { type Bond, type Bonds, findBond, isLastOperator, Role } from "../session/bonds.js";
import { Authorised } from "../therapy/authorised.js";
import { Control } from "./control.js";

/** What takes a controller's bonds away, the unconfirmed one too. */
export interface Revocation {
  readonly controllerId: Uint8Array;
}

/** Who asks. */
export interface BondAsker {
  readonly controllerId: Uint8Array;
  readonly mayOperate: boolean;
}

const ID = ["controllerId", { bytes: 8 }] as const;
const Empty = layout();
const Count = layout(["count", "u8"]);
const Entry = layout(ID, ["role", "u8"], ["flags", "u8"]);
const EntryFlag = { confirmed: 0x01, yours: 0x02 } as const;
const RevokeOperand = layout(ID);
const RevokeMessage = layout(["opcode", "u8"], ID);
const Reading = layout(["opcode", "u8"], ID, ["role", "u8"]);

const same = equalInConstantTime;

/** The operand of Bonds Are: all bonds for an `operate` bond, its own for an `observe` bond. Refusals: InvalidOperand. */
export function listBonds(
  operand: Uint8Array,
  { controllerId, mayOperate }: BondAsker,
  bonds: Bonds,
): Result<Uint8Array> {
  if (!Empty.decode(operand)) return refuse(Refusal.InvalidOperand);
  const { confirmed, unconfirmed } = bonds;
  const all: readonly Bond[] = unconfirmed ? [...confirmed, unconfirmed] : confirmed;
  const seen = all.filter((bond) => mayOperate || same(bond.controllerId, controllerId));
  const entries = seen.map((bond) => {
    const yours = same(bond.controllerId, controllerId) ? EntryFlag.yours : 0;
    const flags = yours | (bond === unconfirmed ? 0 : EntryFlag.confirmed);
    return Entry.encode({ controllerId: bond.controllerId, role: Role[bond.role], flags });
  });
  return ok(concat(Count.encode({ count: entries.length }), ...entries));
}

/**
 * Revoke Bond as it is, in one step: the asker's own bond. Refusals: InvalidOperand, RoleNotPermitted for an `observe` bond
 * that names another, Stale, NotApplicable for another bond (it takes a countersignature) and for the last `operate` bond.
 */
export function revokeOwn(
  operand: Uint8Array,
  stale: boolean,
  { controllerId, mayOperate }: BondAsker,
  bonds: Bonds,
): Result<Authorised<Revocation>> {
  const fields = RevokeOperand.decode(operand);
  if (!fields) return refuse(Refusal.InvalidOperand);
  const own = same(fields.controllerId, controllerId);
  if (!own && !mayOperate) return refuse(Refusal.RoleNotPermitted);
  if (stale) return refuse(Refusal.Stale);
  if (!own || isLastOperator(bonds, controllerId)) return refuse(Refusal.NotApplicable);
  return ok(Authorised.grant({ controllerId: fields.controllerId }));
}

/**
 * Revoke Bond as a command to be countersigned by an `operate` bond, and its reading. Refusals: OpcodeNotSupported for
 * another control message, InvalidOperand for a wrong length, NotApplicable for the asker's own bond (one step) and for a
 * controller that has none.
 */
export function resolveRevocation(
  command: Uint8Array,
  asker: Pick<BondAsker, "controllerId">,
  bonds: Bonds,
): Result<{ readonly revocation: Revocation; readonly reading: Uint8Array }> {
  if (command[0] !== Control.RevokeBond) return refuse(Refusal.OpcodeNotSupported);
  const fields = RevokeMessage.decode(command);
  if (!fields) return refuse(Refusal.InvalidOperand);
  const { opcode, controllerId } = fields;
  const bond = same(controllerId, asker.controllerId) ? undefined : findBond(bonds, controllerId);
  if (!bond) return refuse(Refusal.NotApplicable);
  const reading = Reading.encode({ opcode, controllerId, role: Role[bond.role] });
  return ok({ revocation: { controllerId }, reading });
}

/** The operand of Bond Revoked. */
export function bondRevoked({ controllerId }: Revocation): Uint8Array {
  return RevokeOperand.encode({ controllerId });
}
