/** `status`: what the pump says of itself. */

import { toHex } from "../../controller/bytes.js";
import { ANNUNCIATION_NAMES } from "../../controller/ids.js";
import type {
  ActiveBasal,
  Annunciation,
  BolusDelivery,
  DeliveredInsulin,
  Status,
  TotalDailyInsulin,
} from "../../controller/idsAnswers.js";
import type { Result } from "../../controller/requests.js";
import type { Desk } from "./desk.js";
import { Ended, EXIT, type ExitCode } from "./ended.js";
import type { StatusReport } from "./statusText.js";
import { codeText, doseText, roleText } from "./words.js";

/** NotApplicable: what is asked about is not there now (PROTOCOL.md section 6). */
const NOT_APPLICABLE = 0x74;

/** Asks one thing after the other, and remembers whether an answer was late. */
class Questions {
  readonly #desk: Desk;
  stale = false;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** The answer; undefined when the pump says that there is no such thing now. Throws an {@link Ended} without one. */
  async ask<T>(start: (done: (result: Result<T>) => void) => void): Promise<T | undefined> {
    const result = await this.#desk.ask(start);
    if (result.kind === "stale") this.stale = true;
    if (result.kind === "ok" || result.kind === "stale") return result.value;
    if (result.kind !== "refused") throw new Ended(EXIT.session, `The session ended. ${this.#desk.lastEnd}`);
    if (result.code === NOT_APPLICABLE) return undefined;
    throw new Ended(EXIT.refused, `The pump refused: ${codeText(result.code)}.`);
  }

  /** The same for what is always there. */
  async must<T>(start: (done: (result: Result<T>) => void) => void): Promise<T> {
    const value = await this.ask(start);
    if (value === undefined) throw new Ended(EXIT.refused, `The pump refused: ${codeText(NOT_APPLICABLE)}.`);
    return value;
  }
}

/** Reads all that a status has, and reports it. */
export async function showStatus(desk: Desk): Promise<ExitCode> {
  await desk.open();
  const { controller } = desk;
  const { state } = controller;
  if (state.kind !== "open") throw desk.noSession("pumpDisconnected");
  const questions = new Questions(desk);
  const status = await questions.must<Status>((done) => controller.status(done));
  const basal = await questions.ask<ActiveBasal>((done) => controller.activeBasal(done));
  const { annunciation } = await questions.must<{ readonly annunciation: Annunciation | undefined }>((done) =>
    controller.annunciation(done),
  );
  const delivered = await questions.must<DeliveredInsulin>((done) => controller.deliveredInsulin(done));
  const today = await questions.must<TotalDailyInsulin>((done) => controller.totalDailyInsulin(done));
  const boluses = await activeBoluses(desk, questions);
  const batteryPercent = await batteryLevel(desk);
  const text = (name: "manufacturerName" | "modelNumber" | "firmwareRevision" | "softwareRevision") =>
    questions.must<string>((done) => controller.deviceText(name, done));
  const device = {
    manufacturer: await text("manufacturerName"),
    model: await text("modelNumber"),
    firmware: await text("firmwareRevision"),
    build: await text("softwareRevision"),
  };
  const pending = controller.pending();
  desk.tell({
    event: "status",
    pump: toHex(state.pumpId),
    role: roleText(state.role),
    therapyControlState: status.therapyControlState,
    operationalState: status.operationalState,
    reservoirMicrounits: status.reservoirAttached ? (status.reservoirMicrounits ?? null) : null,
    basalMicrounitsPerHour: basal?.programmedMicrounitsPerHour ?? null,
    tbr: basal?.tbr ?? null,
    boluses,
    delivered,
    today,
    batteryPercent,
    device,
    annunciation: annunciation
      ? { type: annunciation.type, name: ANNUNCIATION_NAMES[annunciation.type] ?? null }
      : null,
    pending: pending === undefined ? null : doseText(pending),
    stale: questions.stale,
  });
  return EXIT.done;
}

/** Null when the pump has no battery, or cannot tell. */
async function batteryLevel(desk: Desk): Promise<number | null> {
  const result = await desk.ask<Result<number>>((done) => desk.controller.batteryLevel(done));
  if (result.kind === "lost" || result.kind === "notSent")
    throw new Ended(EXIT.session, `The session ended. ${desk.lastEnd}`);
  return result.kind === "refused" ? null : result.value;
}

async function activeBoluses({ controller }: Desk, questions: Questions): Promise<StatusReport["boluses"]> {
  const boluses: StatusReport["boluses"][number][] = [];
  for (const bolusId of await questions.must<readonly number[]>((done) => controller.activeBolusIds(done))) {
    const amount = (value: "programmed" | "delivered") =>
      questions.ask<BolusDelivery>((done) => controller.activeBolusDelivery(bolusId, value, done));
    const programmed = await amount("programmed");
    const delivered = await amount("delivered");
    // A bolus may end between the questions.
    if (programmed === undefined || delivered === undefined) continue;
    boluses.push({
      bolusId,
      programmedMicrounits: programmed.amountMicrounits,
      deliveredMicrounits: delivered.amountMicrounits,
    });
  }
  return boluses;
}
