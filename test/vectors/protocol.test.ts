/** PROTOCOL.md's test vectors, read from the page itself, against a second implementation of its text. */

import assert from "node:assert/strict";
import { documentVectors, storedVectors } from "./appendix.js";
import { type Kind, work } from "./vector.js";
import { SECTIONS } from "./worked.js";

/** Opcodes of the control channel (PROTOCOL.md section 7). */
const CONTROL_OPCODES = ["69", "0f", "33", "3c", "55", "5a", "66"];

describe("the test vectors of PROTOCOL.md", () => {
  const vectors = documentVectors();

  for (const { name, kind, inputs, outputs } of vectors) {
    it(`follow from their inputs: ${name}`, () => {
      assert.deepEqual(outputs, work<Kind>(kind, name, inputs).outputs);
    });
  }

  it("are the same in protocol.json", () => {
    assert.deepEqual(storedVectors(), vectors);
  });

  it("are those that the generator writes", () => {
    assert.deepEqual(
      SECTIONS.flatMap(({ vectors }) => vectors),
      vectors,
    );
  });

  it("have a name each", () => {
    assert.equal(new Set(vectors.map(({ name }) => name)).size, vectors.length);
  });

  it("show every message", () => {
    const seen = new Set<string>();
    for (const vector of vectors) {
      if (vector.kind === "handshake") seen.add(`mode ${vector.inputs.mode}, m1 of ${vector.outputs.m1.length / 2}`);
      if (vector.kind === "pairing") seen.add(`mode ${vector.inputs.mode}, m1 of ${vector.outputs.m1.length / 2}`);
      if (vector.kind === "record") seen.add(`${vector.inputs.channel} ${vector.outputs.value.slice(0, 2)}`.trim());
      if (vector.kind === "value") seen.add(`value ${vector.inputs.channel} ${vector.outputs.value.slice(0, 4)}`);
      if (vector.kind === "fragmentation") seen.add(`${vector.outputs.fragments.length} fragments`);
      if (vector.kind === "countersignature") seen.add(`signed ${vector.outputs.command.slice(0, 4)}`);
    }
    const wanted = [
      ...["mode 01, m1 of 26", "mode 02, m1 of 58", "mode 03, m1 of 58", "1 fragments", "4 fragments"],
      ...CONTROL_OPCODES.map((opcode) => `00 ${opcode}`),
      ...["01", "21", "21 55", "25 5a", "25 55", "25 77"],
      ...[
        "signed 4b11",
        "signed ff0f",
        "signed 1111",
        "signed 5a0f",
        "signed 660f",
        "signed 7b12",
        "signed 8b12",
        "signed b712",
        "signed a5d0",
      ],
      ...["23 ffff", "24 0c03", "24 3003", "24 5603", "24 6503", "25 7811"].map((start) => `value ${start}`),
      ...["24 0303", "24 3f03", "24 5903", "24 6a03", "24 cf03", "25 550f", "25 8711"].map((start) => `value ${start}`),
      ...["25 690f", "25 960f", "25 990f", "25 a50f", "24 a603", "24 a903", "24 9503", "24 9a03", "28 ff00"].map(
        (start) => `value ${start}`,
      ),
      ...["00 96", "00 9903", "00 a5c0", "00 aac0", "d9 53", "e4 3238", "e6 302e", "e8 3031", "e9 436f"].map(
        (start) => `value ${start}`,
      ),
    ];
    assert.deepEqual(
      wanted.filter((item) => !seen.has(item)),
      [],
    );
  });

  it("keep the order of a session: counters without a gap, the newest pump time echoed", () => {
    const next = { pump: 0, controller: 0 };
    let newestMs = 0;
    for (const vector of vectors) {
      if (vector.kind !== "record") continue;
      const { sender, counter, timeMs } = vector.inputs;
      assert.equal(counter, next[sender]++, vector.name);
      if (sender === "pump") assert.ok(timeMs > newestMs, vector.name);
      else assert.equal(timeMs, newestMs, vector.name);
      newestMs = timeMs;
    }
  });
});
