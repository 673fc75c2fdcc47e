/**
 * What the product is about, tried on the pump that has just run a day: the recorded bytes of a bolus sent again, by
 * somebody who has only ears and by somebody who has stolen all that opens sessions.
 */

import type { Transport } from "../air/transport.js";
import { decodeControl, encodeCommit } from "../controller/control.js";
import type { Status } from "../controller/idsAnswers.js";
import { TAG_BYTES } from "../controller/keys.js";
import { decodeContents } from "../controller/store.js";
import { PUMP_ADDRESS } from "../pumpWorld.js";
import { CONTROLLER_MTU } from "../world.js";
import { type Answered, playBack, readDose, type SessionSecrets, type StolenDose, StolenSession } from "./attacker.js";
import { ATTEMPT_MS, type Attempted, attempt, TRACED } from "./attempt.js";
import type { Operator } from "./operator.js";
import type { RecordedDose } from "./recording.js";

/** One attempt. */
export interface Replay extends Attempted {
  /** Who did what and when, in a few words. */
  readonly what: string;
}

const POWER_OFF_MS = 100;
export class Replays {
  readonly #operator: Operator;
  readonly #dose: RecordedDose;
  readonly #tried: (replay: Replay) => void;

  /** @param tried hears of each attempt. */
  constructor(operator: Operator, dose: RecordedDose, tried: (replay: Replay) => void) {
    this.#operator = operator;
    this.#dose = dose;
    this.#tried = tried;
  }

  /** Makes every attempt. Of a pump in Stop the real controller commits Run first, so that Stop is not the reason. */
  tryAll(therapyControlState: Status["therapyControlState"] | undefined): void {
    const { world } = this.#operator;
    if (therapyControlState !== "run") this.#run();
    this.#playBack("recorded bytes, at once", () => {});
    this.#playBack("recorded bytes, after the controller came and went", () => this.#comeAndGo());
    const secrets = this.#stolenSecrets();
    const dose = secrets && readDose(this.#dose.recording, secrets, this.#dose.doseId);
    if (secrets === undefined || dose === undefined) throw new Error("invariant: the recorded dose cannot be read");
    this.#withKeys("session keys stolen, old Commit", secrets, (session) => {
      this.#send(session, dose.commit);
    });
    this.#withKeys("session keys stolen, new Prepare, old Commit", secrets, (session) => {
      this.#send(session, dose.prepare);
      this.#send(session, dose.commit);
    });
    this.#withKeys("session keys stolen, new Prepare, old tag, new dose ID", secrets, (session) =>
      this.#commitOldTag(session, dose),
    );
    this.#playBack("recorded bytes, after a restart of the pump", () => world.powerCycle(POWER_OFF_MS));
  }

  #run(): void {
    const { controller } = this.#operator;
    this.#operator.connect();
    this.#operator.ask((done: (result: object) => void) => controller.run(() => true, done));
    this.#operator.disconnect();
  }

  #comeAndGo(): void {
    this.#operator.connect();
    this.#operator.disconnect();
  }

  /** The bond from the controller's own store, but for the one key that never leaves it. */
  #stolenSecrets(): SessionSecrets | undefined {
    const blob = this.#operator.store.read();
    const contents = blob && decodeContents(blob);
    const bond = contents?.bonds[0];
    if (contents === undefined || bond === undefined) return undefined;
    const { pumpId, role, kCtl, kPump, kSes } = bond;
    return { pumpId, role, kCtl, kPump, kSes, controllerId: contents.controllerId };
  }

  get #transport(): Transport {
    return this.#operator.world.air.transport({ address: PUMP_ADDRESS, mtu: CONTROLLER_MTU });
  }

  #playBack(what: string, before: () => void): void {
    const { world } = this.#operator;
    this.#attempt(what, TRACED.session, before, () => {
      const { toPump } = this.#dose.recording;
      world.await((done: (played: object) => void) => playBack(this.#transport, world.clock, toPump, ATTEMPT_MS, done));
    });
  }

  #withKeys(what: string, secrets: SessionSecrets, attack: (session: StolenSession) => void): void {
    const { world } = this.#operator;
    this.#attempt(
      what,
      TRACED.message,
      () => {},
      () => {
        const session = new StolenSession(this.#transport, world.clock, secrets);
        const result = world.await((done: (result: { readonly opened: boolean }) => void) => session.open(done));
        if (result?.opened) attack(session);
        session.close();
      },
    );
  }

  #send(session: StolenSession, value: Uint8Array): Uint8Array | undefined {
    return this.#operator.world.await((done: (answer: Answered) => void) => session.send(value, done), ATTEMPT_MS)
      ?.value;
  }

  #commitOldTag(session: StolenSession, { prepare, commit }: StolenDose): void {
    const answer = this.#send(session, prepare);
    const message = answer && decodeControl(answer);
    if (message?.kind !== "challenge") return;
    this.#send(session, encodeCommit(message.challenge.doseId, commit.slice(-TAG_BYTES)));
  }

  #attempt(what: string, traced: Parameters<typeof attempt>[1], before: () => void, attack: () => void): void {
    this.#tried({ what, ...attempt(this.#operator.world, traced, before, attack) });
  }
}
