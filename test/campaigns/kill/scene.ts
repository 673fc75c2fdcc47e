/** A pump and its controller as processes, a wire between them, and what is killed of them. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, type FSWatcher, mkdtempSync, readFileSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeRecord } from "../../../host-sim/node/stateRecord.js";
import { PumpProcess, SocketClient } from "../../host-sim/node/pumpProcess.js";
import type { Aim, Strike } from "./strike.js";
import { type Step, Wire } from "./wire.js";

const CONTROLLER = fileURLToPath(new URL("../../../host-sim/node/controller.js", import.meta.url));
/** While no controller is connected: a bolus of 0.2 U takes 0.3 s, time enough to be killed in. */
const SPEED = 20;
/** Far over what a command takes: a bolus of 0.2 U and three tries to reach a pump that is away. */
const PATIENCE_MS = 180_000;

/** A line of `--json`. */
export type Line = Readonly<Record<string, unknown>>;

/** What the victim was at, by the last that had gone by. */
const PHASES: Readonly<Record<Step | "start" | "end", string>> = {
  start: "before the controller connects",
  connect: "in the handshake",
  handshake: "in the handshake",
  hello: "in a session, before a request",
  prepare: "between Prepare and Challenge",
  challenge: "between Challenge and Commit",
  commit: "between Commit and its answer",
  answer: "in delivery",
  ask: "between Outcome and its answer",
  told: "after an answer to Outcome",
  end: "after the controller has ended",
};

/** One process killed. */
export interface Kill {
  readonly victim: "controller" | "pump";
  readonly phase: string;
  /** What its files say that it was doing: in a pulse (coils with current), in a write. Empty when neither. */
  readonly caught: string;
}

/** A command of the controller, run or killed. */
export interface Ran {
  readonly args: readonly string[];
  /** Null when it was killed. */
  readonly code: number | null;
  readonly lines: readonly Line[];
  readonly kills: readonly Kill[];
}

/** What the laboratory sees. */
export interface Seen {
  readonly displacedMicrounits: number;
  readonly halfSteps: number;
}

/** All lines that are whole. */
function parsed(text: string): readonly Line[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

export class Scene {
  readonly #root = mkdtempSync(join(tmpdir(), "countersign-kill-"));
  readonly #folder = join(this.#root, "controller");
  readonly #state = join(this.#root, "pump");
  readonly #seed: number;
  readonly #wire: Wire;
  #pump: PumpProcess;
  #laboratory: SocketClient | undefined;
  /** The plant at the last kill. */
  #plant = "";

  private constructor(seed: number, wire: Wire) {
    this.#seed = seed;
    this.#wire = wire;
    this.#pump = this.#spawn("--pair");
  }

  /** A new pump in Run, bonded with a new controller. */
  static async begin(seed: number): Promise<Scene> {
    const scene = new Scene(seed, await Wire.open());
    await scene.#listen();
    const text = await scene.#pump.line(/shown: Pair \| ([A-Z2-7]{42})$/);
    for (const args of [
      ["pair", text],
      ["run", "--yes"],
    ]) {
      const { code, lines } = await scene.run(args);
      if (code !== 0) throw new Error(`${args[0]}: exit code ${code}: ${JSON.stringify(lines)}`);
    }
    return scene;
  }

  /** Runs a command of the controller, with a strike at it, at the pump or at both. A pump killed runs again at the end. */
  async run(args: readonly string[], strike?: Strike): Promise<Ran> {
    const kills: Kill[] = [];
    const child = this.#controller(args);
    let last: Step | "start" | "end" = "start";
    let due: NodeJS.Timeout | undefined;
    let struck = false;
    let restarted: Promise<void> | undefined;
    const killPump = async () => {
      const phase = PHASES[last];
      this.#wire.pumpPort = undefined;
      await this.#pump.end("SIGKILL");
      kills.push({ victim: "pump", phase, caught: this.#pumpCaught() });
      if (strike?.staysAway) await ended;
      this.#pump = this.#spawn();
      await this.#listen();
    };
    const carryOut = () => {
      if (struck || strike === undefined) return;
      struck = true;
      if (strike.victim !== "pump") {
        if (last !== "end") {
          kills.push({ victim: "controller", phase: PHASES[last], caught: "" });
          child.kill("SIGKILL");
        }
        if (strike.victim === "controller") return;
      }
      const gapMs = strike.victim === "both" ? strike.gapMs : 0;
      restarted = new Promise<void>((resolve) => setTimeout(resolve, gapMs)).then(killPump);
    };
    const arm = () => {
      due = setTimeout(carryOut, strike?.delayMs ?? 0);
    };
    let left = strike?.count ?? 0;
    const aimed = (aim: Aim) => {
      const isIt = aim === strike?.at && --left === 0;
      if (isIt) arm();
      return isIt;
    };
    this.#wire.onStep = (step) => {
      const passes = !aimed(step) || strike?.passes === true;
      if (passes) last = step;
      return passes;
    };
    const watcher = this.#watch(aimed);
    aimed("start");
    let out = "";
    child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
      out += piece;
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    const patience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    const code = await ended;
    clearTimeout(patience);
    clearTimeout(due);
    last = "end";
    if (due !== undefined) carryOut();
    this.#wire.onStep = () => true;
    watcher?.close();
    await restarted;
    if (code === null && !kills.some(({ victim }) => victim === "controller"))
      throw new Error(`${args.join(" ")} does not end; it has said ${out}`);
    const first = kills[0];
    if (code === null && first?.victim === "controller") kills[0] = { ...first, caught: this.#controllerCaught() };
    return { args, code, lines: parsed(out), kills };
  }

  /** Lets the pump's time pass at once. */
  async advance(durationMs: number): Promise<void> {
    await this.#ask({ do: "advance", ms: durationMs });
  }

  async observe(): Promise<Seen> {
    const { displacedMicrounits, halfSteps, crashes } = await this.#ask({ do: "observe" });
    if (crashes !== 0) throw new Error(`the firmware crashed ${crashes} times`);
    return { displacedMicrounits: Number(displacedMicrounits), halfSteps: Number(halfSteps) };
  }

  /** Ends all, and keeps the folders only when asked to. */
  async close(keep: boolean): Promise<string> {
    this.#wire.close();
    this.#laboratory?.socket.destroy();
    await this.#pump.end("SIGKILL");
    if (!keep) rmSync(this.#root, { recursive: true });
    return this.#root;
  }

  #controller(args: readonly string[]): ChildProcess {
    const all = [CONTROLLER, "--folder", this.#folder, "--port", `${this.#wire.port}`, "--json", ...args];
    return spawn(process.execPath, all, { stdio: ["ignore", "pipe", "inherit"] });
  }

  /** Tells when the store has been replaced, and when the journal has grown. */
  #watch(tell: (aim: Aim) => void): FSWatcher | undefined {
    if (!existsSync(this.#folder)) return undefined;
    return watch(this.#folder, (_, name) => {
      if (name === "bonds") tell("stored");
      if (name === "journal") tell("noted");
    });
  }

  #spawn(...more: readonly string[]): PumpProcess {
    const args = ["--state", this.#state, "--seed", `${this.#seed}`, "--speed", `${SPEED}`];
    return new PumpProcess([], ...args, "--lab", "--lab-port", "0", ...more);
  }

  /** Waits for the pump that was spawned, and joins it. */
  async #listen(): Promise<void> {
    const port = await this.#pump.port();
    this.#laboratory?.socket.destroy();
    this.#laboratory = new SocketClient(await this.#pump.labPort());
    this.#wire.pumpPort = port;
  }

  async #ask(request: { readonly do: string; readonly ms?: number }) {
    if (this.#laboratory === undefined) throw new Error("no pump runs");
    return this.#laboratory.ask(request);
  }

  /** What a dead pump was doing. */
  #pumpCaught(): string {
    const text = readFileSync(join(this.#state, "pump.state"), "utf8");
    if (!text.endsWith("\n")) return "in a write";
    const from = text.lastIndexOf("\n", text.lastIndexOf('"kind":"plant"'));
    const record = decodeRecord(text.slice(from + 1, text.indexOf("\n", from + 1)));
    if (record?.kind !== "plant") return "";
    // A plant that nothing was done to since is as the kill before left it.
    const plant = JSON.stringify(record.plant);
    const isOld = plant === this.#plant;
    this.#plant = plant;
    return !isOld && record.plant.drive.coils.some((level) => level !== 0) ? "in a pulse" : "";
  }

  /** What a dead controller was doing to its folder. */
  #controllerCaught(): string {
    const journal = join(this.#folder, "journal");
    const isTorn = existsSync(journal) && !readFileSync(journal, "utf8").endsWith("\n");
    return isTorn || existsSync(join(this.#folder, "bonds.new")) ? "in a write" : "";
  }
}
