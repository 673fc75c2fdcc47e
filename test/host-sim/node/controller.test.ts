/** `npm run controller` and `npm run pump` as processes, over TCP, in real time. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const script = (name: string) => fileURLToPath(new URL(`../../../host-sim/node/${name}.js`, import.meta.url));
const TOLERANCE_MICROUNITS = 1_500;

/** A process, what it has printed, and waiting for it to print something. */
class Process {
  readonly child: ChildProcess;
  out = "";
  err = "";
  readonly #exit: Promise<unknown>;

  constructor(name: string, args: readonly string[]) {
    this.child = spawn(process.execPath, [script(name), ...args], { stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.out += text;
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.err += text;
    });
    this.#exit = once(this.child, "close");
  }

  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.out);
      if (found) return found;
      assert.ok(this.child.exitCode === null && this.child.stdout, `${pattern} never came: ${this.out}${this.err}`);
      await once(this.child.stdout, "data");
    }
  }

  async exit(): Promise<number | null> {
    await this.#exit;
    return this.child.exitCode;
  }
}

/** Asks the laboratory at this port. */
async function lab(port: number, request: object): Promise<Readonly<Record<string, unknown>>> {
  const socket = connect(port, "127.0.0.1").setEncoding("utf8");
  socket.write(`${JSON.stringify(request)}\n`);
  const [line] = await once(socket, "data");
  socket.destroy();
  return JSON.parse(`${line}`);
}

/** What the plant of the pump with this laboratory has displaced. */
async function displacedMicrounits(labPort: number): Promise<number> {
  return Number((await lab(labPort, { do: "observe" }))["displacedMicrounits"]);
}

describe("npm run controller, as a process", () => {
  const root = mkdtempSync(join(tmpdir(), "countersign-processes-"));
  const folder = join(root, "folder");
  let pump: Process;
  let proxy: Server;
  let pumpPort = 0;
  let labPort = 0;
  let port = 0;
  /** Called before anything from the pump is passed on; false keeps it back. */
  let passes: () => boolean = () => true;

  const start = (...args: string[]) => new Process("controller", ["--folder", folder, "--port", `${port}`, ...args]);
  async function run(...args: string[]) {
    const { exit, ...rest } = await ended(start(...args));
    return { code: exit, ...rest };
  }
  async function ended(controller: Process) {
    const exit = await controller.exit();
    return { exit, out: controller.out, err: controller.err };
  }

  before(async () => {
    pump = new Process("pump", ["--port", "0", "--lab-port", "0", "--lab", "--pair", "--seed", "7"]);
    pumpPort = Number((await pump.printed(/listening on 127\.0\.0\.1:(\d+)/))[1]);
    labPort = Number((await pump.printed(/laboratory on 127\.0\.0\.1:(\d+)/))[1]);
    proxy = createServer((client) => {
      const server = connect(pumpPort, "127.0.0.1");
      client.on("data", (bytes) => server.write(bytes));
      server.on("data", (bytes) => passes() && client.write(bytes));
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const) {
        one.on("error", () => {});
        one.on("close", () => other.destroy());
      }
    });
    await once(proxy.listen(0, "127.0.0.1"), "listening");
    port = (proxy.address() as AddressInfo).port;
    const text = (await pump.printed(/Pair \| ([A-Z2-7]{42})/))[1] ?? "";
    assert.deepEqual(await run("pair", text).then(({ code, err }) => [code, err]), [0, ""]);
    assert.deepEqual(await run("run", "--yes").then(({ code, err }) => [code, err]), [0, ""]);
  });
  after(() => {
    pump.child.kill("SIGKILL");
    proxy.close();
    rmSync(root, { recursive: true });
  });

  it("killed with -9 between Commit and its answer, tells what became of the bolus when it starts again (SR-37)", async () => {
    const before = await displacedMicrounits(labPort);
    const killed = start("--json", "bolus", "0.05");
    passes = () => {
      const journal = join(folder, "journal");
      if (!existsSync(journal) || !readFileSync(journal, "utf8").includes("setBolus")) return true;
      killed.child.kill("SIGKILL");
      return false;
    };
    assert.equal(await killed.exit(), null);
    assert.equal(killed.out, "");
    passes = () => true;
    assert.equal(readdirSync(folder).filter((name) => name.startsWith("lock.")).length, 1);
    const history = await run("orders");
    assert.match(history.out, /bolus 0\.05 U +not known: ask with outcome 1-\d+\n/);
    const again = await run("bolus", "0.05");
    assert.equal(again.code, 4, again.out + again.err);
    assert.match(again.out, /^Dose 1-\d+, bolus 0\.05 U: (delivered 0\.05 U|being delivered: .*)\.\n$/);
    const final = await run("outcome");
    assert.match(`${again.out}${final.out}`, /: delivered 0\.05 U\.\n/);
    const moved = (await displacedMicrounits(labPort)) - before;
    assert.ok(Math.abs(moved - 50_000) <= TOLERANCE_MICROUNITS, `${moved} µU`);
  });

  it("keeps a second one off its folder, and cancels its bolus on SIGINT", async () => {
    const before = await displacedMicrounits(labPort);
    const bolus = start("--json", "bolus", "1");
    await bolus.printed(/"kind":"delivering"/);
    const second = await run("status");
    assert.equal(second.code, 6);
    assert.match(second.err, new RegExp(`process ${bolus.child.pid}\\) works with it`));
    bolus.child.kill("SIGINT");
    assert.equal(await bolus.exit(), 5);
    const last = JSON.parse(bolus.out.trimEnd().split("\n").at(-1) ?? "") as Record<string, number | string>;
    assert.equal(last["kind"], "stopped");
    const moved = (await displacedMicrounits(labPort)) - before;
    assert.ok(Math.abs(moved - Number(last["highMicrounits"])) <= TOLERANCE_MICROUNITS, `${moved} µU`);
    assert.deepEqual(readdirSync(folder).sort(), ["bonds", "journal"]);
  });

  it("is joined by the example of the library's README, which pairs, starts delivery and gives 0.1 U", async () => {
    await run("stop");
    await lab(labPort, { do: "press", ms: [100, 100, 100] });
    const text = (await pump.printed(/Pair \| [\s\S]*Pair \| ([A-Z2-7]{42})/))[1] ?? "";
    const before = await displacedMicrounits(labPort);
    const example = new Process("example", [join(root, "app"), `${port}`, text]);
    assert.equal(await example.exit(), 0);
    assert.match(example.out, /^Run: ok\n(delivering: .*\n)+delivered: 0\.1 to 0\.1 U\nDone\.\n/);
    const moved = (await displacedMicrounits(labPort)) - before;
    assert.ok(Math.abs(moved - 100_000) <= TOLERANCE_MICROUNITS, `${moved} µU`);
  });

  it("exits 3 in one line where no pump listens, and 2 on a wrong command line", async () => {
    const nobody = await run("--port", "1", "status");
    assert.deepEqual(nobody, {
      code: 3,
      out: "",
      err: "No pump listens at 127.0.0.1:1: start one with npm run pump, or give its port with --port.\n",
    });
    const wrong = await run("bolus", "0,5");
    assert.deepEqual([wrong.code, wrong.out, wrong.err.split("\n").length], [2, "", 2]);
  });
});
