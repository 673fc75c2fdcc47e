/** The therapy booted from what storage would hold. */

import assert from "node:assert/strict";
import type { Loaded } from "../../firmware/storage/blob.js";
import { type BootFindings, bootTherapy } from "../../firmware/therapy/boot.js";
import { newProfiles } from "../../firmware/therapy/profiles.js";
import type { Standing } from "../../firmware/therapy/standing.js";
import type { Therapy } from "../../firmware/therapy/therapy.js";
import { at, RIG } from "./bench.js";

const BASAL = RIG.provisioning.basalMicrounitsPerHour;

/** What a boot found; the rest as of a pump that kept its identity, in epoch 2. */
export type Found = Partial<BootFindings> & Pick<BootFindings, "standing" | "journal">;

/** The therapy after the boot, and the standing state that it writes first. */
export function booted(found: Found): { readonly therapy: Therapy; readonly standing: Standing } {
  const step = bootTherapy(
    {
      historyNextSequence: 0,
      epoch: 2,
      identity: "kept",
      calibrationLost: false,
      profiles: newProfiles("value" in found.standing ? found.standing.value.basalMicrounitsPerHour : BASAL),
      profilesLost: false,
      ...found,
    },
    at(0),
    RIG,
  );
  assert.ok(step.record?.kind === "standing");
  return { therapy: step.next, standing: step.record.value };
}

export const intact = <T>(value: T): Loaded<T> => ({ kind: "intact", value });
/** Pending annunciations. */
export const typesOf = ({ standing }: Therapy) => standing.annunciations.pending.map(({ type }) => type);
/** History events of the last change. */
export const eventsOf = ({ standing }: Therapy) => standing.history.pending.map(({ event }) => event);
