/** `npm run pump` as a process of its own, and clients on its sockets. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { connect, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import type { BridgeEvent } from "../../../host-sim/bridge/requestSocket.js";
import type { LineCarrier } from "../bridge/bench.js";

const PUMP = fileURLToPath(new URL("../../../host-sim/node/pump.js", import.meta.url));
/** Far over what anything here takes. */
const PATIENCE_MS = 20_000;

/** Runs it to its end. */
export function runPump(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PUMP, ...args], {
    encoding: "utf8",
    timeout: PATIENCE_MS,
  });
  return { status, stdout, stderr };
}

/** Resolves to the first of `seen` that fits, now or later. */
class Watch<T> {
  readonly #seen: T[] = [];
  readonly #waiting = new Set<() => void>();

  add(item: T): void {
    this.#seen.push(item);
    for (const look of [...this.#waiting]) look();
  }

  /** Takes it, with all before it. Rejects when it does not come. */
  until<R>(pick: (item: T) => R | undefined, what: string): Promise<R> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`waited in vain for ${what}; seen: ${JSON.stringify(this.#seen.slice(-5))}`));
      }, PATIENCE_MS);
      const look = () => {
        for (const [i, item] of this.#seen.entries()) {
          const picked = pick(item);
          if (picked === undefined) continue;
          this.#seen.splice(0, i + 1);
          this.#waiting.delete(look);
          clearTimeout(timer);
          resolve(picked);
          return;
        }
      };
      this.#waiting.add(look);
      look();
    });
  }
}

export class PumpProcess {
  readonly child: ChildProcess;
  readonly #lines = new Watch<string>();
  /** Resolves to the exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  stderr = "";

  constructor(nodeArgs: readonly string[], ...args: readonly string[]) {
    const child = spawn(process.execPath, [...nodeArgs, PUMP, "--port", "0", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      const lines = `${rest}${piece}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#lines.add(line);
    });
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      this.stderr += piece;
    });
    this.ended = new Promise((resolve) => child.once("close", resolve));
  }

  /** The first group of the next line that matches. */
  line(form: RegExp): Promise<string> {
    return this.#lines.until((line) => form.exec(line)?.[1] ?? (form.test(line) ? "" : undefined), `${form}`);
  }

  async port(): Promise<number> {
    return Number(await this.line(/^listening on 127\.0\.0\.1:(\d+)$/));
  }

  async labPort(): Promise<number> {
    return Number(await this.line(/^laboratory on 127\.0\.0\.1:(\d+)$/));
  }

  /** Sends a signal and waits for the end. */
  end(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): Promise<number | null> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** A client on a socket. */
export class SocketClient implements LineCarrier {
  readonly socket: Socket;
  /** Resolves when the socket has closed. */
  readonly closed: Promise<void>;
  onEvent: ((event: BridgeEvent) => void) | undefined;
  readonly #events = new Watch<BridgeEvent>();

  constructor(port: number) {
    const socket = connect(port, "127.0.0.1");
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.onEvent?.({ event: "disconnected" });
        resolve();
      });
    });
    socket.on("error", () => {});
    let rest = "";
    socket.setEncoding("utf8").on("data", (piece: string) => {
      const lines = `${rest}${piece}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const event = JSON.parse(line) as BridgeEvent;
        this.#events.add(event);
        this.onEvent?.(event);
      }
    });
  }

  send(...requests: readonly object[]): void {
    for (const request of requests) this.socket.write(`${JSON.stringify(request)}\n`);
  }

  event(kind: string): Promise<BridgeEvent> {
    return this.#events.until((event) => (event.event === kind ? event : undefined), kind);
  }

  /** Asks the laboratory. */
  async ask(request: { readonly do: string; readonly [member: string]: unknown }): Promise<BridgeEvent> {
    this.send(request);
    const answer = await this.event("done");
    assert.equal(answer["do"], request.do);
    return answer;
  }
}

/** The wall's clock for a controller. */
export const WALL_CLOCK = {
  get nowMs() {
    return Math.floor(performance.now());
  },
  schedule(callback: () => void, delayMs: number) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
