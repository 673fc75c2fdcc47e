/** Commands run in this process, on a folder of their own, with a simulated pump behind a bridge in virtual time. */

import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { runCommand } from "../../../../host-sim/node/controller/run.js";
import type { Surroundings } from "../../../../host-sim/node/controller/surroundings.js";
import { World, type WorldOptions } from "../../../../host-sim/world.js";
import { MemoryBridge } from "../../bridge/memoryBridge.js";

/** Longest that a command may take, of the world's time: a dose of 10 U takes 400 s. */
const LIMIT_MS = 600_000;

export type Line = Readonly<Record<string, unknown>>;

/** What a command left behind. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A person at a terminal. */
export interface Person {
  /** Answers a question; undefined lets it stand until the command gives up. Without it there is no terminal. */
  readonly answer?: (question: string) => boolean | undefined;
  /** Told of all that is printed, with Ctrl-C at hand. */
  readonly watch?: (text: string, interrupt: () => void) => void;
}

export class Bench {
  readonly world: World;
  readonly bridge: MemoryBridge;
  readonly #root = mkdtempSync(join(tmpdir(), "countersign-controller-"));
  folder = join(this.#root, "folder");
  #copies = 0;

  constructor(options: Partial<WorldOptions> = {}) {
    this.world = new World({ seed: 61, ...options });
    this.bridge = new MemoryBridge(this.world);
    this.world.powerUp();
    this.world.clock.advance(1_000);
  }

  /** A path beside the folder. */
  beside(name: string): string {
    return join(this.#root, name);
  }

  /** A copy of the folder as it is now: what a process that is killed now leaves behind, but for its lock. */
  snapshot(): string {
    this.#copies += 1;
    const copy = join(this.#root, `copy-${this.#copies}`);
    cpSync(this.folder, copy, { recursive: true, filter: (path) => !basename(path).startsWith("lock.") });
    chmodSync(copy, 0o700);
    return copy;
  }

  remove(): void {
    rmSync(this.#root, { recursive: true });
  }

  get displacedMicrounits(): number {
    return this.world.hardware.plant.displacedMicrounits;
  }

  /** Pairs by the button, and with `runs` starts delivery. */
  async paired(role: "operate" | "observe" = "operate", runs = role === "operate"): Promise<this> {
    const text = this.world.openPairing(role);
    assert.equal((await this.run(["pair", text])).code, 0);
    if (runs) assert.equal((await this.run(["run", "--yes"])).code, 0);
    return this;
  }

  async run(args: readonly string[], person: Person = {}): Promise<Ran> {
    const { surroundings, ran } = this.#around(person);
    let code: number | undefined;
    let defect: unknown;
    void runCommand(["--folder", this.folder, ...args], surroundings).then(
      (result) => {
        code = result;
      },
      (error: unknown) => {
        defect = error ?? "nothing";
      },
    );
    const endMs = this.world.clock.nowMs + LIMIT_MS;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (defect !== undefined) throw defect;
      if (code !== undefined) break;
      assert.ok(this.world.clock.nowMs < endMs && this.world.clock.runNext(), `${args.join(" ")} does not end`);
    }
    return { code, ...ran };
  }

  /** Runs with `--json`, and reads the lines. */
  async json(
    args: readonly string[],
    person: Person = {},
  ): Promise<{ readonly code: number; readonly lines: readonly Line[] }> {
    const { code, out } = await this.run(["--json", ...args], person);
    assert.match(out, /^(\{.*\}\n)*$/);
    return {
      code,
      lines: out
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Line),
    };
  }

  #around({ answer, watch = () => {} }: Person) {
    const { world, bridge } = this;
    const ran = { out: "", err: "" };
    const interrupts = new Set<() => void>();
    const interrupt = () => {
      for (const listener of [...interrupts]) listener();
    };
    const print = (stream: "out" | "err") => (text: string) => {
      ran[stream] += text;
      watch(text, interrupt);
    };
    const surroundings: Surroundings = {
      terminal: {
        interactive: answer !== undefined,
        out: print("out"),
        err: print("err"),
        ask: (question, abandoned) =>
          new Promise((resolve) => {
            const said = answer?.(question);
            if (said !== undefined) resolve(said);
            abandoned.addEventListener("abort", () => resolve(false));
          }),
        onInterrupt: (listener) => {
          interrupts.add(listener);
          return () => void interrupts.delete(listener);
        },
      },
      clock: world.clock,
      now: () => new Date(Date.UTC(2026, 0, 31) + world.clock.nowMs),
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
      streams: () => bridge.openStream,
    };
    return { surroundings, ran };
  }
}
