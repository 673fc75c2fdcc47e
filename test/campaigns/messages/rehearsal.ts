/** A message's script played without an attack: where the message stands, and the same message from elsewhere. */

import assert from "node:assert/strict";
import type { Bond } from "../../../host-sim/controller/pairing.js";
import type { MemoryStore } from "../../../host-sim/world.js";
import { type Conversation, messagesOf, type Said, saidIn } from "./eavesdropper.js";
import { judge } from "./judgement.js";
import type { Donor } from "./mutations.js";
import { recover } from "./recovery.js";
import { SCRIPTS } from "./scripts.js";
import { bondsOf, LIFE_MS, type Stage } from "./stage.js";
import type { Mark, ProtocolMessage } from "./table.js";

/** One fragment of a message: where it is met, counted from 0, and what it was in one rehearsal. */
export interface Fragment {
  readonly connection: number;
  readonly message: number;
  readonly fragment: number;
  readonly value: Uint8Array;
}

/** A message that is ready to be attacked on a stage. */
export interface Rehearsed {
  readonly fragments: readonly Fragment[];
  /** The fragments with the same number, from elsewhere. */
  readonly donors: readonly (readonly Donor[])[];
}

/** Finds the message on `stage`, and collects it from an earlier session, another bond and another pump. */
export function rehearsed(message: ProtocolMessage, stage: Stage, otherPump: Stage): Rehearsed {
  const store = storeFor(message, stage);
  // Once without notice: what the first time sets for good, such as Status Changed flags, is set afterwards.
  rehearse(stage, message, store);
  const earlier = rehearse(stage, message, store);
  const sources = [
    { name: "another session", fragments: earlier },
    { name: "another controller", fragments: rehearse(stage, message, stage.otherController) },
    { name: "another pump", fragments: rehearse(otherPump, message, storeFor(message, otherPump)) },
  ];
  const donors = earlier.map(({ fragment }) =>
    sources.flatMap(({ name, fragments }) =>
      fragments.filter((other) => other.fragment === fragment).map(({ value }) => ({ name, value })),
    ),
  );
  return { fragments: earlier, donors };
}

/** The store of whoever plays a message's script. */
export function storeFor({ script }: ProtocolMessage, stage: Stage): MemoryStore {
  return SCRIPTS[script].user === "newcomer" ? stage.newcomer : stage.user;
}

function rehearse(stage: Stage, message: ProtocolMessage, store: MemoryStore): readonly Fragment[] {
  const { controller } = stage.play(message, store);
  stage.leave(controller);
  const { conversations } = stage.eavesdropper;
  const bonds = bondsOf(store);
  const fragments = find(conversations, bonds, message);
  assert.ok(fragments.length > 0, `the script ${message.script} has no ${message.name}`);
  const issued = conversations.flatMap((conversation) => judge(conversation, bonds, LIFE_MS).issued);
  recover(stage, store, { doseIds: issued.map(({ doseId }) => doseId) });
  return fragments;
}

function find(
  conversations: readonly Conversation[],
  bonds: readonly Bond[],
  { name, bound, bytes, mark }: ProtocolMessage,
): readonly Fragment[] {
  const connection = mark.kind === "place" ? mark.connection : 0;
  const conversation = conversations[connection];
  if (conversation === undefined) return [];
  const marked = saidIn(conversation, bonds).find((said) => said.bound === bound && carries(mark, said));
  const message = mark.kind === "place" ? mark.message : marked?.message;
  if (message === undefined) return [];
  const { sent } = conversation[bound];
  const messages = messagesOf(sent);
  const found = messages[message];
  assert.equal(found?.bytes.length, bytes, `bytes of ${name}`);
  return sent
    .slice(messages[message - 1]?.fragments ?? 0, found.fragments)
    .map(({ value }, fragment) => ({ connection, message, fragment, value }));
}

function carries(mark: Mark, { channel, value: [low = 0, high = 0] }: Said): boolean {
  if (mark.kind !== "record" || channel !== mark.channel) return false;
  const { opcode } = mark;
  return opcode === undefined || opcode === (opcode > 0xff ? low + (high << 8) : low);
}
