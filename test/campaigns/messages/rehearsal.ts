/** A message's script played without an attack: where the message stands, and the same message from elsewhere. */

import assert from "node:assert/strict";
import type { Bond } from "../../../host-sim/controller/pairing.js";
import { MemoryStore } from "../../../host-sim/world.js";
import { type Conversation, messagesOf, type Said, saidIn } from "./eavesdropper.js";
import { judge } from "./judgement.js";
import type { Donor } from "./mutations.js";
import { recover } from "./recovery.js";
import { bondsOf, LIFE_MS, Stage } from "./stage.js";
import type { Mark, ProtocolMessage } from "./table.js";

/** Added to a seed, it gives another pump. */
const OTHER_PUMP = 1_000;

/** One fragment of a message: where it is met, counted from 0, and what it was in one rehearsal. */
export interface Fragment {
  readonly connection: number;
  readonly message: number;
  readonly fragment: number;
  readonly value: Uint8Array;
}

/** A stage that is ready for a message to be attacked. */
export interface Rehearsed {
  readonly stage: Stage;
  readonly fragments: readonly Fragment[];
  /** The fragments with the same number, from elsewhere. */
  readonly donors: readonly (readonly Donor[])[];
}

/** Prepares a stage, and collects the message from an earlier session, from another bond and from another pump. */
export function rehearsed(message: ProtocolMessage, seed: number, mtu: number): Rehearsed {
  const stage = new Stage(seed, mtu);
  const pairs = message.script === "pair";
  const user = pairs ? stage.newcomer : stage.user;
  // Once without notice: what the first time sets for good, such as Status Changed flags, is set afterwards.
  rehearse(stage, message, user);
  const otherController = rehearse(stage, message, stage.otherController);
  const fragments = rehearse(stage, message, user);
  const copy = new MemoryStore();
  copy.write(user.read() ?? new Uint8Array(0));
  const otherPump = new Stage(seed + OTHER_PUMP, mtu, pairs ? undefined : copy);
  const otherUser = pairs ? copy : otherPump.user;
  rehearse(otherPump, message, otherUser);
  const sources = [
    { name: "another session", fragments },
    { name: "another controller", fragments: otherController },
    { name: "another pump", fragments: rehearse(otherPump, message, otherUser) },
  ];
  const donors = fragments.map(({ fragment }) =>
    sources.flatMap(({ name, fragments: others }) =>
      others.filter((other) => other.fragment === fragment).map(({ value }) => ({ name, value })),
    ),
  );
  return { stage, fragments, donors };
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
