import assert from "node:assert/strict";
import { type Fault, faultText } from "../../firmware/base/fault.js";

/** One of each kind; the type asks for all of them. */
const LINES: { readonly [K in Fault["kind"]]: readonly [fault: Extract<Fault, { kind: K }>, text: string] } = {
  storageFailed: [{ kind: "storageFailed", blob: "ledger" }, "storage: writing ledger failed"],
  storageLost: [{ kind: "storageLost", blob: "bonds" }, "storage: both copies of bonds are lost"],
  entropyFailed: [{ kind: "entropyFailed", test: "repetition" }, "entropy: repetition test failed"],
  motorShort: [{ kind: "motorShort", counted: 3, expected: 23 }, "motor: 3 counts moved, 23 expected (stall or slip)"],
  motorOver: [{ kind: "motorOver", counted: 40, expected: 23 }, "motor: 40 counts moved, 23 expected (runaway)"],
  invariant: [{ kind: "invariant", message: "two pulses at once" }, "invariant: two pulses at once"],
};

describe("a fault", () => {
  for (const [kind, [fault, text]] of Object.entries(LINES)) {
    it(`of kind ${kind} says in one line what failed`, () => {
      assert.equal(faultText(fault), text);
    });
  }
});
