/** Lost answers, killed processes and refusing disks: no order is lost, and none is given twice. The plant is asked. */

import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FROM_PUMP_UUID } from "../../../../host-sim/air/service.js";
import { Bench } from "./bench.js";

const TOLERANCE_MICROUNITS = 1_500;
const isIndication = (line: string) => line.includes(FROM_PUMP_UUID) && line.includes("indication");

/** Whether the journal of a folder has a bolus in it. */
function hasBolus(folder: string): boolean {
  return readFileSync(join(folder, "journal"), "utf8").includes("setBolus");
}

describe("npm run controller, an order whose end is not known", () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await new Bench().paired();
  });
  afterEach(() => bench.remove());

  /** Does `then` at the first line from the pump after a bolus is in the journal: the answer to its Commit. */
  function atAnswer(then: (line: string) => string | undefined): void {
    bench.bridge.filter = (line) => {
      if (!isIndication(line) || !hasBolus(bench.folder)) return line;
      bench.bridge.filter = (each) => each;
      return then(line);
    };
  }

  function delivered(before: number, microunits: number): void {
    const actual = bench.displacedMicrounits - before;
    assert.ok(Math.abs(actual - microunits) <= TOLERANCE_MICROUNITS, `${actual} µU for ${microunits}`);
  }

  it("is asked about at once when its answer is lost, and stayed with to its end (SR-37)", async () => {
    const before = bench.displacedMicrounits;
    atAnswer(() => {
      bench.bridge.cut();
      return undefined;
    });
    const { code, out } = await bench.run(["bolus", "0.5"]);
    assert.deepEqual([code, /: delivered 0\.5 U\.\n$/.test(out)], [0, true]);
    delivered(before, 500_000);
  });

  it("stays pending when the pump stays away; the next bolus is not ordered, but told of the last (SR-37)", async () => {
    const before = bench.displacedMicrounits;
    atAnswer(() => {
      bench.bridge.cut();
      bench.bridge.refuses = "away";
      return undefined;
    });
    const lost = await bench.run(["bolus", "0.5"]);
    assert.equal(lost.code, 4);
    assert.match(lost.err, /dose 1-2 is not known\. Do not order it again: ask with outcome\. away/);
    assert.match((await bench.run(["orders"])).out, /bolus 0\.5 U +not known: ask with outcome 1-2\n/);
    assert.equal((await bench.run(["bolus", "0.5"])).code, 3);
    bench.bridge.refuses = undefined;
    bench.world.clock.advance(30_000);
    const again = await bench.run(["bolus", "0.5"]);
    assert.equal(again.code, 4);
    assert.match(again.out, /^Dose 1-2, bolus 0\.5 U: delivered 0\.5 U\.\n$/);
    assert.match(again.err, /Nothing was ordered, since the earlier dose 1-2 has only now been told/);
    delivered(before, 500_000);
    assert.equal((await bench.run(["bolus", "0.5"])).code, 0);
    delivered(before, 1_000_000);
  });

  it("is known to the next process when this one is killed before the answer (SR-37)", async () => {
    const before = bench.displacedMicrounits;
    let killed = "";
    atAnswer((line) => {
      killed = bench.snapshot();
      bench.bridge.cut();
      bench.bridge.refuses = "killed";
      return line;
    });
    await bench.run(["bolus", "0.3"]);
    bench.bridge.refuses = undefined;
    bench.folder = killed;
    bench.world.clock.advance(20_000);
    const { code, lines } = await bench.json(["bolus", "0.3"]);
    assert.equal(code, 4);
    assert.deepEqual(
      lines.map((line) => [line["event"], line["kind"]]),
      [
        ["outcome", "delivered"],
        ["problem", undefined],
      ],
    );
    delivered(before, 300_000);
    assert.match((await bench.run(["orders"])).out, /bolus 0\.3 U +delivered 0\.3 U\n/);
  });

  it("is asked about again when the process is killed between learning its end and telling it (SR-37)", async () => {
    const before = bench.displacedMicrounits;
    let killed = "";
    atAnswer((line) => {
      killed = bench.snapshot();
      bench.bridge.cut();
      bench.bridge.refuses = "killed";
      return line;
    });
    await bench.run(["bolus", "0.3"]);
    bench.bridge.refuses = undefined;
    bench.world.clock.advance(20_000);
    for (const command of [["outcome"], ["bolus", "0.3"]]) {
      bench.folder = killed;
      // What is about to be printed: the store has settled the dose by then.
      await bench.run(["--json", ...command], {
        watch: (text) => {
          if (text.includes('"delivered"')) killed = bench.snapshot();
        },
      });
    }
    bench.folder = killed;
    const { code, lines } = await bench.json(["bolus", "0.3"]);
    assert.deepEqual([code, lines[0]?.["kind"]], [4, "delivered"]);
    delivered(before, 300_000);
    assert.equal((await bench.run(["bolus", "0.1"])).code, 0, "now it has been told");
  });

  it("never was when the process is killed between writing it down and Commit: the next bolus goes (SR-37)", async () => {
    const before = bench.displacedMicrounits;
    let killed = "";
    // The pump gets no word after the challenge: its answers cannot be told from silence.
    bench.world.air.tap = (packet) => {
      if (packet.kind !== "write" || !hasBolus(bench.folder)) return { kind: "pass" };
      if (killed === "") killed = bench.snapshot();
      return { kind: "drop" };
    };
    const lost = bench.run(["bolus", "0.3"]);
    assert.equal((await lost).code, 4);
    bench.world.air.tap = undefined;
    bench.folder = killed;
    const { code, out } = await bench.run(["bolus", "0.4"]);
    assert.equal(code, 0);
    assert.match(out, /^Dose 1-2, bolus 0\.3 U: never carried out/);
    delivered(before, 400_000);
    assert.match((await bench.run(["orders"])).out, /bolus 0\.3 U +never .*\n.*bolus 0\.4 U +delivered 0\.4 U\n$/);
  });

  it("does not keep other orders back once it is being delivered", async () => {
    await bench.run(["--json", "bolus", "2"], {
      watch: (text, interrupt) => {
        if (!/"lowMicrounits":100000/.test(text)) return;
        interrupt();
        interrupt();
      },
    });
    const { code, out } = await bench.run(["tbr", "1", "30"]);
    assert.deepEqual([code, /^Dose 1-2, .*being delivered: .*\nAccepted: TBR/.test(out)], [0, true]);
  });

  it("is followed through a lost session (SR-37)", async () => {
    const before = bench.displacedMicrounits;
    let cuts = 0;
    const { code } = await bench.run(["--json", "bolus", "1"], {
      watch: (text) => {
        if (cuts < 2 && /"lowMicrounits":[24]00000/.test(text)) {
          cuts += 1;
          bench.bridge.cut();
        }
      },
    });
    assert.deepEqual([code, cuts], [0, 2]);
    delivered(before, 1_000_000);
  });

  it("is reported as uncertain when the pump loses power, and the code says that it fell short", async () => {
    let cut = false;
    const { code, lines } = await bench.json(["bolus", "2"], {
      watch: (text) => {
        if (cut || !/"lowMicrounits":500000/.test(text)) return;
        cut = true;
        bench.world.clock.schedule(() => bench.world.hardware.cut(), 1_500);
        bench.world.clock.schedule(() => bench.world.powerUp(), 3_000);
      },
    });
    assert.equal(code, 5);
    assert.match(`${lines.at(-1)?.["kind"]}`, /^(stopped|uncertain)$/);
  });

  it("is given up on a person's word only", async () => {
    atAnswer(() => {
      bench.bridge.cut();
      bench.bridge.refuses = "away";
      return undefined;
    });
    await bench.run(["bolus", "0.5"]);
    assert.equal((await bench.run(["abandon", "1-2"])).code, 1);
    assert.equal((await bench.run(["abandon", "1-9", "--yes"])).code, 1);
    assert.equal((await bench.run(["abandon", "1-2"], { answer: () => false })).code, 1);
    assert.equal((await bench.run(["abandon", "1-2"], { answer: () => true })).code, 0);
    assert.match((await bench.run(["orders"])).out, /bolus 0\.5 U +abandoned/);
    bench.bridge.refuses = undefined;
    bench.world.clock.advance(30_000);
    assert.equal((await bench.run(["bolus", "0.1"])).code, 0);
  });

  it("of another pump keeps this one's back, and says so", async () => {
    atAnswer(() => {
      bench.bridge.cut();
      bench.bridge.refuses = "away";
      return undefined;
    });
    await bench.run(["bolus", "0.5"]);
    const other = new Bench({ seed: 62 });
    const { folder } = other;
    other.folder = bench.folder;
    assert.equal((await other.run(["pair", other.world.openPairing()])).code, 0);
    const { code, err } = await other.run(["run", "--yes"]);
    assert.equal(code, 4);
    assert.match(err, /pending at another pump .*abandon 1-2/);
    other.folder = folder;
    other.remove();
  });

  it("is not sent when it cannot be written down; Stop is", async () => {
    const before = bench.displacedMicrounits;
    const journal = join(bench.folder, "journal");
    rmSync(journal);
    mkdirSync(journal);
    const bolus = await bench.run(["bolus", "0.5"]);
    assert.equal(bolus.code, 6);
    assert.match(bolus.err, /Nothing was ordered\. The order could not be written down/);
    bench.world.clock.advance(10_000);
    assert.equal(bench.displacedMicrounits, before);
    const stop = await bench.run(["stop"]);
    assert.deepEqual([stop.code, /The journal could not be written/.test(stop.out)], [0, true]);
  });

  it("is not sent when it cannot be stored as pending, and the journal says so", async () => {
    const before = bench.displacedMicrounits;
    mkdirSync(join(bench.folder, "bonds.new"));
    const { code } = await bench.run(["bolus", "0.5"]);
    assert.equal(code, 6);
    bench.world.clock.advance(10_000);
    assert.equal(bench.displacedMicrounits, before);
    assert.match((await bench.run(["orders"])).out, /bolus 0\.5 U +not sent\n/);
  });

  it("that ends delivery is sent again when its answer is lost", async () => {
    bench.bridge.filter = (line) => {
      if (!isIndication(line) || !readFileSync(join(bench.folder, "journal"), "utf8").includes('"stop"')) return line;
      bench.bridge.filter = (each) => each;
      bench.bridge.cut();
      return undefined;
    };
    assert.equal((await bench.run(["stop"])).code, 0);
    assert.match((await bench.run(["orders"])).out, /- +Stop +applied\n$/);
    assert.match((await bench.run(["status"])).out, /state +stop/);
  });

  it("is read out of a journal whose last line was torn, and a damaged line is named", async () => {
    const journal = join(bench.folder, "journal");
    appendFileSync(journal, '{"at":"2026-01-31T00:0');
    assert.equal((await bench.run(["orders"])).code, 0);
    assert.equal((await bench.run(["bolus", "0.1"])).code, 0);
    const whole = await bench.run(["orders"]);
    assert.deepEqual([whole.code, /bolus 0\.1 U +delivered/.test(whole.out)], [0, true]);
    writeFileSync(journal, `${readFileSync(journal, "utf8").replace('"setBolus"', '"setBogus"')}`);
    const damaged = await bench.run(["orders"]);
    assert.equal(damaged.code, 6);
    assert.match(damaged.err, /the journal is damaged in line 3, 4\./);
    assert.equal((await bench.run(["bolus", "0.1"])).code, 0);
  });
});
