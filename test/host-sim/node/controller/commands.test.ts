/** Each command against a simulated pump; whether insulin moved, the plant says. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../../../../host-sim/node/controller/commands.js";
import { Bench, type Line } from "./bench.js";

/** One half-step of the plant and what its calibration may differ by. */
const TOLERANCE_MICROUNITS = 1_500;

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= TOLERANCE_MICROUNITS, `${actual} µU for ${expected}`);
}

describe("npm run controller", () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.remove());

  it("pairs, shows the status, starts delivery, gives a bolus, and shows what it ordered", async () => {
    const paired = await bench.run(["pair", bench.world.openPairing()]);
    assert.match(paired.out, /^Paired with pump [0-9a-f]{16} \(operate\)\.\n$/);
    assert.match((await bench.run(["status"])).out, /state +stop\n/);
    assert.deepEqual(await bench.run(["run", "--yes"]), {
      code: 0,
      out: "Approved: delivery begins at 0.9 U/h.\nAccepted: Run at 0.9 U/h (dose 1-1).\n",
      err: "",
    });
    const before = bench.displacedMicrounits;
    const bolus = await bench.run(["bolus", "0.35", "--correction"]);
    assert.equal(bolus.code, 0);
    assert.match(bolus.out, /Accepted: bolus 0\.35 U, correction \(dose 1-2\)\.\nDose 1-2, .*: delivered 0\.35 U\.\n$/);
    near(bench.displacedMicrounits - before, 350_000);
    const status = await bench.run(["status"]);
    assert.match(
      status.out,
      /state +run\n[\s\S]*basal +0\.9 U\/h\n[\s\S]*delivered +bolus 0\.35 U.*\ntoday +bolus 0\.35 U, basal \S+ U, in all \S+ U\n/,
    );
    const history = await bench.run(["orders"]);
    assert.match(
      history.out,
      /1-1 +Run at 0\.9 U\/h +applied\n.* 1-2 +bolus 0\.35 U, correction +delivered 0\.35 U\n$/,
    );
  });

  it("sets, changes and ends a temporary basal rate", async () => {
    await bench.paired();
    assert.equal((await bench.run(["tbr", "1.5", "30"])).code, 0);
    assert.match((await bench.run(["status"])).out, /TBR +1\.5 U\/h, 30 of 30 min left\n/);
    const again = await bench.run(["tbr", "2", "60"]);
    assert.equal(again.code, 1);
    assert.match(again.out, /refused: NotApplicable \(74\), not in this state/);
    assert.equal((await bench.run(["tbr", "2", "60", "--change"])).code, 0);
    const ended = await bench.run(["tbr", "cancel", "--yes"]);
    assert.match(ended.out, /Accepted: end of TBR, then 0\.9 U\/h/);
    assert.match((await bench.run(["status"])).out, /TBR +none\n/);
  });

  it("sets the time, a profile and a relative TBR, each once its rate is approved", async () => {
    await bench.paired();
    const file = join(bench.folder, "day.json");
    writeFileSync(file, '[{"minutes": 1, "rate": 1}, {"minutes": 1439, "rate": 1}]');
    assert.match((await bench.run(["time", "set"])).err, /approve with --yes/);
    assert.equal((await bench.run(["time", "set", "--yes"])).code, 0);
    assert.match((await bench.run(["profile", "write", "2", file])).out, /Accepted: basal profile 2/);
    assert.match(
      (await bench.run(["profile", "read", "2"])).out,
      /Profile 2:\n {2}00:00 {2}1 U\/h\n {2}00:01 {2}1 U\/h\n/,
    );
    const active = await bench.run(["profile", "activate", "2", "--yes"]);
    assert.match(active.out, /Approved: the profile is activated, and basal is now programmed at 1 U\/h/);
    assert.match((await bench.run(["profile", "read", "3"])).out, /refused: NotApplicable/);
    assert.match((await bench.run(["tbr", "150%", "60", "--yes"])).out, /the TBR begins at 1\.5 U\/h/);
    assert.match((await bench.run(["status"])).out, /TBR +1\.5 U\/h, 60 of 60 min left\n/);
  });

  it("shows the rate of run and tbr cancel, and goes on only on yes", async () => {
    await bench.paired("operate", false);
    const questions: string[] = [];
    const say = (verdict: boolean | undefined) => ({
      answer: (question: string) => {
        questions.push(question);
        return verdict;
      },
    });
    const no = await bench.run(["run"], say(false));
    assert.equal(no.code, 1);
    assert.match(no.out, /^Not approved: delivery begins at 0\.9 U\/h\.\n$/);
    assert.match(no.err, /Nothing was ordered\.\n$/);
    assert.match((await bench.run(["status"])).out, /state +stop/);
    const late = await bench.run(["run"], say(undefined));
    assert.deepEqual([late.code, /Nobody answered in time/.test(late.err)], [1, true]);
    assert.equal((await bench.run(["run"], say(true))).code, 0);
    await bench.run(["tbr", "0", "30"]);
    assert.equal((await bench.run(["tbr", "cancel"], say(true))).code, 0);
    assert.deepEqual(questions, [
      ...Array(3).fill("Approve: delivery begins at 0.9 U/h? [y/N] "),
      "Approve: the TBR ends, and basal goes on at 0.9 U/h? [y/N] ",
    ]);
  });

  it("approves nothing where nobody can be asked, and says how", async () => {
    await bench.paired("operate", false);
    const { code, err } = await bench.run(["run"]);
    assert.equal(code, 1);
    assert.match(err, /approve with --yes/);
    assert.match((await bench.run(["status"])).out, /state +stop/);
  });

  it("stops all delivery", async () => {
    await bench.paired();
    const stopped = await bench.run(["stop"]);
    assert.deepEqual([stopped.code, stopped.out], [0, "Accepted: Stop.\n"]);
    assert.match((await bench.run(["status"])).out, /state +stop/);
    assert.equal((await bench.run(["stop"])).code, 0);
    assert.match((await bench.run(["orders"])).out, /- {2,}Stop +applied\n/);
  });

  it("cancels a bolus on Ctrl-C and says how much was delivered", async () => {
    await bench.paired();
    const before = bench.displacedMicrounits;
    const { code, lines } = await bench.json(["bolus", "5"], {
      watch: (text, interrupt) => {
        if (/"lowMicrounits":200000/.test(text)) interrupt();
      },
    });
    assert.equal(code, 5);
    const last = lines.at(-1);
    assert.equal(last?.["kind"], "stopped");
    bench.world.clock.advance(10_000);
    near(bench.displacedMicrounits - before, Number(last?.["highMicrounits"]));
    assert.ok(Number(last?.["highMicrounits"]) < 400_000);
  });

  it("leaves a bolus alone on the second Ctrl-C; cancel then cancels it", async () => {
    await bench.paired();
    const left = await bench.run(["--json", "bolus", "2"], {
      watch: (text, interrupt) => {
        if (!/"lowMicrounits":100000/.test(text)) return;
        interrupt();
        interrupt();
      },
    });
    assert.equal(left.code, 4);
    const refused = await bench.run(["bolus", "1"]);
    assert.equal(refused.code, 4);
    assert.match(refused.err, /dose 1-2 is still being delivered/);
    const cancelled = await bench.run(["cancel"]);
    assert.equal(cancelled.code, 0);
    assert.match(cancelled.out, /Accepted: cancel of bolus 1\.\nDose 1-2, bolus 2 U: stopped at \S+ of 2 U\.\n$/);
    const none = await bench.run(["cancel"]);
    assert.equal(none.code, 1);
  });

  it("ends at once on Ctrl-C before anything is ordered", async () => {
    await bench.paired();
    const { code, err } = await bench.run(["bolus", "1"], {
      answer: () => false,
      watch: (text, interrupt) => {
        if (text.includes("Looking for the pump")) interrupt();
      },
    });
    assert.equal(code, 130);
    assert.match(err, /Interrupted: nothing was ordered/);
    assert.doesNotMatch((await bench.run(["orders"])).out, /bolus/);
  });

  it("tells what became of a bolus that Stop has ended", async () => {
    await bench.paired();
    await bench.run(["--json", "bolus", "2"], {
      watch: (text, interrupt) => {
        if (!/"lowMicrounits":100000/.test(text)) return;
        interrupt();
        interrupt();
      },
    });
    const { code, out } = await bench.run(["stop"]);
    assert.equal(code, 0);
    assert.match(out, /Accepted: Stop\.\nDose 1-2, bolus 2 U: stopped at \S+ of 2 U\.\n/);
  });

  it("passes on what the pump refuses, and nothing moves", async () => {
    await bench.paired();
    const before = bench.displacedMicrounits;
    const over = await bench.run(["bolus", "10.01"]);
    assert.deepEqual([over.code, /OutOfRange \(73\), over the pump's limit/.test(over.out)], [1, true]);
    assert.equal(bench.displacedMicrounits, before);
    assert.doesNotMatch((await bench.run(["orders"])).out, /bolus/);
  });

  it("lets a bond that may only read read", async () => {
    await bench.paired("observe");
    assert.match((await bench.run(["status"])).out, /observe\n/);
    for (const command of [["bolus", "1"], ["stop"], ["run", "--yes"]]) {
      const { code, out } = await bench.run(command);
      assert.deepEqual([code, /RoleNotPermitted \(85\), this bond may only read/.test(out)], [1, true], command[0]);
    }
  });

  it("asks about one dose, and about one that the pump never issued", async () => {
    await bench.paired();
    await bench.run(["bolus", "0.1"]);
    const one = await bench.run(["outcome", "1-2"]);
    assert.deepEqual([one.code, one.out], [0, "Dose 1-2, bolus 0.1 U: delivered 0.1 U.\n"]);
    const none = await bench.run(["outcome", "1-90"]);
    assert.deepEqual([none.code, none.err], [1, "The pump says that it never issued dose 1-90.\n"]);
    assert.equal((await bench.run(["outcome"])).code, 0);
  });

  it("shows, snoozes and confirms annunciations, and says which want somebody at the pump", async () => {
    await bench.paired();
    const { clock, hardware } = bench.world;
    const first = await bench.run(["annunciations"]);
    assert.match(first.out, /^0 +Date Time Issue\n$/);
    assert.match((await bench.run(["snooze", "0"])).out, /^0 +Date Time Issue, snoozed\n$/);
    assert.equal((await bench.run(["confirm", "0"])).out, "No annunciation.\n");
    assert.equal((await bench.run(["confirm", "0"])).code, 1);
    hardware.sensors.setBattery(3_490);
    clock.advance(240_000);
    assert.match((await bench.run(["annunciations"])).out, /^1 +Battery Empty\n$/);
    const refused = await bench.run(["confirm", "1"]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /NotApplicable \(74\)/);
    assert.match((await bench.run(["status"])).out, /battery +4 %\nmake +Countersign 28BYJ-48 syringe drive\n/);
  });

  it("lists bonds, and revokes another's and its own, each on a person's word (SR-115)", async () => {
    await bench.paired();
    const second = bench.world.controller();
    const done = bench.world.await<{ readonly kind: string }>((heard) =>
      second.pair(bench.world.openPairing("observe"), heard),
    );
    assert.equal(done?.kind, "ok");
    second.close();
    bench.world.clock.advance(1_000);
    const { lines } = await bench.json(["bonds"]);
    assert.deepEqual(
      lines.map(({ event, role, confirmed, yours }) => [event, role, confirmed, yours]),
      [
        ["bond", "operate", true, true],
        ["bond", "observe", true, false],
      ],
    );
    const [own = "", other = ""] = lines.map(({ controller }) => `${controller}`);
    assert.equal((await bench.run(["revoke", other])).code, 1, "nobody can be asked");
    assert.equal((await bench.run(["revoke", "0011223344556677", "--yes"])).code, 1);
    const revoked = await bench.run(["revoke", other.toUpperCase(), "--yes"]);
    assert.equal(revoked.code, 0);
    assert.match(revoked.out, new RegExp(`^Accepted: end of bond ${other} \\(observe\\) \\(dose 1-\\d+\\)\\.\n$`));
    assert.match((await bench.run(["orders"])).out, new RegExp(`end of bond ${other} \\(observe\\) +applied`));
    const last = await bench.run(["revoke", own, "--yes"]);
    assert.equal(last.code, 1);
    assert.match(last.err, /NotApplicable/);
  });

  it("takes the pump off the air on a person's word, and two taps bring it back (SR-119, SR-120)", async () => {
    await bench.paired();
    const nobody = await bench.run(["flight-mode"]);
    assert.deepEqual([nobody.code, /give --yes/.test(nobody.err)], [1, true]);
    const begun = await bench.run(["flight-mode", "--yes"]);
    assert.equal(begun.code, 0);
    assert.match(begun.out, /^Accepted: flight mode \(dose 1-\d+\)\.\nThe pump is off the air: /);
    assert.equal((await bench.run(["status"])).code, 3);
    bench.world.tapButton(2);
    assert.equal((await bench.run(["status"])).code, 0);
    assert.match((await bench.run(["orders"])).out, / flight mode +applied\n/);
  });

  it("erases its own bond when the pump has revoked it (SR-115)", async () => {
    const first = bench.world.controller();
    const done = bench.world.await<{ readonly kind: string }>((heard) => first.pair(bench.world.openPairing(), heard));
    assert.equal(done?.kind, "ok");
    first.close();
    bench.world.clock.advance(1_000);
    await bench.paired("observe", false);
    const { lines } = await bench.json(["bonds"]);
    assert.equal(lines.length, 1, "an observer sees its own");
    const revoked = await bench.run(["revoke", `${lines[0]?.["controller"]}`, "--yes"]);
    assert.deepEqual([revoked.code, revoked.out], [0, "The bond has ended, at the pump and here.\n"]);
    const gone = await bench.run(["status"]);
    assert.equal(gone.code, 6);
  });

  it("prints one JSON object a line, with the same members each time", async () => {
    const shapes = new Map<string, string>();
    const readme = readFileSync("README.md", "utf8").split("| `event` | members |")[1] ?? "";
    const collect = (lines: readonly Line[]) => {
      for (const line of lines) {
        const shape = Object.keys(line).join();
        const event = `${line["event"]}`;
        if (event !== "entry") assert.equal(shapes.get(event) ?? shape, shape);
        shapes.set(event, shape);
      }
    };
    const commands = [
      ["pair", bench.world.openPairing()],
      ["run", "--yes"],
      ["bolus", "0.1"],
      ["bolus", "11"],
      ["status"],
      ["annunciations"],
      ["bonds"],
      ["outcome", "1-2"],
      ["outcome"],
      ["tbr", "cancel"],
      ["stop"],
      ["status"],
      ["orders"],
      ["bolus", "x"],
    ];
    for (const command of commands) collect((await bench.json(command)).lines);
    assert.deepEqual(Object.fromEntries(shapes), {
      paired: "event,pump,role",
      reading: "event,command,rateMicrounitsPerHour,approved",
      accepted: "event,order,dose,bolusId",
      outcome: "event,dose,order,kind,code,intendedMicrounits,lowMicrounits,highMicrounits",
      refused: "event,order,dose,code,codeName",
      status:
        "event,pump,role,therapyControlState,operationalState,reservoirMicrounits,basalMicrounitsPerHour,tbr,boluses,delivered,today,batteryPercent,device,annunciation,pending,stale",
      annunciation: "event,instance,type,name,snoozed",
      bond: "event,controller,role,confirmed,yours",
      note: "event,what",
      entry: "event,line,at,order,end",
      problem: "event,exitCode,what",
    });
    for (const [event, shape] of shapes) {
      const [, row = ""] = new RegExp(`^\\| \`${event}\` \\| (.*) \\|$`, "m").exec(readme) ?? [];
      for (const name of shape.split(",").slice(1)) assert.ok(row.includes(`\`${name}\``), `${event} ${name}`);
    }
  });

  it("names every command and exit code in its help", async () => {
    const { code, out } = await bench.run(["--help"]);
    assert.equal(code, 0);
    for (const { words, help } of COMMANDS) assert.ok(out.includes(`  ${words.join(" ")} `) && out.includes(help));
    for (const exit of [0, 1, 2, 3, 4, 5, 6, 70, 130]) assert.match(out, new RegExp(`^ {2}${exit} `, "m"));
    assert.ok(out.split("\n").every((line) => line.length <= 120));
  });
});
