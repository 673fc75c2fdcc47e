/** What judging an m2 costs, alone: whoever is known to the pump, and whatever its bytes. */

import { sha256 } from "@noble/hashes/sha2.js";
import { HmacKey } from "../../../firmware/base/hmacKey.js";
import { type Bond, type Bonds, NO_BONDS } from "../../../firmware/session/bonds.js";
import { Handshake } from "../../../firmware/session/handshake.js";
import { bondKeys } from "../../../firmware/session/keys.js";

const M1 = new Uint8Array(26).fill(1);
const M2_BYTES = 41;
const CONTROLLER_ID_BYTES = 8;
const MODES = [1, 3];

function bondOf(name: number): Bond {
  const key = (salt: number) => new HmacKey(sha256, new Uint8Array(32).fill(name + salt));
  const controllerId = new Uint8Array(CONTROLLER_ID_BYTES).fill(name);
  return { controllerId, role: name === 3 ? "observe" : "operate", keys: bondKeys(key(50), key(100)) };
}

/** What a pump may know: nobody, one, all its slots full, and one more unconfirmed. */
const KNOWN: readonly Bonds[] = [
  NO_BONDS,
  { confirmed: [bondOf(1)], unconfirmed: undefined },
  { confirmed: [bondOf(1), bondOf(2), bondOf(3)], unconfirmed: undefined },
  { confirmed: [bondOf(1), bondOf(2), bondOf(3)], unconfirmed: bondOf(4) },
  { confirmed: [bondOf(1), bondOf(2), bondOf(3)], unconfirmed: bondOf(2) },
];
/** IDs that m2 names: of each bond, of none, and nearly one. */
const NAMED = [1, 2, 3, 4, 0, 0xff].map((name) => new Uint8Array(CONTROLLER_ID_BYTES).fill(name));

/** Computrons of each refusal, a list for each mode and each of what the pump may know. */
export function judgements(): readonly (readonly number[])[] {
  const handshake = new Handshake(sha256);
  return KNOWN.flatMap((bonds) =>
    MODES.map((mode) =>
      NAMED.flatMap((controllerId) =>
        [0x00, 0xff].map((fill) => {
          const m2 = new Uint8Array(M2_BYTES).fill(fill);
          m2[0] = mode;
          m2.set(controllerId, 1);
          const before = computrons();
          const { kind } = handshake.answer(M1, m2, bonds, undefined);
          const cost = computrons() - before;
          if (kind !== "refused") throw new Error("a made-up tag was right");
          return cost;
        }),
      ),
    ),
  );
}
