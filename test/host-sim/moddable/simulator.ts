/** `host-sim/moddable/main.ts` booted on Node, with stand-ins for what it imports of the SDK, and its pane's side. */

import { resolve } from "node:path";
import { build, type Plugin } from "esbuild";
import { encode } from "uqr";
import type { OpenStream } from "../../../host-sim/bridge/socketTransport.js";
import type { View } from "../../../host-sim/moddable/view.js";
import { ManualWall } from "../clock/manualWall.js";
import { type FakeClient, FakeNetwork, LOOK_MS } from "./network.js";

const SDK = /^(embedded:|mc\/config$|qrcode$|time$|timer$)/;

interface Screen {
  postMessage(text: string): void;
  onMessage?: (text: string) => void;
}

type Boot = (sdk: Readonly<Record<string, unknown>>, screen: Screen, trace: (text: string) => void) => void;

/** Makes the SDK's modules out of the members of `sdk`, an argument of the program. */
const standIns: Plugin = {
  name: "stand-ins",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: SDK }, ({ path }) => ({ path, namespace: "sdk" }));
    onLoad({ filter: /./, namespace: "sdk" }, ({ path }) => ({
      contents: `const { [${JSON.stringify(path)}]: it } = sdk; if (!it) throw new Error("no ${path}"); export default it;`,
    }));
  },
};

/** The whole program: each call of it is a start of the simulator. */
export async function simulatorProgram(): Promise<Boot> {
  const { outputFiles } = await build({
    entryPoints: ["host-sim/moddable/main.ts"],
    absWorkingDir: resolve("."),
    bundle: true,
    format: "iife",
    target: "es2022",
    write: false,
    logLevel: "error",
    plugins: [standIns],
  });
  return new Function("sdk", "screen", "trace", outputFiles[0]?.text ?? "") as Boot;
}

/** The computer around it: nothing unless given. */
export interface Computer {
  readonly network?: FakeNetwork;
  /** When it starts, as the SDK on Linux has it: since 1970. */
  readonly startMs?: number;
}

/** A simulator that has been started. */
export class Simulator {
  readonly wall = new ManualWall();
  readonly network: FakeNetwork;
  /** Lines on its console. */
  readonly console: string[] = [];
  readonly views: View[] = [];
  readonly #screen: Screen;

  constructor(boot: Boot, config: Readonly<Record<string, unknown>>, computer: Computer = {}) {
    const { network = new FakeNetwork(), startMs = 1_790_000_000_000 } = computer;
    this.network = network;
    this.#screen = { postMessage: (text) => this.views.push(JSON.parse(text) as View) };
    const { wall } = this;
    const { Listener, TCP } = network.io;
    const timers = new Map<object, () => void>();
    boot(
      {
        "embedded:io/socket/listener": Listener,
        "embedded:io/socket/tcp": TCP,
        "mc/config": config,
        qrcode: ({ input }: { readonly input: string }) => {
          const { data, size } = encode(input, { border: 0 });
          return Object.assign(Uint8Array.from(data.flat(), Number).buffer, { size });
        },
        time: {
          get ticks() {
            return startMs + Math.floor(wall.nowMs());
          },
          delta: (from: number, to: number) => to - from,
        },
        timer: {
          set: (callback: () => void, delayMs: number) => {
            const timer = {};
            timers.set(timer, wall.schedule(callback, delayMs));
            return timer;
          },
          clear: (timer: object) => timers.get(timer)?.(),
        },
      },
      this.#screen,
      (text) => this.console.push(text),
    );
  }

  /** What the pane shows. */
  get view(): View {
    const view = this.views.at(-1);
    if (view === undefined) throw new Error("the pane was shown nothing");
    return view;
  }

  /** Hands at the pane. */
  hands(what: string): void {
    this.#screen.onMessage?.(JSON.stringify({ do: what }));
  }

  /** Any message from the pane. */
  message(text: string): void {
    this.#screen.onMessage?.(text);
  }

  pass(durationMs: number): void {
    for (let left = durationMs; left > 0; left -= LOOK_MS) {
      this.network.look();
      this.wall.pass(Math.min(left, LOOK_MS));
    }
  }

  /** Presses the pane's button for each of these times, then lets the pump take the gesture. */
  press(...pressesMs: readonly number[]): void {
    for (const durationMs of pressesMs) {
      this.hands("press");
      this.pass(durationMs);
      this.hands("release");
      this.pass(200);
    }
    this.pass(800);
  }

  /** Streams to a port, for a controller. */
  streams(port: number): OpenStream {
    return (listener) => {
      const client = this.network.connect(port);
      let told = 0;
      let open = false;
      const look = () => {
        if (client.gone || client.closed) {
          listener.onClose();
          return;
        }
        if (!open) listener.onOpen();
        open = true;
        const text = client.received.slice(told);
        told = client.received.length;
        if (text !== "") listener.onText(text);
        this.wall.schedule(look, LOOK_MS);
      };
      this.wall.schedule(look, 0);
      return {
        send: (text) => client.send(text),
        close: () => {
          client.gone = true;
        },
      };
    };
  }

  /** A client that speaks lines itself. */
  client(port: number): FakeClient {
    return this.network.connect(port);
  }
}
