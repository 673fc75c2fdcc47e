/**
 * What the product is about, tried on the pump that has just run a day: the recorded bytes of a bolus sent again, by
 * somebody who has only ears and by somebody who has stolen all that opens sessions. Whether it was refused the plant
 * says; why, the pump's local trace. On the air a stranger sees no more than a closed connection.
 *
 * Every attempt begins 5 s after a basal pulse, so that none is due while it lasts: the fastest basal there is (5 U/h,
 * rig.ts) gives a pulse every 36 s. A single half-step is then the attacker's.
 */

import type { Transport } from "../air/transport.js";
import { decodeControl, encodeCommit } from "../controller/control.js";
import type { Status } from "../controller/idsAnswers.js";
import { TAG_BYTES } from "../controller/keys.js";
import { decodeContents } from "../controller/store.js";
import { CONTROLLER_MTU, PUMP_ADDRESS } from "../world.js";
import { type Answered, playBack, readDose, type SessionSecrets, type StolenDose, StolenSession } from "./attacker.js";
import type { Operator } from "./operator.js";
import type { RecordedDose } from "./recording.js";

/** One attempt. */
export interface Replay {
  /** Who did what and when, in a few words. */
  readonly what: string;
  /** True when the attempt reached the pump, the pump traced why it turned it away, and nothing moved. */
  readonly refused: boolean;
  /** Half-steps that the coils went through from its beginning to 9 s after its end. */
  readonly halfSteps: number;
  /** The pump's own line on why, from its local trace; undefined when there is none. */
  readonly reason: string | undefined;
}

/** Basal pulses come closer than this at 0.05 U/h and more; below, none is near. */
const LONGEST_PULSE_WAIT_MS = 70 * 60_000;
const AFTER_PULSE_MS = 5_000;
/**
 * Half of the 36 s between the fastest pulses, for an attempt and for watching what comes of it: a bolus begins at
 * once.
 */
const ATTEMPT_MS = 9_000;
const WATCH_MS = 9_000;
const POWER_OFF_MS = 100;
/** The plant reckons in floating point; a half-step is 1,256 of these. */
const LEAST_MICROUNITS = 1;

/** Where in the pump's trace the reason stands: at a session's end, or at the refusal of a message in one. */
const TRACED = { session: "session: ended: ", message: "refused: " } as const;

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

  #attempt(what: string, traced: string, before: () => void, attack: () => void): void {
    const { clock, hardware } = this.#operator.world;
    const halfSteps = () => hardware.plant.commandedHalfSteps;
    const steps = halfSteps();
    clock.runUntil(() => halfSteps() !== steps, LONGEST_PULSE_WAIT_MS);
    clock.advance(AFTER_PULSE_MS);
    before();
    const startMs = clock.nowMs;
    const begun = halfSteps();
    const displaced = hardware.plant.displacedMicrounits;
    attack();
    clock.advance(WATCH_MS);
    const reason = hardware.trace.findLast(({ atMs, line }) => atMs > startMs && line.startsWith(traced))?.line;
    const moved = halfSteps() - begun;
    const received = Math.abs(hardware.plant.displacedMicrounits - displaced) >= LEAST_MICROUNITS;
    const refused = reason !== undefined && moved === 0 && !received;
    this.#tried({ what, refused, halfSteps: moved, reason });
  }
}
