/** The identity of a pump: how it is made, how its epoch advances, what its blob holds. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { sha256 } from "@noble/hashes/sha2.js";
import { advanceEpoch, createIdentity, IDENTITY_BLOB } from "../../firmware/nonce/identity.js";
import { identityOf, scriptedEntropy, soundEntropy, soundSource, varied } from "./bench.js";

describe("identity", () => {
  it("is made of two draws of tested entropy, in epoch 1 (SR-41)", () => {
    const [first, second] = [soundSource(1)(512), soundSource(2)(512)];
    const digests = [first, second].map((draw) => createHash("sha256").update(draw).digest());
    const made = createIdentity(scriptedEntropy(first, second));
    assert.ok(made.ok);
    assert.deepEqual(Buffer.from(made.value.deviceSecret), digests[0]);
    assert.deepEqual(Buffer.from(made.value.pumpId), digests[1]?.subarray(0, 8));
    assert.equal(made.value.epoch, 1);
  });

  it("is not made when either draw fails a health test (SR-40)", () => {
    const sound = soundSource(3)(512);
    for (const entropy of [scriptedEntropy(), scriptedEntropy(sound)]) {
      const made = createIdentity(entropy);
      assert.deepEqual(made, { ok: false, refusal: { kind: "entropyFailed", test: "source" } });
    }
  });

  it("advances its epoch by one a boot and keeps secret and pumpId (SR-33, SR-39)", () => {
    const entropy = soundEntropy(4);
    let identity = identityOf();
    for (let epoch = 2; epoch < 6; epoch++) {
      const { identity: next, fault } = advanceEpoch(identity, entropy, sha256);
      assert.equal(fault, undefined);
      assert.deepEqual({ ...next, bootDraw: identity.bootDraw }, { ...identity, epoch });
      assert.notDeepEqual(next.bootDraw, identity.bootDraw);
      identity = next;
    }
  });

  it("advances its epoch even when the source fails, and tells the fault (SR-39, SR-40)", () => {
    const { identity, fault } = advanceEpoch(identityOf(), scriptedEntropy(), sha256);
    assert.equal(identity.epoch, 2);
    assert.equal(fault?.test, "source");
  });

  it("finds out a source that starts alike at two boots (SR-40)", () => {
    const draw = varied(32, 5);
    const first = advanceEpoch(identityOf(), scriptedEntropy(draw), sha256);
    assert.equal(first.fault, undefined);
    const second = advanceEpoch(first.identity, scriptedEntropy(draw), sha256);
    assert.deepEqual(second.fault, { kind: "entropyFailed", test: "period" });
    assert.equal(second.identity.epoch, 3);
  });

  it("never wraps its epoch (SR-33)", () => {
    assert.throws(() => advanceEpoch(identityOf({ epoch: 0xffffffff }), soundEntropy(5), sha256), /invariant: epochs/);
    assert.equal(advanceEpoch(identityOf({ epoch: 0xfffffffe }), soundEntropy(5), sha256).identity.epoch, 0xffffffff);
  });

  it("is stored in 52 bytes, mirrored, and read back as it was", () => {
    const identity = identityOf({ epoch: 0xfffffffe, bootDraw: varied(8, 9) });
    const bytes = IDENTITY_BLOB.encode(identity);
    assert.equal(bytes.length, 52);
    assert.deepEqual(IDENTITY_BLOB.decode(bytes), identity);
    assert.equal(IDENTITY_BLOB.decode(bytes.subarray(1)), undefined);
    assert.equal(IDENTITY_BLOB.copies, "mirrored");
  });
});
