/**
 * A small pump, written straight down from PROTOCOL.md with node:crypto, on an MTU of 23. It keeps no limits and moves
 * nothing; tests make it lie, fall silent or lose messages through its `on...` hooks.
 */

import type { CentralLink, CentralListener, Transport } from "../../../host-sim/air/transport.js";
import type { ManualClock } from "./manualClock.js";
import {
  base32,
  bytes,
  expand,
  extractAndExpand,
  hmac,
  label,
  open,
  publicKey,
  seal,
  sha256,
  x25519,
} from "./nodeCrypto.js";

interface PumpBond {
  controllerId: string;
  role: number;
  kAuth: Uint8Array;
  kDose: Uint8Array;
}
interface Challenge {
  doseId: Uint8Array;
  challenge: Uint8Array;
  command: Uint8Array;
  reading: Uint8Array;
}
const LATENCY_MS = 5;
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");
const u16 = (value: number) => Uint8Array.of(value & 0xff, value >> 8);
const u32 = (value: number) => bytes(u16(value & 0xffff), u16(value >>> 16));
const sfloatMicrounits = (bits: number) => (bits & 0xfff) * 10 ** (((bits << 16) >> 28) + 6);

export class ScriptedPump implements Transport {
  pumpId = bytes("1122334455667788");
  secret = bytes("000102030405060708090a0b0c0d0e0f");
  role = 1;
  windowOpen = false;
  confirmed: PumpBond[] = [];
  unconfirmed: PumpBond | undefined;
  /** Every opened record of the controller, as channel and value in hex. */
  received: string[] = [];
  /** The echo of each of those records, in ms. */
  echoesMs: number[] = [];
  /** Whether it acknowledges writes. */
  acknowledges = true;
  /** m2s received, in order. */
  m2s: Uint8Array[] = [];
  /** Boluses that it accepted, in microunits. */
  delivered: number[] = [];
  outcomes = new Map<string, Uint8Array>();
  connections = 0;
  /** Alters or drops (undefined) a whole message to the controller: m1, m3, then records. */
  onSend: (message: Uint8Array, what: "m1" | "m3" | "record") => Uint8Array | undefined = (message) => message;
  /** Alters or drops a plaintext value before it is sealed. */
  onValue: (channel: number, value: Uint8Array) => Uint8Array | undefined = (_, value) => value;
  /** Answers a request for history records. */
  onRecordAccess: (value: Uint8Array) => void = () => {};
  /** Alters or drops m2. */
  onM2: (m2: Uint8Array) => Uint8Array | undefined = (m2) => m2;
  /** Whether it sends ticks. */
  ticks = true;
  /** Ms taken off the time it states in records. */
  timeLagMs = 0;
  #clock: ManualClock;
  #listener: CentralListener | undefined;
  #state: "m2" | "records" | "done" = "m2";
  #incoming: number[] = [];
  #m1: Uint8Array = new Uint8Array();
  #private: Uint8Array = new Uint8Array();
  #keys = { cp: bytes(), pc: bytes(), sent: 0, got: 0 };
  #challenge: Challenge | undefined;
  #sequence = 0;
  #generation = 0;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  get shownText(): string {
    return base32(bytes(1, this.pumpId, this.role, this.secret));
  }

  connect(listener: CentralListener): CentralLink {
    this.#generation += 1;
    const generation = this.#generation;
    const current = (callback: () => void) => () => generation === this.#generation && callback();
    const later = (callback: () => void) => this.#clock.schedule(current(callback), LATENCY_MS);
    this.#listener = listener;
    this.connections += 1;
    this.#incoming = [];
    this.#state = "m2";
    later(() => listener.onConnected());
    return {
      maximumWrite: 20,
      subscribe: () => void later(() => this.#sendM1()),
      write: (value) =>
        void later(() => {
          if (this.acknowledges) listener.onWritten();
          this.#onFragment(value);
        }),
      disconnect: () => void later(() => this.disconnect()),
    };
  }

  disconnect(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    this.#generation += 1;
    this.#challenge = undefined;
    listener?.onDisconnected();
  }

  /** Sends a message's fragments as they are. */
  indicate(...fragments: Uint8Array[]): void {
    for (const fragment of fragments) this.#listener?.onIndication(fragment);
  }

  /** Seals and sends a value. */
  send(channel: number, value: Uint8Array): void {
    const altered = this.onValue(channel, value);
    if (altered === undefined || this.#listener === undefined) return;
    const timeMs = (this.#clock.nowMs - this.timeLagMs) >>> 0;
    const record = seal(this.#keys.pc, this.#keys.sent, bytes(u32(timeMs), channel, altered));
    this.#keys.sent += 1;
    this.#sendMessage(record, "record");
  }

  #sendMessage(message: Uint8Array, what: "m1" | "m3" | "record"): void {
    const altered = this.onSend(message, what);
    if (altered === undefined) return;
    const count = Math.ceil(altered.length / 19);
    for (let index = 0; index < count; index += 1) {
      const header = (index === 0 ? 0x80 : 0) | (index === count - 1 ? 0x40 : 0) | index;
      this.#listener?.onIndication(bytes(header, altered.subarray(19 * index, 19 * index + 19)));
    }
  }

  #sendM1(): void {
    const nonceP = sha256(u32(this.connections)).subarray(0, 16);
    this.#private = sha256(bytes("aa"), u32(this.connections));
    const ephemeral = this.windowOpen ? publicKey(this.#private) : new Uint8Array();
    this.#m1 = bytes(1, this.windowOpen ? 1 : 0, this.pumpId, nonceP, ephemeral);
    const generation = this.#generation;
    this.#clock.schedule(() => {
      if (generation === this.#generation && this.#state !== "records") this.disconnect();
    }, 5_000);
    this.#sendMessage(this.#m1, "m1");
  }

  #onFragment(value: Uint8Array): void {
    this.#incoming.push(...value.subarray(1));
    if (((value[0] ?? 0) & 0x40) === 0) return;
    const message = Uint8Array.from(this.#incoming);
    this.#incoming = [];
    if (this.#state === "records") this.#onRecord(message);
    else if (this.#state === "m2") this.#onM2(message);
  }

  #onM2(received: Uint8Array): void {
    this.m2s.push(received);
    const m2 = this.onM2(received);
    if (m2 === undefined) return;
    const mode = m2[0] ?? 0;
    const controllerId = hex(m2.subarray(1, 9));
    const ofController = (bond: PumpBond) => bond.controllerId === controllerId;
    const confirmed = this.confirmed.find(ofController);
    const unconfirmed = this.unconfirmed?.controllerId === controllerId ? this.unconfirmed : undefined;
    const bond = mode === 3 ? (unconfirmed ?? confirmed) : mode === 1 ? confirmed : undefined;
    const prk = hmac(label("CS1 pairing"), this.secret);
    const pairing = mode === 2 && this.windowOpen;
    if (!pairing && bond === undefined) return this.disconnect();
    const key = (auth: string, pair: string) =>
      bond ? expand(bond.kAuth, label(auth), 32) : expand(prk, label(pair), 32);
    const role = Uint8Array.of(bond?.role ?? this.role);
    const tagC = hmac(key("CS1 k ctl", "CS1 pair C"), label("CS1 tag C"), role, this.#m1, m2.subarray(0, -16));
    if (hex(tagC.subarray(0, 16)) !== hex(m2.subarray(-16))) return this.disconnect();
    const m3 = hmac(key("CS1 k pump", "CS1 pair P"), label("CS1 tag P"), role, this.#m1, m2).slice(0, 16);
    const transcript = sha256(this.#m1, m2, m3);
    this.#state = "done";
    if (bond === undefined) {
      const z = x25519(this.#private, m2.subarray(25, 57));
      const derive = (text: string) => extractAndExpand(prk, z, bytes(label(text), role, transcript), 32);
      this.unconfirmed = {
        controllerId,
        role: this.role,
        kAuth: derive("CS1 bond auth"),
        kDose: derive("CS1 bond dose"),
      };
      this.windowOpen = false;
      this.#sendMessage(m3, "m3");
      return;
    }
    if (bond === unconfirmed) {
      this.confirmed = [...this.confirmed.filter((other) => !ofController(other)), bond];
      this.unconfirmed = undefined;
    }
    const keys = expand(expand(bond.kAuth, label("CS1 k ses"), 32), bytes(label("CS1 session"), transcript), 64);
    this.#keys = { cp: keys.slice(0, 32), pc: keys.slice(32), sent: 0, got: 0 };
    this.#state = "records";
    this.#sendMessage(m3, "m3");
    this.send(0, Uint8Array.of(0x69, bond.role));
    this.#tick(this.#generation);
  }

  #tick(generation: number): void {
    this.#clock.schedule(() => {
      if (generation !== this.#generation) return;
      if (this.ticks) this.send(1, new Uint8Array());
      this.#tick(generation);
    }, 5_000);
  }

  #onRecord(record: Uint8Array): void {
    const plaintext = open(this.#keys.cp, this.#keys.got, record);
    this.#keys.got += 1;
    this.echoesMs.push(new DataView(plaintext.buffer).getUint32(0, true));
    const channel = plaintext[4] ?? -1;
    const value = plaintext.slice(5);
    this.received.push(`${channel.toString(16).padStart(2, "0")} ${hex(value)}`.trim());
    if (channel === 0) this.#onControl(value);
    if (channel === 0x27) this.onRecordAccess(value);
    if (channel === 0x21) this.send(0x21, bytes("5596", u16(0xe000 | 1505), 1));
    if (channel === 0x25) this.send(0x25, bytes(u16(0x0f55), value.subarray(0, 2), 0x0f));
  }

  #onControl(value: Uint8Array): void {
    const doseId = hex(value.subarray(1, 9));
    if (value[0] === 0x0f) {
      this.#sequence += 1;
      const command = value.slice(3);
      const challenge = sha256(u32(this.#sequence), bytes("cc")).slice(0, 16);
      this.#challenge = { doseId: bytes(u32(7), u32(this.#sequence)), challenge, command, reading: reading(command) };
      const life = Math.min(30, value[1] ?? 0);
      this.outcomes.set(hex(this.#challenge.doseId), bytes(0x0f, 0, u32(0), u32(0), u32(0)));
      this.send(0, bytes(0x33, this.#challenge.doseId, challenge, life, this.#challenge.reading));
    } else if (value[0] === 0x3c) this.#onCommit(value);
    else if (value[0] === 0x55) {
      const outcome = this.outcomes.get(doseId);
      this.send(0, outcome ? bytes(0x5a, doseId, outcome) : bytes("665571"));
    }
  }

  #onCommit(value: Uint8Array): void {
    const challenge = this.#challenge;
    const bond = this.confirmed[0];
    this.#challenge = undefined;
    if (challenge === undefined || bond === undefined) return this.send(0, bytes("663c81"));
    const { doseId, command, reading: meaning } = challenge;
    const commandPart = bytes(0x25, u16(command.length), command);
    const signed = bytes(
      this.pumpId,
      bond.controllerId,
      doseId,
      challenge.challenge,
      commandPart,
      u16(meaning.length),
      meaning,
    );
    const tag = hmac(bond.kDose, label("CS1 dose"), signed).subarray(0, 16);
    if (hex(value) !== hex(bytes(0x3c, doseId, tag))) return this.send(0, bytes("663c83"));
    const opcode = command.slice(0, 2);
    if (hex(opcode) === "4b11") {
      const amount = meaning.slice(4, 8);
      this.delivered.push(new DataView(amount.buffer).getUint32(0, true));
      this.outcomes.set(hex(doseId), bytes(0x55, 0, amount, u32(0), amount));
      this.send(0x25, bytes(u16(0x1177), u16(40 + this.delivered.length)));
    } else {
      this.outcomes.set(hex(doseId), bytes(0x3c, 0, u32(0), u32(0), u32(0)));
      this.send(0x25, bytes(u16(0x0f55), opcode, 0x0f));
    }
  }
}

function reading(command: Uint8Array): Uint8Array {
  const at = (offset: number) => (command[offset] ?? 0) | ((command[offset + 1] ?? 0) << 8);
  switch (hex(command.subarray(0, 2))) {
    case "4b11":
      return bytes(command.subarray(0, 4), u32(sfloatMicrounits(at(4))), u32(0), u16(0));
    case "ff0f":
      return bytes("ff0f", command[2] === 4 ? 0x33 : 0x0f, u32(sfloatMicrounits(at(4))), command.subarray(6, 8));
    case "5a0f":
      return bytes("5a0f55", u32(850_000));
    default:
      return bytes("1111", u32(850_000));
  }
}
