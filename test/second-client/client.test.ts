/**
 * A client in another language, written from firmware/PROTOCOL.md alone on Python's standard library: its own checks,
 * the page's vectors, and a day's work over TCP with `npm run pump`. What it says was delivered is asked of the plant.
 */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PumpProcess, SocketClient } from "../host-sim/node/pumpProcess.js";
import { documentVectors, PROTOCOL_FILE } from "../vectors/appendix.js";
import { inContinuousIntegration } from "../xs/engine.js";

const FOLDER = resolve("test/second-client");
const PYTHON = "python3";
/** The oldest whose syntax and exceptions the client is written for. */
const NEW_ENOUGH = "import sys; sys.exit(sys.version_info < (3, 10))";
const ENVIRONMENT = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
/** Far over what anything here takes. */
const PATIENCE_MS = 50_000;
/** A half-step of the plant and the difference of its constants from the pump's. */
const HALF_STEP_MICROUNITS = 1_300;
/** Few pulses; neither dose given twice, nor one left out, comes to the same sum. */
const AMOUNT_MICROUNITS = 50_000;
const LOST_AMOUNT_MICROUNITS = 100_000;

const inUnits = (amountMicrounits: number): string => `${amountMicrounits / 1e6}`;

/** A line of the client: `step` says which. */
interface Step {
  readonly step: string;
  readonly [member: string]: unknown;
}

/** Runs client.py to its end, without holding up the pump's sockets. Throws what it wrote unless it exits 0. */
function stepsOf(...args: readonly string[]): Promise<readonly Step[]> {
  return new Promise((done, failed) => {
    const child = spawn(PYTHON, [join(FOLDER, "client.py"), ...args], {
      env: ENVIRONMENT,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: PATIENCE_MS,
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      stdout += piece;
    });
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      stderr += piece;
    });
    child.once("error", failed);
    child.once("close", (status) => {
      if (status !== 0) failed(new Error(`client.py ended with ${status}\n${stdout}${stderr}`));
      else
        done(
          stdout
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line) as Step),
        );
    });
  });
}

describe("a client written from PROTOCOL.md in another language", () => {
  before(function () {
    if (spawnSync(PYTHON, ["-c", NEW_ENOUGH]).status === 0) return;
    const missing = `there is no Python 3.10 or later under the name ${PYTHON}`;
    if (inContinuousIntegration()) throw new Error(missing);
    process.stderr.write(`the second client is not tested: ${missing}\n`);
    this.skip();
  });

  it("agrees with the vectors of RFC 7748 and RFC 8439 and with every vector of the page", () => {
    const { status, stdout, stderr } = spawnSync(PYTHON, [join(FOLDER, "check_vectors.py"), PROTOCOL_FILE], {
      encoding: "utf8",
      env: ENVIRONMENT,
      timeout: PATIENCE_MS,
    });
    assert.deepEqual([status, stderr], [0, ""], stdout);
    assert.ok(stdout.startsWith("ok    RFC 7748 and RFC 8439\n"));
    const vectors = documentVectors();
    for (const { kind, name } of vectors) assert.ok(stdout.includes(`ok    ${kind}: ${name}\n`), name);
    assert.ok(stdout.endsWith(`${vectors.length} vectors, 0 failed, none left out\n`));
  });

  it("pairs, doses, resolves a dose whose answer it lost, and says of both what the plant shows (SR-36, SR-37)", async () => {
    const folder = mkdtempSync(join(tmpdir(), "countersign-second-client-"));
    const pump = new PumpProcess([], "--pair", "--seed", "7", "--lab", "--lab-port", "0");
    try {
      const port = await pump.port();
      const laboratory = new SocketClient(await pump.labPort());
      const text = await pump.line(/shown: Pair \| ([A-Z2-7]{42})$/);
      const amounts = [AMOUNT_MICROUNITS, LOST_AMOUNT_MICROUNITS];
      const steps = await stepsOf(
        ...["--port", `${port}`, "--pair", text, "--store", join(folder, "store.json"), "demo"],
        ...amounts.map(inUnits),
      );

      assert.ok(steps.some(({ step, role }) => step === "pair" && role === 1));
      const lost = steps.find(({ step }) => step === "link lost");
      assert.ok(lost, "the connection was lost");
      const ended = steps.filter(({ step, kind }) => step === "outcome" && kind === "delivered");
      assert.deepEqual(
        ended.map(({ lowMicrounits, highMicrounits }) => [lowMicrounits, highMicrounits]),
        amounts.map((amount) => [amount, amount]),
      );
      assert.equal(ended[1]?.["doseId"], lost["doseId"]);
      const total = steps.findLast(({ step }) => step === "delivered");
      const toldMicrounits = (Number(total?.["bolusU"]) + Number(total?.["basalU"])) * 1e6;
      assert.equal(Number(total?.["bolusU"]), (AMOUNT_MICROUNITS + LOST_AMOUNT_MICROUNITS) / 1e6);
      assert.equal(steps.at(-1)?.["state"], "stop");
      const displaced = (await laboratory.ask({ do: "observe" }))["displacedMicrounits"] as number;
      assert.ok(Math.abs(displaced - toldMicrounits) < HALF_STEP_MICROUNITS, `${displaced} of ${toldMicrounits} µU`);
      assert.equal(pump.stderr, "");
    } finally {
      await pump.end("SIGKILL");
      rmSync(folder, { recursive: true });
    }
  });
});
