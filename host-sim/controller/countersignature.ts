/** The tag of a Commit: PROTOCOL.md section 7. */

import { concat } from "./bytes.js";
import { type DoseId, encodeDoseId } from "./control.js";
import { label, tag } from "./keys.js";
import { Layout } from "./layout.js";

const LENGTH = new Layout({ length: "u16" });

/** Everything that a countersignature covers. */
export interface Countersigned {
  /** 8 bytes. */
  readonly pumpId: Uint8Array;
  /** 8 bytes. */
  readonly controllerId: Uint8Array;
  readonly doseId: DoseId;
  /** 16 bytes, from Challenge. */
  readonly challenge: Uint8Array;
  /** 25, as in Prepare. */
  readonly channel: number;
  /** As in Prepare. */
  readonly command: Uint8Array;
  /** As in Challenge. */
  readonly reading: Uint8Array;
}

/** The 16 bytes of tag that commit the pump to `countersigned`. */
export function countersign(kDose: Uint8Array, countersigned: Countersigned): Uint8Array {
  const { pumpId, controllerId, doseId, challenge, channel, command, reading } = countersigned;
  return tag(
    kDose,
    label("CS1 dose"),
    pumpId,
    controllerId,
    encodeDoseId(doseId),
    challenge,
    Uint8Array.of(channel),
    withLength(command),
    withLength(reading),
  );
}

function withLength(bytes: Uint8Array): Uint8Array {
  return concat(LENGTH.encode({ length: bytes.length }), bytes);
}
