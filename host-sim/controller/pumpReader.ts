/** What a controller reads of the pump it is connected to, each in one exchange, and the flags that it clears. */

import type { Connection } from "./connection.js";
import type { BondEntry } from "./control.js";
import { type FetchResult, fetchHistory, type HistoryStore } from "./historyFetch.js";
import type { BOLUS_VALUE } from "./ids.js";
import type {
  ActiveBasal,
  Annunciation,
  BolusDelivery,
  DeliveredInsulin,
  Features,
  Status,
  TotalDailyInsulin,
} from "./idsAnswers.js";
import { type PumpTime, readProfile, type TimeBlock } from "./profiles.js";
import * as reads from "./reads.js";
import { type Result, simpleOperation } from "./requests.js";

type Done<T> = (result: T) => void;

/** The part of a controller that orders no insulin and stops none. Each `done` is called once. */
export class PumpReader {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Reads the Status Changed flags. */
  statusChanged(done: Done<Result<number>>): void {
    this.request(reads.statusChanged, done);
  }

  /** Reads the status. */
  status(done: Done<Result<Status>>): void {
    this.request(reads.status, done);
  }

  /** Reads the annunciation that the pump shows first: the oldest pending one, else the oldest snoozed. */
  annunciation(done: Done<Result<{ readonly annunciation: Annunciation | undefined }>>): void {
    this.request(reads.annunciation, done);
  }

  /** Reads the pump's bonds: all of them with an `operate` bond, this controller's own with an `observe` bond. */
  bonds(done: Done<Result<readonly BondEntry[]>>): void {
    this.request(reads.bonds, done);
  }

  /** Reads the battery level, in percent; refused with NotCompleted while the pump does not know it. */
  batteryLevel(done: Done<Result<number>>): void {
    this.request(reads.batteryLevel, done);
  }

  /** Reads one text of what the pump says of its make and versions. */
  deviceText(
    name: "manufacturerName" | "modelNumber" | "firmwareRevision" | "softwareRevision",
    done: Done<Result<string>>,
  ): void {
    this.request(reads.deviceText(name), done);
  }

  /** Reads for how many minutes the pump has run since it was provisioned; time without power does not count. */
  runMinutes(done: Done<Result<number>>): void {
    this.request(reads.runMinutes, done);
  }

  /** Reads the features. */
  features(done: Done<Result<Features>>): void {
    this.request(reads.features, done);
  }

  /** Clears the Status Changed `flags` (bits 0 to 7; a pump may refuse the others, which have no meaning). */
  resetStatus(flags: number, done: Done<Result<undefined>>): void {
    this.request(reads.resetStatus(flags), done);
  }

  /** Reads the IDs of the boluses being delivered. */
  activeBolusIds(done: Done<Result<readonly number[]>>): void {
    this.request(reads.activeBolusIds, done);
  }

  /** Reads one amount of a bolus being delivered. */
  activeBolusDelivery(bolusId: number, value: keyof typeof BOLUS_VALUE, done: Done<Result<BolusDelivery>>): void {
    this.request(reads.activeBolusDelivery(bolusId, value), done);
  }

  /** Reads basal rate and TBR. */
  activeBasal(done: Done<Result<ActiveBasal>>): void {
    this.request(reads.activeBasal, done);
  }

  /** Reads the insulin delivered since provisioning. */
  deliveredInsulin(done: Done<Result<DeliveredInsulin>>): void {
    this.request(reads.deliveredInsulin, done);
  }

  /** Reads the insulin delivered since the pump's day began: at its local midnight, or when its date was last set. */
  totalDailyInsulin(done: Done<Result<TotalDailyInsulin>>): void {
    this.request(reads.totalDailyInsulin, done);
  }

  /**
   * Fetches what the pump has recorded after the newest record that `store` holds, keeps it there, and tells of what is
   * missing. Gives way to every other request, and goes on after it. One fetch at a time.
   */
  fetchHistory(store: HistoryStore, done: Done<FetchResult>): void {
    fetchHistory(this.#connection, store, done);
  }

  /** Reads the number of the active basal rate profile template. */
  activeTemplate(done: Done<Result<number>>): void {
    this.request(reads.activeTemplate, done);
  }

  /** Reads a basal rate profile template, whole. */
  profile(templateNumber: number, done: Done<Result<readonly TimeBlock[]>>): void {
    const queued = this.#connection.queue(readProfile(templateNumber, done), false);
    if (queued !== "queued") done({ kind: "notSent", reason: queued });
  }

  /** Reads the pump's time. */
  time(done: Done<Result<{ readonly time: PumpTime | undefined }>>): void {
    this.request(reads.time, done);
  }

  /** Queues a request of one exchange; an urgent one goes ahead of all that waits. */
  protected request<T>(request: reads.Request<T>, done: Done<Result<T>>, urgent = false): void {
    const queued = this.#connection.queue(simpleOperation({ ...request, done }), urgent);
    if (queued !== "queued") done({ kind: "notSent", reason: queued });
  }
}
