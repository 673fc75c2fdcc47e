/** Profiles and times as a peer sends them: the bytes of PROTOCOL.md sections 6.3 and 6.5. */

import assert from "node:assert/strict";
import type { Challenge } from "../../host-sim/controller/control.js";
import { encodeSfloat } from "../../host-sim/controller/sfloat.js";
import { codeOf, type Peer } from "../peers.js";

export const OPCODE = { read: 0x0faa, write: 0x0fcc, activate: 0x122e, activated: 0x1248 } as const;
export const TIME_CHANNEL = 0x91;

/** [minutes, microunits an hour]. */
export type Block = readonly [number, number];

const u16 = (value: number): readonly number[] => [value & 0xff, value >> 8];
const u32 = (value: number): readonly number[] => [...u16(value % 65_536), ...u16(Math.floor(value / 65_536))];

/** A profile as its chunks, the last of which ends the transaction. */
export function chunksOf(template: number, blocks: readonly Block[]): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let from = 0; from < blocks.length; from += 3) {
    const some = blocks.slice(from, from + 3);
    const flags = (from + 3 >= blocks.length ? 1 : 0) | (some.length > 1 ? 2 : 0) | (some.length > 2 ? 4 : 0);
    const fields = some.flatMap(([minutes, rate]) => [...u16(minutes), ...u16(encodeSfloat(rate))]);
    chunks.push(Uint8Array.of(...u16(OPCODE.write), flags, template, from + 1, ...fields));
  }
  return chunks;
}

export const activation = (template: number): Uint8Array => Uint8Array.of(...u16(OPCODE.activate), 1, template);

/** Propose Time Update: UTC seconds since 2000, by a phone. */
export const timeUpdate = (baseTimeS: number, zone = 0, dst = 0): Uint8Array =>
  Uint8Array.of(2, 0x41, 0, ...u32(baseTimeS), zone & 0xff, dst, 6, 8);

export const relativeTbr = (hundredths: number, minutes: number, change = false): Uint8Array =>
  Uint8Array.of(0xff, 0x0f, change ? 4 : 0, 0x3c, ...u16(encodeSfloat(hundredths * 10_000)), ...u16(minutes));

/** Sends all chunks but the last; gives the last. */
export function stage(peer: Peer, chunks: readonly Uint8Array[]): Uint8Array {
  for (const chunk of chunks.slice(0, -1)) {
    const answer = peer.ask(0x25, chunk);
    assert.deepEqual([...(answer?.value ?? [])], [0xf0, 0x0f, 0, chunk[3], chunk[4]]);
  }
  const last = chunks.at(-1);
  assert.ok(last);
  return last;
}

/** Writes a whole profile: Success, or the code of the refusal. */
export const write = (peer: Peer, template: number, blocks: readonly Block[]): number =>
  peer.order(stage(peer, chunksOf(template, blocks)));

/** Sets the time: Success, or the code of the refusal. */
export function setTime(peer: Peer, update: Uint8Array): number {
  const prepared = peer.prepare(update, 30, TIME_CHANNEL);
  return typeof prepared === "number" ? prepared : commitTime(peer, update, prepared);
}

export function commitTime(peer: Peer, update: Uint8Array, challenge: Challenge): number {
  return codeOf(peer.ask(0, peer.commitMessage(update, challenge, TIME_CHANNEL)));
}

/** Reads a template, answering every tick of its own: its blocks, or the code of the refusal. */
export function readTemplate(peer: Peer, template: number, passMs: (ms: number) => void): readonly Block[] | number {
  const from = peer.received.length;
  peer.send(0x25, Uint8Array.of(...u16(OPCODE.read), template));
  const answers = () => peer.received.slice(from).filter(({ channel }) => channel === 0x25 || channel === 0x26);
  for (let i = 0; i < 400 && answers().at(-1)?.channel !== 0x25; i++) {
    passMs(100);
    if (i % 2 === 1) peer.send(1, new Uint8Array(0));
  }
  const blocks: Block[] = [];
  for (const { channel, value } of answers()) {
    if (channel === 0x25) {
      assert.deepEqual([...value.slice(0, 4)], [0x55, 0x0f, 0xaa, 0x0f]);
      return value[4] === 0x0f ? blocks : (value[4] ?? 0);
    }
    assert.deepEqual([value[0], value[1], value[3], value[4]], [0xc3, 0x0f, template, blocks.length + 1]);
    for (let at = 5; at < value.length; at += 4) blocks.push([word(value, at), rateOf(word(value, at + 2))]);
  }
  assert.fail("the read did not end");
}

const word = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);

function rateOf(sfloat: number): number {
  const exponent = (sfloat >> 12) - (sfloat >> 15) * 16;
  return Math.round((sfloat & 0xfff) * 10 ** (6 + exponent));
}
