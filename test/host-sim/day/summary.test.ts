/** The account of a day: right on a real run, and each check fails on the number that it is about. */

import { strict as assert } from "node:assert";
import { clockText } from "../../../host-sim/clock/clockText.js";
import { accountLines } from "../../../host-sim/day/accountLines.js";
import { entryLine, replayLine } from "../../../host-sim/day/lines.js";
import type { PlayedEntry } from "../../../host-sim/day/played.js";
import type { Replay } from "../../../host-sim/day/replays.js";
import { type Account, accountOf } from "../../../host-sim/day/summary.js";
import { bolus, changeReservoir, failures, playDay, SEED, tempBasal } from "./bench.js";

const REPLAY: Replay = { what: "bytes", refused: true, halfSteps: 0, reason: "session: ended: wrong tag" };
const DAY = [
  tempBasal(0, 2_000_000, 60),
  bolus(0, 500_000),
  bolus(600, 12_000_000),
  bolus(3_600, 270_000),
  changeReservoir(4_000, 150_000_000, 2_000_000),
  bolus(8_000, 100_000),
];

describe(`the account of a day, seed ${SEED}`, () => {
  let played: readonly PlayedEntry[] = [];
  let account: Account;
  before(() => {
    const day = playDay(DAY);
    played = day.played;
    account = accountOf(day.operator.world, played, day.end);
  });

  it("agrees with itself from outcome to encoder to plant (SR-36, SR-54)", () => {
    assert.deepEqual(failures(account, [REPLAY]), []);
    assert.equal(account.bolusMicrounits, 870_000);
    assert.equal(account.primedMicrounits, 2_000_000);
    assert.equal(account.doses, 3);
    assert.ok(account.reported !== undefined);
    const pumped = 2_870_000 + account.reported.basalMicrounits;
    // By dimensions alone, no figure of the rig: pi/4 x 9.65 mm squared x 0.7 mm a turn, 4075.77 half-steps a turn.
    const halfSteps = (pumped * (64 * 25_792)) / 405 / ((Math.PI / 4) * 9.65 * 9.65 * 0.7 * 100_000);
    assert.ok(Math.abs(account.idealHalfSteps - halfSteps) < 0.01, `${account.idealHalfSteps} ${halfSteps}`);
    const { backHalfSteps, upHalfSteps } = account.moves;
    assert.ok(backHalfSteps < -6_000 && upHalfSteps > 120_000, `${backHalfSteps} ${upHalfSteps}`);
    assert.ok(account.reservoirReportedMicrounits !== undefined);
    assert.ok(account.reservoirReportedMicrounits <= account.reservoirMicrounits);
  });

  const PLANTED: readonly (readonly [what: string, change: (account: Account) => Partial<Account>, check: RegExp])[] = [
    [
      "a pump that counts another total",
      ({ bolusMicrounits }) => ({ bolusMicrounits: bolusMicrounits + 10_000 }),
      /sum of their outcomes/,
    ],
    [
      "half-steps too many",
      ({ commandedHalfSteps }) => ({ commandedHalfSteps: commandedHalfSteps + 2 }),
      /less than one/,
    ],
    [
      "a half-step too few",
      ({ commandedHalfSteps }) => ({ commandedHalfSteps: commandedHalfSteps - 1 }),
      /less than one/,
    ],
    ["a pump that did not answer", () => ({ reported: undefined }), /less than one/],
    ["counts lost", ({ encoderEdges }) => ({ encoderEdges: encoderEdges - 4 }), /counts are within 3/],
    ["counts too many", ({ encoderEdges }) => ({ encoderEdges: encoderEdges + 4 }), /counts are within 3/],
    [
      "a slip",
      ({ displacedMicrounits }) => ({ displacedMicrounits: displacedMicrounits * 0.997 }),
      /displaced what was delivered/,
    ],
    [
      "insulin that nobody ordered",
      ({ displacedMicrounits }) => ({ displacedMicrounits: displacedMicrounits + 10_000 }),
      /displaced what was delivered/,
    ],
    [
      "half-steps of the drive that nobody saw",
      ({ moves }) => ({ moves: { ...moves, upHalfSteps: moves.upHalfSteps - 2 } }),
      /less than one/,
    ],
    [
      "insulin pushed while the drive came up",
      ({ moves, displacedMicrounits }) => ({
        displacedMicrounits: displacedMicrounits + 500_000,
        moves: { ...moves, pushedMicrounits: moves.pushedMicrounits + 500_000 },
      }),
      /touch of a plunger/,
    ],
    [
      "a priming of more than was said",
      ({ primedMicrounits }) => ({ primedMicrounits: primedMicrounits - 10_000 }),
      /displaced what was delivered, primed/,
    ],
    [
      "basal over what was ordered",
      ({ ordered }) => ({ ordered: { ...ordered, byTbrMicrounits: ordered.byTbrMicrounits - 110_000 } }),
      /total of basal/,
    ],
    [
      "basal under what was ordered",
      ({ ordered }) => ({ ordered: { ...ordered, byProfileMicrounits: ordered.byProfileMicrounits + 110_000 } }),
      /total of basal/,
    ],
    [
      "a reservoir that holds less than the pump says",
      ({ reservoirMicrounits }) => ({ reservoirMicrounits: reservoirMicrounits - 250_000 }),
      /reservoir holds what/,
    ],
    [
      "a reservoir that holds more",
      ({ reservoirMicrounits }) => ({ reservoirMicrounits: reservoirMicrounits + 250_000 }),
      /reservoir holds what/,
    ],
    [
      "a reservoir that the pump says nothing of",
      () => ({ reservoirReportedMicrounits: undefined }),
      /reservoir holds/,
    ],
    ["an exception", () => ({ crashes: 1 }), /no exception/],
  ];
  for (const [what, change, check] of PLANTED)
    it(`fails on ${what}`, () => {
      assert.match(failures({ ...account, ...change(account) }, [REPLAY]).join("\n"), check);
    });

  it("fails on a replay that was not refused", () => {
    assert.deepEqual(failures(account, [REPLAY, { ...REPLAY, what: "again", refused: false }]), ["refused: again"]);
  });

  it("is told in lines: time, order, dose ID, outcome, plant", () => {
    const [tbr, first, refused, , changed] = played.map(entryLine);
    assert.match(tbr ?? "", /^ {2}0:00:00 {2}TBR 2 U\/h for 60 min +1-2 +applied +\d+ B, \d+ round trips$/);
    assert.match(
      first ?? "",
      /^ {2}0:00:0\d {2}bolus 0\.5 U +1-3 +delivered 0\.5 U +\d+ B, \d+ round trips +plant 0\.(49|50)\d\d U/,
    );
    assert.match(refused ?? "", /^ {2}0:10:00 {2}bolus 12 U +- +REFUSED OutOfRange \(73\)/);
    assert.match(
      changed ?? "",
      /^ {2}1:06:40 {2}reservoir: 150 U, primes 2 U +1-\d+ +applied .* drive -\d+ and \d+ half-steps, touch 0\.\d{4} U, primed 2 U, Run at 1:\d\d:\d\d$/,
    );
    assert.ok(accountLines(account).some((line) => /half-steps, ideal for insulin +\d+\.\d{3}$/.test(line)));
    assert.match(
      replayLine({ ...REPLAY, refused: false }),
      /^ {2}NOT REFUSED {2}bytes +0 half-steps; trace: session: ended: wrong tag$/,
    );
    assert.equal(clockText(48_497_999), "13:28:17");
  });

  it("comes out the same from the same seed (SV-01)", () => {
    const again = playDay(DAY);
    assert.deepEqual(accountOf(again.operator.world, again.played, again.end), account);
    assert.deepEqual(again.played, played);
  });
});
