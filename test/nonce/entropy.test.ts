/** Health tests of the entropy source against SP 800-90B, their cutoffs worked out here from its formulas. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  Entropy,
  measureEntropy,
  PROPORTION_CUTOFF,
  PROPORTION_WINDOW_BYTES,
  REPETITION_CUTOFF,
} from "../../firmware/nonce/entropy.js";
import { scriptedEntropy, soundEntropy, soundSource, varied } from "./bench.js";

/** SP 800-90B with H = 4 bits a sample and a false alarm once in 2^30. */
const H = 4n;
const ALPHA_EXPONENT = 30n;

/**
 * critbinom(n, 2^-H, 1 - 2^-30): the least c with P(X <= c) >= 1 - 2^-30, in integers. With p = 1 / 2^H every
 * probability is an integer over 2^(H n).
 */
function criticalBinomial(n: bigint): bigint {
  const whole = 1n << (H * n);
  const others = (1n << H) - 1n;
  let choose = 1n;
  let below = 0n;
  for (let k = 0n; k <= n; k++) {
    below += choose * others ** (n - k);
    // below / whole >= 1 - 1 / 2^30
    if ((whole - below) << ALPHA_EXPONENT <= whole) return k;
    choose = (choose * (n - k)) / (k + 1n);
  }
  throw new Error("no critical value");
}

/** A window in which `value` occurs `count` times, never twice in a row, and nothing else more than 3 times. */
function withProportion(value: number, count: number): Uint8Array {
  const window = new Uint8Array(PROPORTION_WINDOW_BYTES);
  let placed = 0;
  let other = 0;
  for (let i = 0; i < window.length; i++) {
    if (i % 3 === 0 && placed < count) {
      window[i] = value;
      placed += 1;
    } else {
      window[i] = other === value ? ++other : other;
      other = (other + 1) % 256;
    }
  }
  return window;
}

const faultOf = (entropy: Entropy) => {
  const made = entropy.keyMaterial();
  return made.ok ? "none" : made.refusal.test;
};

describe("entropy health tests", () => {
  it("have the cutoffs of SP 800-90B 4.4.1 and 4.4.2 for 4 bits a byte and 2^-30", () => {
    assert.equal(REPETITION_CUTOFF, Number(1n + (ALPHA_EXPONENT + H - 1n) / H));
    assert.equal(PROPORTION_WINDOW_BYTES, 512);
    assert.equal(PROPORTION_CUTOFF, Number(1n + criticalBinomial(512n)));
  });

  it("pass a run one short of the repetition cutoff and fail at it (SR-40)", () => {
    for (const [run, expected] of [
      [REPETITION_CUTOFF - 1, undefined],
      [REPETITION_CUTOFF, "repetition"],
    ] as const) {
      const draw = varied(32);
      draw.fill(0xee, 3, 3 + run);
      assert.equal(scriptedEntropy(draw).nonceInput().fault?.test, expected, `run of ${run}`);
    }
  });

  it("count a run on over the border of two draws (SR-40)", () => {
    const first = varied(32);
    first.fill(0x55, 28);
    const second = varied(32, 3);
    second.fill(0x55, 0, REPETITION_CUTOFF - 4);
    const entropy = scriptedEntropy(first, second);
    assert.equal(entropy.nonceInput().fault, undefined);
    assert.equal(entropy.nonceInput().fault?.test, "repetition");
  });

  it("fail at the proportion cutoff for any value, not the first sample's alone (SR-40)", () => {
    for (const value of [0, 0x80, 0xff]) {
      assert.equal(faultOf(scriptedEntropy(withProportion(value, PROPORTION_CUTOFF - 1))), "none", `${value}`);
      assert.equal(faultOf(scriptedEntropy(withProportion(value, PROPORTION_CUTOFF))), "proportion", `${value}`);
    }
  });

  it("fail on a window that repeats itself with any period up to half of it (SR-40)", () => {
    const sound = soundSource(5)(PROPORTION_WINDOW_BYTES);
    for (const period of [8, 32, 100, 255, 256]) {
      const window = Uint8Array.from({ length: PROPORTION_WINDOW_BYTES }, (_, i) => sound[i % period] ?? 0);
      assert.equal(faultOf(scriptedEntropy(window)), "period", `period ${period}`);
    }
    const beyond = Uint8Array.from({ length: PROPORTION_WINDOW_BYTES }, (_, i) => sound[i % 257] ?? 0);
    assert.equal(faultOf(scriptedEntropy(beyond)), "none");
  });

  it("fail when two draws begin alike (SR-40)", () => {
    const draw = varied(32);
    const entropy = scriptedEntropy(draw, draw.slice(), varied(32, 9));
    assert.equal(entropy.nonceInput().fault, undefined);
    assert.equal(entropy.nonceInput().fault?.test, "period");
    assert.equal(entropy.nonceInput().fault, undefined);
  });

  it("fail on a source that throws or gives another length; a nonce's input is then 32 zeros (SR-40)", () => {
    for (const entropy of [scriptedEntropy(), new Entropy(() => varied(31), sha256)]) {
      const { bytes, fault } = entropy.nonceInput();
      assert.deepEqual(fault, { kind: "entropyFailed", test: "source" });
      assert.deepEqual(bytes, new Uint8Array(32));
      assert.equal(faultOf(entropy), "source");
    }
  });

  it("recover once the source is sound again", () => {
    let stuck = true;
    const sound = soundSource(6);
    const entropy = new Entropy((length) => (stuck ? new Uint8Array(length) : sound(length)), sha256);
    assert.equal(faultOf(entropy), "repetition");
    stuck = false;
    assert.equal(faultOf(entropy), "none");
  });

  it("make a key of the SHA-256 of 512 samples, and overwrite those (SR-13)", () => {
    const samples = soundSource(7)(PROPORTION_WINDOW_BYTES);
    const expected = createHash("sha256").update(samples).digest();
    const made = scriptedEntropy(samples).keyMaterial();
    assert.ok(made.ok);
    assert.deepEqual(Buffer.from(made.value), expected);
    assert.ok(samples.every((byte) => byte === 0));
  });

  it("raise no false alarm in 1,100 draws of a sound source (seed 8)", () => {
    const entropy = soundEntropy(8);
    for (let i = 0; i < 1_000; i++) {
      assert.equal(entropy.nonceInput().fault, undefined, `draw ${i}`);
      if (i % 10 === 0) assert.equal(faultOf(entropy), "none", `key ${i}`);
    }
  });
});

describe("entropy measured on the bench", () => {
  it("shows a sound source far from every cutoff", () => {
    const figures = measureEntropy(soundSource(3), 4);
    assert.deepEqual([figures.windows, figures.failedDraws, figures.periodic], [4, 0, 0]);
    assert.ok(figures.longestRun < REPETITION_CUTOFF && figures.mostFrequent < 20);
  });

  it("shows each way in which a source fails, in its own figure", () => {
    const stuck = measureEntropy((length) => new Uint8Array(length).fill(7), 1);
    assert.deepEqual([stuck.longestRun, stuck.mostFrequent, stuck.periodic], [512, 512, 1]);
    const repeating = measureEntropy((length) => varied(length), 2);
    assert.deepEqual([repeating.longestRun, repeating.mostFrequent, repeating.periodic], [1, 2, 2]);
    const silent = measureEntropy(() => {
      throw new Error("no radio");
    }, 2);
    const short = measureEntropy((length) => new Uint8Array(length - 1), 2);
    assert.deepEqual([silent.failedDraws, short.failedDraws, short.longestRun], [2, 2, 0]);
  });
});
