/** The messages of the control channel: PROTOCOL.md section 7, as tables. */

import { concat } from "./bytes.js";
import { Layout } from "./layout.js";

/** First bytes on channel 00. */
export const CONTROL = {
  hello: 0x69,
  prepare: 0x0f,
  challenge: 0x33,
  commit: 0x3c,
  outcome: 0x55,
  outcomeIs: 0x5a,
  refused: 0x66,
  listBonds: 0x96,
  bondsAre: 0x99,
  revokeBond: 0xa5,
  bondRevoked: 0xaa,
} as const;

const HELLO = new Layout({ opcode: "u8", role: "u8" });
const PREPARE_HEAD = new Layout({ opcode: "u8", lifeSeconds: "u8", channel: "u8" });
const CHALLENGE_HEAD = new Layout({ opcode: "u8", epoch: "u32", sequence: "u32", challenge: 16, lifeSeconds: "u8" });
const COMMIT = new Layout({ opcode: "u8", epoch: "u32", sequence: "u32", tag: 16 });
const OUTCOME = new Layout({ opcode: "u8", epoch: "u32", sequence: "u32" });
const OUTCOME_IS = new Layout({
  opcode: "u8",
  epoch: "u32",
  sequence: "u32",
  kind: "u8",
  code: "u8",
  intendedMicrounits: "u32",
  lowMicrounits: "u32",
  highMicrounits: "u32",
});
const REFUSED = new Layout({ opcode: "u8", request: "u8", code: "u8" });
const OPCODE = new Layout({ opcode: "u8" });
const BONDS_ARE_HEAD = new Layout({ opcode: "u8", count: "u8" });
const BOND_ENTRY = new Layout({ controllerId: 8, role: "u8", flags: "u8" });
const BOND_FLAG = { confirmed: 0x01, yours: 0x02 } as const;
const OF_BOND = new Layout({ opcode: "u8", controllerId: 8 });
const DOSE_ID = new Layout({ epoch: "u32", sequence: "u32" });

/** Names one countersigned command of one pump. IDs of a pump are ordered by epoch, then sequence. */
export interface DoseId {
  readonly epoch: number;
  readonly sequence: number;
}

/** The 8 bytes of a dose ID. */
export function encodeDoseId({ epoch, sequence }: DoseId): Uint8Array {
  return DOSE_ID.encode({ epoch, sequence });
}

/** Whether two IDs (of one pump) are the same. */
export function sameDoseId(a: DoseId, b: DoseId): boolean {
  return a.epoch === b.epoch && a.sequence === b.sequence;
}

const OUTCOME_KINDS = {
  0x0f: "never",
  0x33: "refused",
  0x3c: "applied",
  0x55: "delivering",
  0x5a: "delivered",
  0x66: "stopped",
  0x69: "uncertain",
  0x96: "forgotten",
} as const;

/** What became of a dose. Every kind but `delivering` is final. */
export type OutcomeKind = (typeof OUTCOME_KINDS)[keyof typeof OUTCOME_KINDS];

function outcomeKind(byte: number): OutcomeKind | undefined {
  return Object.hasOwn(OUTCOME_KINDS, byte) ? OUTCOME_KINDS[byte as keyof typeof OUTCOME_KINDS] : undefined;
}

/** The pump's word on one dose: between low and high was delivered of what was intended. */
export interface Outcome {
  readonly doseId: DoseId;
  readonly kind: OutcomeKind;
  /** Why, for `refused`; else 0. */
  readonly code: number;
  readonly intendedMicrounits: number;
  readonly lowMicrounits: number;
  readonly highMicrounits: number;
}

/** A challenge to countersign one command. */
export interface Challenge {
  readonly doseId: DoseId;
  /** 16 bytes. */
  readonly challenge: Uint8Array;
  /** Granted life in s, from sealing, on the pump's clock. */
  readonly lifeSeconds: number;
  /** The command's fully resolved meaning, as the pump will carry it out. */
  readonly reading: Uint8Array;
}

/** Prepare: asks for a challenge for `command`, which would go on `channel`, to live `lifeSeconds` (1 to 255). */
export function encodePrepare(lifeSeconds: number, channel: number, command: Uint8Array): Uint8Array {
  return concat(PREPARE_HEAD.encode({ opcode: CONTROL.prepare, lifeSeconds, channel }), command);
}

/** Commit: answers the challenge of `doseId`. */
export function encodeCommit(doseId: DoseId, tag: Uint8Array): Uint8Array {
  return COMMIT.encode({ opcode: CONTROL.commit, epoch: doseId.epoch, sequence: doseId.sequence, tag });
}

/** Outcome: asks what became of `doseId`. */
export function encodeOutcome(doseId: DoseId): Uint8Array {
  return OUTCOME.encode({ opcode: CONTROL.outcome, epoch: doseId.epoch, sequence: doseId.sequence });
}

/** A bond that the pump keeps. */
export interface BondEntry {
  /** 8 bytes. */
  readonly controllerId: Uint8Array;
  /** 01 operate, 02 observe. */
  readonly role: number;
  /** Without it the controller has yet to come back after its pairing. */
  readonly confirmed: boolean;
  /** Of the controller that asked. */
  readonly yours: boolean;
}

/** List Bonds. */
export function encodeListBonds(): Uint8Array {
  return OPCODE.encode({ opcode: CONTROL.listBonds });
}

/** Revoke Bond: as it is for one's own, as a command to be countersigned for another's. */
export function encodeRevokeBond(controllerId: Uint8Array): Uint8Array {
  return OF_BOND.encode({ opcode: CONTROL.revokeBond, controllerId });
}

function decodeBonds(value: Uint8Array): readonly BondEntry[] | undefined {
  const head = BONDS_ARE_HEAD.decodeHead(value);
  if (head === undefined || head.tail.length !== head.values.count * BOND_ENTRY.size) return undefined;
  const bonds: BondEntry[] = [];
  for (let at = 0; at < head.tail.length; at += BOND_ENTRY.size) {
    const entry = BOND_ENTRY.decode(head.tail.subarray(at, at + BOND_ENTRY.size));
    if (entry === undefined) return undefined;
    const { controllerId, role, flags } = entry;
    const confirmed = (flags & BOND_FLAG.confirmed) !== 0;
    bonds.push({ controllerId, role, confirmed, yours: (flags & BOND_FLAG.yours) !== 0 });
  }
  return bonds;
}

/** A control message from the pump. */
export type ControlMessage =
  | { readonly kind: "hello"; readonly role: number }
  | { readonly kind: "challenge"; readonly challenge: Challenge }
  | { readonly kind: "outcomeIs"; readonly outcome: Outcome }
  | { readonly kind: "refused"; readonly request: number; readonly code: number }
  | { readonly kind: "bondsAre"; readonly bonds: readonly BondEntry[] }
  | { readonly kind: "bondRevoked"; readonly controllerId: Uint8Array };

/** Reads a control message from the pump; undefined when it is none of those that a pump sends. */
export function decodeControl(value: Uint8Array): ControlMessage | undefined {
  switch (value[0]) {
    case CONTROL.hello: {
      const hello = HELLO.decode(value);
      return hello && { kind: "hello", role: hello.role };
    }
    case CONTROL.challenge: {
      const decoded = CHALLENGE_HEAD.decodeHead(value);
      if (decoded === undefined || decoded.tail.length === 0) return undefined;
      const { epoch, sequence, challenge, lifeSeconds } = decoded.values;
      const doseId = { epoch, sequence };
      return { kind: "challenge", challenge: { doseId, challenge, lifeSeconds, reading: decoded.tail } };
    }
    case CONTROL.outcomeIs: {
      const decoded = OUTCOME_IS.decode(value);
      const kind = decoded && outcomeKind(decoded.kind);
      if (decoded === undefined || kind === undefined || decoded.lowMicrounits > decoded.highMicrounits)
        return undefined;
      const { epoch, sequence, code, intendedMicrounits, lowMicrounits, highMicrounits } = decoded;
      const doseId = { epoch, sequence };
      return { kind: "outcomeIs", outcome: { doseId, kind, code, intendedMicrounits, lowMicrounits, highMicrounits } };
    }
    case CONTROL.refused: {
      const refused = REFUSED.decode(value);
      return refused && { kind: "refused", request: refused.request, code: refused.code };
    }
    case CONTROL.bondsAre: {
      const bonds = decodeBonds(value);
      return bonds && { kind: "bondsAre", bonds };
    }
    case CONTROL.bondRevoked: {
      const revoked = OF_BOND.decode(value);
      return revoked && { kind: "bondRevoked", controllerId: revoked.controllerId };
    }
    default:
      return undefined;
  }
}
