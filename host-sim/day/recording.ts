/**
 * What an eavesdropper keeps: the values of both characteristics, in order, of one connection. Suits `Air`'s observer.
 * Owns no opinion on what they mean.
 */

import type { AirEvent } from "../air/packet.js";
import type { DoseId } from "../controller/control.js";

/** One connection, as it was on the air. */
export interface Recording {
  readonly connectionId: number;
  /** Values written to toPump: fragments. */
  readonly toPump: readonly Uint8Array[];
  /** Values indicated on fromPump: fragments. */
  readonly fromPump: readonly Uint8Array[];
}

/** A dose and the connection that it was ordered on. */
export interface RecordedDose {
  readonly recording: Recording;
  readonly doseId: DoseId;
}

/** Records every connection from its beginning, one at a time. */
export class Recorder {
  #newest: { connectionId: number; toPump: Uint8Array[]; fromPump: Uint8Array[] } | undefined;

  /** Takes what the ends send; what arrives of it is no business of an eavesdropper's. */
  observe({ what, packet }: AirEvent): void {
    if (what !== "sent") return;
    const { connectionId, kind, value } = packet;
    if (this.#newest?.connectionId !== connectionId) this.#newest = { connectionId, toPump: [], fromPump: [] };
    if (kind === "write") this.#newest.toPump.push(value.slice());
    if (kind === "indication") this.#newest.fromPump.push(value.slice());
  }

  /** The newest connection, with all that is still to follow on it. */
  get newest(): Recording | undefined {
    return this.#newest;
  }
}
