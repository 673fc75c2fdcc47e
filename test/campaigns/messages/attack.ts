/** One attack: a script is played while one fragment of it is altered, and what follows is compared with the truth. */

import assert from "node:assert/strict";
import { type Outcome, sameDoseId } from "../../../host-sim/controller/control.js";
import type { World } from "../../../host-sim/world.js";
import { type Conversation, handshakeArrived, messagesOf } from "./eavesdropper.js";
import { type Judgement, judge } from "./judgement.js";
import type { Mutation } from "./mutations.js";
import { type Account, HALF_STEP_MICROUNITS, recover } from "./recovery.js";
import { type Fragment, storeFor } from "./rehearsal.js";
import type { Told } from "./scripts.js";
import { bondsOf, LIFE_MS, type Stage } from "./stage.js";
import { Strike } from "./strike.js";
import type { ProtocolMessage } from "./table.js";

/** What is delayed longest arrives within this. */
const DELAYED_MS = 36_000;
/** Either side ends a session in which it hears nothing for 15 s; a second more for the other to notice. */
const SILENCE_MS = 16_000;
/** Any other end comes at once: after a pulse at most, and the air. */
const END_MS = 500;
/** How a bolus is delivered (SECURITY.md, SR-53): the rig's largest pulse and least interval. */
const PULSE_MICROUNITS = 50_000;
const PULSE_INTERVAL_MS = 2_000;
/** Of a pump that nobody asked and that issued nothing. */
const UNASKED: Account = { outcomes: [], therapyControlState: "run" };
const NOTHING_SAID: Judgement = { issued: [], stoppedMs: undefined, cancelledMs: undefined };
const STORAGE = ["kvWrite", "kvDelete", "flashWrite", "flashErase"] as const;

/** What the hardware had done at one moment. */
interface Snapshot {
  readonly displacedMicrounits: number;
  readonly halfSteps: number;
  readonly storageWrites: number;
}

/**
 * Plays `message`'s script, applies `mutation` to `fragment` once, and asserts: an end to the connection that was
 * tampered with; no motion but of a dose countersigned in time; no word and no write for a peer that did not
 * authenticate; the truth to the user then, and to the restarted controller afterwards, against the plant; no crash;
 * service for the genuine controller, with a bolus of its own when `delivers`.
 */
export function attack(
  stage: Stage,
  message: ProtocolMessage,
  fragment: Fragment,
  mutation: Mutation,
  delivers: boolean,
): void {
  const { world } = stage;
  const store = storeFor(message, stage);
  const pairs = store === stage.newcomer;
  const strike = new Strike(world, message, fragment, mutation);
  const blob = store.read();
  let before = snapshot(world);
  const { told, controller, shownText } = stage.play(message, store, () => {
    before = snapshot(world);
    world.air.tap = strike.tap;
  });
  world.air.tap = undefined;
  const { conversations } = stage.eavesdropper;
  const struck = conversations[fragment.connection];
  assert.ok(struck && strike.effect.kind !== "none", "the message did not come by");
  if (strike.effect.kind === "broken") {
    const endsByMs = strike.effect.atMs + (strike.effect.endless ? SILENCE_MS : END_MS);
    world.clock.runUntil(() => struck.endedMs !== undefined, SILENCE_MS);
    assert.ok(struck.endedMs !== undefined && struck.endedMs <= endsByMs, `tolerated until ${struck.endedMs} ms`);
  }
  stage.leave(controller);
  if (strike.effect.kind === "delayed") world.clock.advance(DELAYED_MS);
  const after = snapshot(world);
  // A newcomer that has not paired has no bond to authenticate with over its next connections.
  const authenticated = conversations[0] !== undefined && handshakeArrived(conversations[0]);
  assertSilence(authenticated ? conversations.filter((one) => !handshakeArrived(one)) : conversations);
  if (!authenticated) assert.equal(after.storageWrites, before.storageWrites, "writes to storage for a stranger");
  const judgements = conversations.map((conversation) => judge(conversation, bondsOf(store), LIFE_MS));
  const judgement = judgements.find(({ issued }) => issued.length > 0) ?? NOTHING_SAID;
  const doseIds = judgement.issued.map(({ doseId }) => doseId);
  const paired = !pairs || authenticated;
  // To pair again costs more than all the rest. But for one in some, the newcomer's attempt is as if never made, and
  // the next attack finds the pump in service.
  if (!paired && !delivers) store.write(blob ?? new Uint8Array(0));
  const account =
    paired || delivers
      ? recover(stage, store, paired ? { doseIds, delivers } : { doseIds, delivers, shownText })
      : UNASKED;
  const displacedMicrounits = after.displacedMicrounits - before.displacedMicrounits;
  if (judgement.issued.every(({ countersignedMs }) => countersignedMs === undefined))
    assert.equal(after.halfSteps, before.halfSteps, "half-steps without a countersignature in time");
  assertTruth(displacedMicrounits, judgement, account, told);
  assert.deepEqual(world.hardware.crashes, []);
}

function snapshot({ hardware }: World): Snapshot {
  const counts = hardware.operationCounts;
  return {
    displacedMicrounits: hardware.plant.displacedMicrounits,
    halfSteps: counts.halfStep,
    storageWrites: STORAGE.reduce((sum, kind) => sum + counts[kind], 0),
  };
}

/** Whoever has not authenticated hears m1 and nothing else. */
function assertSilence(conversations: readonly Conversation[]): void {
  for (const { toCentral } of conversations)
    assert.ok(messagesOf(toCentral.sent).length <= 1, "an answer to a stranger");
}

function assertTruth(displacedMicrounits: number, judgement: Judgement, account: Account, told: Told): void {
  const { issued, stoppedMs, cancelledMs } = judgement;
  assertWithin(displacedMicrounits, account.outcomes, "the pump's account");
  for (const [index, { doseId, amountMicrounits, countersignedMs }] of issued.entries()) {
    const { kind, highMicrounits } = account.outcomes[index] ?? { kind: "unknown", highMicrounits: Number.NaN };
    const reported = told.boluses.filter((bolus) => bolus?.kind === "ok" && sameDoseId(bolus.value.doseId, doseId));
    if (countersignedMs === undefined) {
      assert.ok(kind === "never" || kind === "refused", `outcome ${kind} without a countersignature in time`);
      assert.deepEqual(reported, [], "a bolus reported as accepted");
      continue;
    }
    const endedMs = Math.min(stoppedMs ?? Number.POSITIVE_INFINITY, cancelledMs ?? Number.POSITIVE_INFINITY);
    const pulses = Math.ceil(amountMicrounits / PULSE_MICROUNITS);
    const begun = Math.min(pulses, 1 + Math.floor((endedMs - countersignedMs) / PULSE_INTERVAL_MS));
    assert.equal(kind, begun < pulses ? "stopped" : "delivered", `outcome of ${amountMicrounits} µU`);
    assert.equal(highMicrounits, Math.min(amountMicrounits, begun * PULSE_MICROUNITS), "what is reported of the dose");
  }
  const accepted = told.boluses.filter((bolus) => bolus === undefined || bolus.kind === "ok" || bolus.kind === "lost");
  const countersigned = issued.filter(({ countersignedMs }) => countersignedMs !== undefined);
  assert.ok(countersigned.length <= accepted.length, `told of the bolus: ${JSON.stringify(told.boluses)}`);
  assert.equal(account.therapyControlState, stoppedMs === undefined ? "run" : "stop", "therapy control state");
  if (told.outcomes.length > 0) assertWithin(displacedMicrounits, told.outcomes, "what the user was told");
  for (const { therapyControlState } of told.statuses) assert.equal(therapyControlState, "run", "Status told");
}

function assertWithin(displacedMicrounits: number, outcomes: readonly Outcome[], whose: string): void {
  const low = outcomes.reduce((sum, { lowMicrounits }) => sum + lowMicrounits, 0);
  const high = outcomes.reduce((sum, { highMicrounits }) => sum + highMicrounits, 0);
  assert.ok(
    low - HALF_STEP_MICROUNITS <= displacedMicrounits && displacedMicrounits <= high + HALF_STEP_MICROUNITS,
    `${displacedMicrounits} µU displaced; ${whose}: ${low} to ${high} µU`,
  );
}
