/**
 * The worked test vectors of PROTOCOL.md: their kinds, how each kind's outputs follow from its inputs by reference.ts.
 * Strings are bytes in hexadecimal unless a field says otherwise; numbers are decimal.
 */

import * as reference from "./reference.js";

/** Named parts of a byte string in the order of the wire, each in hexadecimal. */
export type Parts = Readonly<Record<string, string>>;

type HexOf<Names extends string> = Readonly<Record<Names, string>>;

const bytes = (text: string): Buffer => Buffer.from(text, "hex");
const joined = (parts: Parts): Buffer => bytes(Object.values(parts).join(""));

function hex<Names extends string>(values: Readonly<Record<Names, Uint8Array>>): Record<Names, string> {
  const entries = Object.entries<Uint8Array>(values).map(([name, value]) => [name, Buffer.from(value).toString("hex")]);
  return Object.fromEntries(entries) as Record<Names, string>;
}

/** `texts` and the names of the outputs are characters, not hexadecimal. */
function labels(inputs: { readonly texts: readonly string[] }): Record<string, string> {
  return hex(Object.fromEntries(inputs.texts.map((text) => [text, reference.label(text)])));
}

type HandshakeInputs = HexOf<
  "kAuth" | "role" | "version" | "flags" | "pumpId" | "np" | "mode" | "controllerId" | "nc"
> & {
  /** Given exactly when bit 0 of `flags` is set. */
  readonly ephemeralPrivateP?: string;
};

/** Modes 01 and 03. `ephemeralP` is empty while the window is closed. */
function handshake(inputs: HandshakeInputs) {
  const role = bytes(inputs.role);
  const keys = reference.bondKeys(bytes(inputs.kAuth));
  const ephemeralP =
    inputs.ephemeralPrivateP === undefined ? Buffer.alloc(0) : reference.x25519Public(bytes(inputs.ephemeralPrivateP));
  const m1 = Buffer.concat([bytes(inputs.version + inputs.flags + inputs.pumpId + inputs.np), ephemeralP]);
  const messages = exchange(keys, role, m1, bytes(inputs.mode + inputs.controllerId + inputs.nc));
  return hex({ ...keys, ephemeralP, ...messages, ...reference.sessionKeys(keys.kSes, messages.transcriptHash) });
}

type PairingInputs = HexOf<
  | "version"
  | "pumpId"
  | "role"
  | "secret"
  | "flags"
  | "np"
  | "ephemeralPrivateP"
  | "mode"
  | "controllerId"
  | "nc"
  | "ephemeralPrivateC"
>;

/** Mode 02. `shownBase32` is characters, not hexadecimal. */
function pairing(inputs: PairingInputs) {
  const role = bytes(inputs.role);
  const shown = bytes(inputs.version + inputs.pumpId + inputs.role + inputs.secret);
  const keys = reference.pairingKeys(bytes(inputs.secret));
  const ephemeralP = reference.x25519Public(bytes(inputs.ephemeralPrivateP));
  const ephemeralC = reference.x25519Public(bytes(inputs.ephemeralPrivateC));
  const m1 = Buffer.concat([bytes(inputs.version + inputs.flags + inputs.pumpId + inputs.np), ephemeralP]);
  const m2BeforeTag = Buffer.concat([bytes(inputs.mode + inputs.controllerId + inputs.nc), ephemeralC]);
  const messages = exchange(keys, role, m1, m2BeforeTag);
  const z = reference.x25519(bytes(inputs.ephemeralPrivateC), ephemeralP);
  const bond = reference.newBond(keys.prk, z, role, messages.transcriptHash);
  return {
    shownBase32: reference.base32(shown),
    ...hex({ shown, ...keys, ephemeralP, ephemeralC, ...messages, z, ...bond }),
  };
}

function exchange(
  keys: { readonly kCtl: Buffer; readonly kPump: Buffer },
  role: Buffer,
  m1: Buffer,
  m2BeforeTag: Buffer,
) {
  const tagCInput = reference.tagCInput(role, m1, m2BeforeTag);
  const tagC = reference.tag(keys.kCtl, tagCInput);
  const m2 = Buffer.concat([m2BeforeTag, tagC]);
  const tagPInput = reference.tagPInput(role, m1, m2);
  const m3 = reference.tag(keys.kPump, tagPInput);
  const transcriptHash = reference.sha256(Buffer.concat([m1, m2, m3]));
  return { m1, tagCInput, tagC, m2, tagPInput, m3, transcriptHash };
}

interface RecordInputs extends HexOf<"key" | "channel"> {
  readonly sender: "pump" | "controller";
  readonly counter: number;
  /** The pump's time, or the controller's echo of it, in ms. */
  readonly timeMs: number;
  /** The parts of the value. */
  readonly fields: Parts;
}

function record(inputs: RecordInputs) {
  const value = joined(inputs.fields);
  const plaintext = Buffer.concat([reference.integer(inputs.timeMs, 4), bytes(inputs.channel), value]);
  const sealed = reference.sealRecord(bytes(inputs.key), inputs.counter, plaintext);
  return hex({ value, plaintext, nonce: reference.recordNonce(inputs.counter), record: sealed });
}

interface CountersignatureInputs
  extends HexOf<"kDose" | "pumpId" | "controllerId" | "doseId" | "challenge" | "channel"> {
  readonly commandFields: Parts;
  readonly readingFields: Parts;
}

function countersignature(inputs: CountersignatureInputs) {
  const command = joined(inputs.commandFields);
  const reading = joined(inputs.readingFields);
  const tagInput = reference.commitTagInput({
    pumpId: bytes(inputs.pumpId),
    controllerId: bytes(inputs.controllerId),
    doseId: bytes(inputs.doseId),
    challenge: bytes(inputs.challenge),
    channel: bytes(inputs.channel),
    command,
    reading,
  });
  return hex({ command, reading, tagInput, tag: reference.tag(bytes(inputs.kDose), tagInput) });
}

interface ValueInputs extends HexOf<"channel"> {
  readonly sender: "pump" | "controller";
  /** The parts of the value. */
  readonly fields: Parts;
}

/** A value outside any session: what a record would carry. */
function value({ fields }: ValueInputs) {
  return hex({ value: joined(fields) });
}

interface AmountsInputs {
  readonly rounding: "down" | "up";
  readonly amountsMicrounits: readonly number[];
}

/** Each amount as the pump reports it, as it stands on the wire. */
function amounts({ rounding, amountsMicrounits }: AmountsInputs) {
  const encoded = (format: Parameters<typeof reference.medicalFloat>[2]) =>
    amountsMicrounits.map((amount) => reference.medicalFloat(amount, rounding, format).toString("hex"));
  return { sfloats: encoded(reference.SFLOAT), floats: encoded(reference.FLOAT) };
}

function fragmentation(inputs: { readonly mtu: number; readonly message: string }): { fragments: string[] } {
  const parts = reference.fragments(bytes(inputs.message), inputs.mtu);
  return { fragments: parts.map((part) => part.toString("hex")) };
}

/** `endsAt`: the place in each sequence of values of the first that no receiver takes. */
function brokenFragments({ sequences }: { readonly sequences: readonly (readonly string[])[] }) {
  return { endsAt: sequences.map((values) => reference.brokenAt(values.map(bytes)) ?? -1) };
}

/** `why` is characters, not hexadecimal. */
function refusedM1({ pumpId, m1 }: { readonly pumpId: string; readonly m1: readonly string[] }) {
  return { why: m1.map((message) => reference.whyM1Refused(bytes(message), bytes(pumpId)) ?? "") };
}

function staleEchoes(inputs: { readonly pumpMs: readonly number[]; readonly echoesMs: readonly number[] }) {
  return { stale: inputs.pumpMs.map((nowMs, i) => reference.isEchoStale(nowMs, inputs.echoesMs[i] ?? 0)) };
}

/** Of records in the order of one session. */
function staleTimes(inputs: { readonly arrivedMs: readonly number[]; readonly timesMs: readonly number[] }) {
  const isStale = reference.lateness();
  return { stale: inputs.arrivedMs.map((nowMs, i) => isStale(nowMs, inputs.timesMs[i] ?? 0)) };
}

const OUTPUTS = {
  labels,
  handshake,
  pairing,
  record,
  countersignature,
  fragmentation,
  value,
  amounts,
  brokenFragments,
  refusedM1,
  staleEchoes,
  staleTimes,
} as const;

export type Kind = keyof typeof OUTPUTS;

export interface VectorOf<K extends Kind> {
  readonly name: string;
  readonly kind: K;
  readonly inputs: Parameters<(typeof OUTPUTS)[K]>[0];
  readonly outputs: ReturnType<(typeof OUTPUTS)[K]>;
}

export type Vector = { [K in Kind]: VectorOf<K> }[Kind];

/** Works a vector out from its inputs. */
export function work<K extends Kind>(kind: K, name: string, inputs: VectorOf<K>["inputs"]): VectorOf<K> {
  const outputsOf = OUTPUTS[kind] as (inputs: VectorOf<K>["inputs"]) => VectorOf<K>["outputs"];
  return { name, kind, inputs, outputs: outputsOf(inputs) };
}
