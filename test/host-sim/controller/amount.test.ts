import { strict as assert } from "node:assert";
import fc from "fast-check";
import { formatAmount, parseAmount } from "../../../host-sim/controller/amount.js";
import { decodeSfloat, encodeSfloat } from "../../../host-sim/controller/sfloat.js";

describe("controller: amounts as people write them", () => {
  it("are read exactly", () => {
    const exact: readonly (readonly [text: string, microunits: number])[] = [
      ["0", 0],
      ["0.01", 10_000],
      ["0.05", 50_000],
      ["0.29", 290_000],
      ["1.1", 1_100_000],
      ["1.10", 1_100_000],
      ["4.350000000000000000", 4_350_000],
      ["12", 12_000_000],
      ["20.45", 20_450_000],
      ["20.5", 20_500_000],
      ["999000", 999_000_000_000],
    ];
    for (const [text, microunits] of exact) assert.deepEqual(parseAmount(text), { kind: "ok", microunits }, text);
  });

  it("are read and written alike, for every amount that a command can express", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_450 }), (hundredths) => {
        const microunits = hundredths * 10_000;
        const text = formatAmount(microunits);
        const parsed = parseAmount(text);
        const fits = microunits <= 20_450_000 || microunits % 100_000 === 0;
        assert.equal(parsed.kind, fits ? "ok" : "malformed", text);
        if (parsed.kind === "ok") assert.equal(decodeSfloat(encodeSfloat(parsed.microunits)), microunits);
      }),
    );
  });

  const BAD: readonly (readonly [text: string, what: RegExp])[] = [
    ...["", " ", ".5", "5.", "05", "00", "0,5", "-1", "+1", "1e3", "1E-2", "0x10", "NaN", "Infinity", "1U", "1 U"].map(
      (text) => [text, /digits with a point between/] as const,
    ),
    ...["1.2.3", "1_000", "1'000", "½", "٣", "１", " 1", "1 ", "1\n", "1\u0000", "--1", "0.5-"].map(
      (text) => [text, /digits with a point between/] as const,
    ),
    ["0.005", /steps of 0\.01/],
    ["0.001", /steps of 0\.01/],
    ["0.0000001", /steps of 0\.01/],
    ["0.0500000000000000000000001", /steps of 0\.01/],
    ["20.46", /of that size go in steps of 0\.1$/],
    ["204.6", /of that size go in steps of 1$/],
    ["2046", /of that size go in steps of 10$/],
    ["1000000", /more than 6 digits/],
    [`1${"0".repeat(400)}`, /more than 6 digits/],
  ];
  for (const [text, what] of BAD)
    it(`are refused as ${JSON.stringify(text.slice(0, 30))}`, () => {
      const parsed = parseAmount(text);
      assert.ok(parsed.kind === "malformed");
      assert.match(parsed.what, what);
    });
});
