/** One line as one request. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { HEX_BYTES, listOf, readRequest, textOf, wholeNumber } from "../../../host-sim/bridge/vocabulary.js";

const VOCABULARY = {
  rest: { needs: {} },
  set: { needs: { value: HEX_BYTES }, may: { count: wholeNumber(1, 3), word: textOf("a word", /^[a-z]+$/i) } },
  all: { needs: { list: listOf(wholeNumber(0, 9), 3) } },
} as const;

const read = (line: string) => {
  const result = readRequest(VOCABULARY, line);
  return result.ok ? result.value : result.refusal;
};

describe("a request in a line", () => {
  it("is read with its members, in any order, those left out that may be", () => {
    assert.deepEqual(read('{"do":"rest"}'), { do: "rest" });
    assert.deepEqual(read('{"value":"","do":"set"}\r'), { do: "set", value: new Uint8Array(0) });
    assert.deepEqual(read(' {"word":"Ab","count":3,"do":"set","value":"00fFA5"}'), {
      do: "set",
      value: Uint8Array.of(0, 0xff, 0xa5),
      count: 3,
      word: "ab",
    });
    assert.deepEqual(read('{"do":"all","list":[0,9,3]}'), { do: "all", list: [0, 9, 3] });
  });

  const WRONG: readonly (readonly [line: string, what: RegExp])[] = [
    ["", /^no JSON object: send one a line/],
    ["rest", /^no JSON object/],
    ['{"do":"rest"', /^no JSON object/],
    ['{"do":"rest"}{"do":"rest"}', /^no JSON object/],
    ["null", /^no JSON object/],
    ["7", /^no JSON object/],
    ['[{"do":"rest"}]', /^no JSON object/],
    [`${"[".repeat(4_096)}`, /^no JSON object/],
    ["{}", /^"do" is missing or no string; give one of rest, set, all$/],
    ['{"do":7}', /^"do" is missing or no string/],
    ['{"do":"Rest"}', /^unknown "do": "Rest"; give one of rest/],
    ['{"do":"toString"}', /^unknown "do": "toString"/],
    ['{"do":"__proto__"}', /^unknown "do"/],
    [`{"do":"${"x".repeat(4_000)}"}`, /^unknown "do": "x{40}\.\.\."; give/],
    ['{"do":"rest","value":"00"}', /^unknown member "value"; rest takes none$/],
    ['{"do":"rest","__proto__":{}}', /^unknown member "__proto__"/],
    ['{"do":"set","constructor":1,"value":"00"}', /^unknown member "constructor"; set takes value, count, word$/],
    ['{"do":"set"}', /^"value" is missing; it must be hexadecimal digits, two a byte$/],
    ['{"do":"set","value":"0"}', /^"value" must be hexadecimal digits, two a byte$/],
    ['{"do":"set","value":"0x00"}', /^"value" must be/],
    ['{"do":"set","value":"00 "}', /^"value" must be/],
    ['{"do":"set","value":"00\\n"}', /^"value" must be/],
    ['{"do":"set","value":null}', /^"value" must be/],
    ['{"do":"set","value":"00","count":null}', /^"count" must be a whole number from 1 to 3$/],
    ['{"do":"set","value":"00","count":"1"}', /^"count" must be/],
    ['{"do":"set","value":"00","count":0}', /^"count" must be/],
    ['{"do":"set","value":"00","count":1.5}', /^"count" must be/],
    ['{"do":"set","value":"00","count":1e999}', /^"count" must be/],
    ['{"do":"set","value":"00","word":"a1"}', /^"word" must be a word$/],
    ['{"do":"all","list":[]}', /^"list" must be a list of 1 to 3, each a whole number from 0 to 9$/],
    ['{"do":"all","list":[1,1,1,1]}', /^"list" must be/],
    ['{"do":"all","list":[1,null]}', /^"list" must be/],
    ['{"do":"all","list":{"0":1,"length":1}}', /^"list" must be/],
  ];
  for (const [line, what] of WRONG)
    it(`is refused, and told what to do: ${line.length > 60 ? `${line.slice(0, 60)}...` : line || "(empty)"}`, () => {
      const why = read(line);
      assert.ok(typeof why === "string");
      assert.match(why, what);
      assert.ok(why.length < 200 && !why.includes("\n"));
    });

  it("never throws, and takes nothing but what the vocabulary has, whatever the line", () => {
    const requests = fc.record(
      {
        do: fc.oneof(fc.constantFrom("rest", "set", "all"), fc.jsonValue()),
        value: fc.jsonValue(),
        count: fc.integer({ min: 0, max: 4 }),
        list: fc.array(fc.integer({ min: -1, max: 10 })),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          requests.map((each) => JSON.stringify(each)),
        ),
        (line) => {
          const result = readRequest(VOCABULARY, line);
          if (!result.ok) return assert.ok(!result.refusal.includes("\n"));
          assert.ok(Object.hasOwn(VOCABULARY, result.value.do));
        },
      ),
    );
  });
});
