/** `history`: the pump's own account, fetched, kept and shown. */

import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EVENT, readEvent } from "../../../../host-sim/controller/events.js";
import type { HistoryItem } from "../../../../host-sim/controller/historyFetch.js";
import { HistoryFiles } from "../../../../host-sim/node/controller/historyFile.js";
import { historyReports, historyText } from "../../../../host-sim/node/controller/historyText.js";
import { Bench } from "./bench.js";

const PUMP = "0f1e2d3c4b5a6978";
const record = (sequence: number, event: number, data: string, relativeOffsetS = 0): HistoryItem => ({
  kind: "record",
  record: { sequence, event, relativeOffsetS, data: Uint8Array.from(Buffer.from(data, "hex")) },
});
const text = (event: number, data: string): string =>
  historyReports(PUMP, [record(1, event, data)])
    .map(historyText)
    .join()
    .slice(29);

describe("npm run controller -- history", () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.remove());

  const fileOf = () => {
    const [name = ""] = readdirSync(bench.folder).filter((each) => each.startsWith("history-"));
    return join(bench.folder, name);
  };

  it("fetches what is new, keeps it, and shows all of it", async () => {
    await bench.paired();
    await bench.run(["bolus", "0.1", "--meal"]);
    const first = await bench.run(["history"]);
    assert.equal(first.code, 0, first.err);
    assert.match(first.out, /^ +0 {2}\+0:00:00 +time reference: time lost\n/);
    assert.match(
      first.out,
      / {2}from Stop to Run\n.*basal rate from 0 U\/h to 0\.9 U\/h\n.*bolus 1 programmed: 0\.1 U\n.* {2}meal\n.*bolus 1 delivered: 0\.1 U at most\n.*ended as programmed\n$/,
    );
    const kept = readFileSync(fileOf(), "utf8");
    await bench.run(["tbr", "1.5", "30"]);
    await bench.run(["stop"]);
    const second = await bench.run(["history"]);
    assert.ok(second.out.startsWith(first.out));
    assert.match(
      second.out,
      /TBR started: 1\.5 U\/h for 30 min\n[\s\S]*TBR ended cancelled, after 0 min\n.*from Run to Stop\n/,
    );
    assert.ok(readFileSync(fileOf(), "utf8").startsWith(kept));
  });

  it("gives each record as JSON, with its figures", async () => {
    await bench.paired();
    const { out } = await bench.run(["history", "--json"]);
    const lines = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ event, sequence }) => [event, sequence]),
      lines.map((_, index) => ["recorded", index]),
    );
    const changed = lines.find(({ name }) => name === "Therapy Control State Changed");
    assert.deepEqual(changed.figures, { oldState: 0x33, newState: 0x55 });
    assert.deepEqual([changed.type, changed.data, changed.at], [0x303, "3355", null]);
  });

  it("shows what it has when the pump is away, and says so", async () => {
    await bench.paired();
    const before = await bench.run(["history"]);
    bench.world.hardware.cut();
    const away = await bench.run(["history"]);
    assert.equal(away.code, 3);
    assert.equal(away.out, before.out);
    assert.notEqual(away.err, "");
  });

  it("reads on after a torn last line, and names a damaged one", async () => {
    await bench.paired();
    const before = await bench.run(["history"]);
    appendFileSync(fileOf(), '{"sequence":99,"ev');
    await bench.run(["stop"]);
    const after = await bench.run(["history"]);
    assert.equal(after.code, 0);
    assert.ok(after.out.startsWith(before.out) && after.out.length > before.out.length);
    writeFileSync(fileOf(), readFileSync(fileOf(), "utf8").replace('"event":339', '"event":-1'));
    const lines = readFileSync(fileOf(), "utf8").split("\n");
    writeFileSync(fileOf(), ["nonsense", ...lines.slice(1)].join("\n"));
    const damaged = await bench.run(["history"]);
    assert.equal(damaged.code, 6);
    assert.match(damaged.err, /damaged: history-[0-9a-f]{16}, line 1\. Move that file away/);
  });

  it("is for a bond that may only observe as well", async () => {
    await bench.paired("observe");
    const { code, out } = await bench.run(["history"]);
    assert.equal(code, 0);
    assert.match(out, /annunciation Date Time Issue: pending\n/);
  });
});

describe("the history in words", () => {
  it("has every event that the protocol lists", () => {
    assert.equal(text(EVENT.referenceTime, "550000000000000000000000".slice(0, 20)), "time reference: time lost");
    assert.equal(text(EVENT.bolusProgrammed2, "08"), "  correction");
    assert.equal(text(EVENT.bolusDelivered2, "020000000055"), "  ended by an error");
    assert.equal(text(EVENT.basalRateChanged, "0009f04be0"), "basal rate from 0.9 U/h to 0.75 U/h");
    const [bolus, basal] = ["51f0", "9ae0"];
    assert.equal(
      text(EVENT.totalDailyInsulin, `00${bolus}${basal}e9070905`),
      "insulin of 2025-09-05: bolus 8.1 U, basal 1.54 U",
    );
    assert.equal(
      text(EVENT.totalDailyInsulin, `01${bolus}${basal}00000000`),
      "insulin of a day without a date: bolus 8.1 U, basal 1.54 U; its time was set",
    );
    assert.equal(text(EVENT.tbrStarted, "00334be05a00"), "TBR started: 0.75 U/h for 90 min");
    assert.equal(text(EVENT.tbrStarted, "003c96e05a00"), "TBR started: 150 % for 90 min");
    assert.equal(
      text(EVENT.tbrChanged, "00334be05a000500"),
      "TBR changed: 0.75 U/h for 90 min, 5 min after the one before",
    );
    assert.equal(text(EVENT.tbrEnded, "00335a0033"), "TBR ended as programmed, after 90 min");
    assert.equal(text(EVENT.operationalStateChanged, "9633"), "operational state from Ready to Off");
    assert.equal(text(EVENT.annunciation1, "0002003c0033"), "annunciation Occlusion: pending");
    assert.equal(text(EVENT.dataCorruption, ""), "data were lost");
  });

  it("shows an event that is unknown, and data of another form, as they came", () => {
    assert.equal(text(0x03a9, "2be1"), "event 03a9: 2be1");
    assert.equal(text(EVENT.basalRateChanged, "00"), "Delivered Basal Rate Changed: 00");
    assert.equal(text(EVENT.basalRateChanged, "0009f04be000"), "Delivered Basal Rate Changed: 0009f04be000");
    assert.equal(text(EVENT.basalRateChanged, "00ff074be0"), "Delivered Basal Rate Changed: 00ff074be0");
    for (const event of Object.values(EVENT))
      assert.notEqual(readEvent({ sequence: 0, event, relativeOffsetS: 0, data: new Uint8Array(0) }).name, undefined);
  });

  it("dates records from a reference that has a date, until something is missing", () => {
    const items: HistoryItem[] = [
      record(0, EVENT.referenceTime, "33ea07011f171e0f0400"),
      record(1, EVENT.dataCorruption, "", 3_600),
      { kind: "gap", from: 2, to: 4 },
      record(5, EVENT.dataCorruption, "", 3_700),
      { kind: "restarted" },
      record(0, EVENT.referenceTime, "55000000000000000000"),
    ];
    assert.deepEqual(historyReports(PUMP, items).map(historyText), [
      "     0  2026-01-31 23:30:15  time reference: time set",
      "     1  2026-02-01 00:30:15  data were lost",
      "Records 2 to 4 were lost or overwritten before they could be fetched.",
      "     5  +1:01:40             data were lost",
      `Here the history of pump ${PUMP} begins anew.`,
      "     0  +0:00:00             time reference: time lost",
    ]);
  });

  it("is kept in files that give back what they were given", () => {
    const bench = new Bench();
    try {
      const files = new HistoryFiles(bench.beside("."));
      const pumpId = Uint8Array.from(Buffer.from(PUMP, "hex"));
      assert.equal(files.newest(pumpId), undefined);
      const items = [record(7, 0x5a, "0102"), { kind: "gap", from: 8, to: 9 } as const];
      files.append(pumpId, items);
      assert.equal(files.newest(pumpId)?.sequence, 7);
      files.append(pumpId, [{ kind: "restarted" }]);
      assert.equal(files.newest(pumpId), undefined);
      assert.deepEqual(files.read(PUMP), { items: [...items, { kind: "restarted" }], damaged: [] });
      assert.deepEqual(files.pumps, [PUMP]);
    } finally {
      bench.remove();
    }
  });
});
