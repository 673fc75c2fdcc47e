/** The bonds and their slots. */

import assert from "node:assert/strict";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  addUnconfirmed,
  type Bonds,
  bondsBlob,
  confirm,
  findConfirmed,
  findUnconfirmed,
  hasRoomFor,
  isLastOperator,
  NO_BONDS,
  revoke,
  wipeDropped,
} from "../../firmware/session/bonds.js";
import { bondOf, bondsOf, controllerId } from "./bench.js";

const BONDS_BLOB = bondsBlob(sha256);
const SLOT_BYTES = 1 + 8 + 4 * 32;

describe("bonds", () => {
  it("find a controller's bond by its whole ID", () => {
    const bonds = addUnconfirmed(bondsOf(1, 2), bondOf(3));
    assert.deepEqual(findConfirmed(bonds, controllerId(2)), bondOf(2));
    assert.equal(findConfirmed(bonds, controllerId(3)), undefined);
    assert.deepEqual(findUnconfirmed(bonds, controllerId(3)), bondOf(3));
    assert.equal(findUnconfirmed(bonds, controllerId(1)), undefined);
    assert.equal(findUnconfirmed(NO_BONDS, controllerId(1)), undefined);
    assert.equal(findConfirmed(bonds, controllerId(1).slice(1)), undefined);
  });

  it("take a new bond in beside the confirmed ones and overwrite the unconfirmed alone (SR-15)", () => {
    const before = addUnconfirmed(bondsOf(1, 2, 3), bondOf(4));
    assert.deepEqual(addUnconfirmed(before, bondOf(5)), { ...bondsOf(1, 2, 3), unconfirmed: bondOf(5) });
  });

  it("have room for a controller of theirs, and for another while a slot is free (SR-15)", () => {
    assert.equal(hasRoomFor(bondsOf(1, 2), controllerId(9)), true);
    assert.equal(hasRoomFor(bondsOf(1, 2, 3), controllerId(9)), false);
    assert.equal(hasRoomFor(bondsOf(1, 2, 3), controllerId(2)), true);
  });

  it("of a controller go together, and those of others stay (SR-115)", () => {
    const bonds = addUnconfirmed(bondsOf(1, 2), bondOf(2));
    assert.deepEqual(revoke(bonds, controllerId(2)), bondsOf(1));
    assert.deepEqual(revoke(bonds, controllerId(1)), addUnconfirmed(bondsOf(2), bondOf(2)));
    assert.deepEqual(revoke(bonds, controllerId(9)), bonds);
  });

  it("know their last operator, confirmed ones alone (SR-115)", () => {
    const observer = { ...bondOf(2), role: "observe" as const };
    const bonds = addUnconfirmed({ confirmed: [bondOf(1), observer], unconfirmed: undefined }, bondOf(3));
    assert.ok(isLastOperator(bonds, controllerId(1)));
    for (const other of [2, 3]) assert.ok(!isLastOperator(bonds, controllerId(other)));
    assert.ok(!isLastOperator(bondsOf(1, 2), controllerId(1)));
    assert.ok(!isLastOperator(NO_BONDS, controllerId(1)));
  });

  it("leave no key of those that are dropped, and every key of those that stay (SR-116)", () => {
    const before = addUnconfirmed(bondsOf(1, 2), bondOf(3));
    const after = revoke(before, controllerId(2));
    wipeDropped(before, after);
    const [first, second] = before.confirmed;
    assert.ok(first && second);
    for (const key of Object.values(second.keys)) {
      assert.ok(key.bytes.every((byte: number) => byte === 0));
      assert.throws(() => key.tag(new Uint8Array(1), 16), /wiped/);
    }
    for (const key of [...Object.values(first.keys), ...Object.values(bondOf(3).keys)])
      assert.ok(key.bytes.some((byte: number) => byte !== 0));
  });

  it("confirm the unconfirmed bond in place of the same controller's and of no other's (SR-16)", () => {
    const anew = { ...bondOf(2), role: "observe" as const };
    assert.deepEqual(confirm(addUnconfirmed(bondsOf(1, 2, 3), anew)), {
      confirmed: [bondOf(1), bondOf(3), anew],
      unconfirmed: undefined,
    });
    assert.deepEqual(confirm(addUnconfirmed(bondsOf(1), bondOf(2))), bondsOf(1, 2));
  });

  it("hold three confirmed ones at most: a fourth is our bug (SR-15)", () => {
    assert.throws(() => confirm(addUnconfirmed(bondsOf(1, 2, 3), bondOf(4))), /invariant: no slot/);
    assert.throws(() => confirm(bondsOf(1)), /invariant: there is no unconfirmed/);
  });
});

describe("bonds blob", () => {
  it("keeps any number of bonds in four slots of fixed size, mirrored (SR-15)", () => {
    const cases: readonly Bonds[] = [
      NO_BONDS,
      bondsOf(1),
      bondsOf(1, 2, 3),
      addUnconfirmed(NO_BONDS, bondOf(1, "observe")),
      addUnconfirmed(bondsOf(1, 2, 3), bondOf(2, "observe")),
    ];
    for (const bonds of cases) {
      const bytes = BONDS_BLOB.encode(bonds);
      assert.equal(bytes.length, 4 * SLOT_BYTES);
      assert.deepEqual(BONDS_BLOB.decode(bytes), bonds);
    }
    assert.equal(BONDS_BLOB.copies, "mirrored");
  });

  it("is none with another length or an unknown role", () => {
    const bytes = BONDS_BLOB.encode(bondsOf(1));
    assert.equal(BONDS_BLOB.decode(bytes.slice(1)), undefined);
    assert.equal(BONDS_BLOB.decode(new Uint8Array(bytes.length + 1)), undefined);
    for (const slot of [0, 3]) {
      const wrong = bytes.slice();
      wrong[slot * SLOT_BYTES] = 3;
      assert.equal(BONDS_BLOB.decode(wrong), undefined);
    }
  });
});
