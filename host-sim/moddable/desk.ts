/**
 * What stands behind the pane of the simulator: does to the pump what hands at the pane do, and shows the pane how it
 * is, whenever that has changed. Owns the finger on the button.
 *
 * The pane sends JSON objects, each with `do` and nothing else; it gets a `View`.
 */

import { type Bench, loadCartridge } from "../bridge/laboratory.js";
import type { Peer } from "../bridge/peer.js";
import { type RequestOf, readRequest } from "../bridge/vocabulary.js";
import { CARTRIDGE_MICROUNITS } from "../plant/syringe.js";
import type { Viewer } from "./view.js";

/** How often the pane may change: often enough for an eye, seldom enough for a slow computer. */
const LOOK_MS = 50;
/** A finger that the pane has lost is taken off the button then. */
const PRESS_MAX_MS = 60_000;
/** The shortest press there is: it takes the place of the rest of one under way. */
const RELEASE_MS = 1;

const REQUESTS = {
  press: { needs: {} },
  release: { needs: {} },
  occlude: { needs: {} },
  clear: { needs: {} },
  empty: { needs: {} },
  load: { needs: {} },
  cut: { needs: {} },
  restore: { needs: {} },
} as const;

type Request = RequestOf<typeof REQUESTS>;

export interface DeskOptions {
  readonly viewer: Viewer;
  /** Sends the pane one picture. */
  readonly post: (view: string) => void;
  /** Told of what the pane should not have sent. */
  readonly onTrouble: (what: string) => void;
}

export class Desk implements Peer {
  readonly #bench: Bench;
  readonly #options: DeskOptions;
  #posted = "";
  #pressed = false;
  #open = true;

  /** Looks for the first time when time begins to pass. */
  constructor(bench: Bench, options: DeskOptions) {
    this.#bench = bench;
    this.#options = options;
    this.#lookIn(0);
  }

  /** Takes one message of the pane. */
  receive(message: string): void {
    const read = readRequest(REQUESTS, message);
    if (read.ok) this.#carryOut(read.value);
    else this.#options.onTrouble(`pane: ${read.refusal}`);
  }

  /** The pane is gone: nothing more is shown. */
  close(): void {
    this.#open = false;
  }

  #carryOut(request: Request): void {
    const { world, supply } = this.#bench;
    const { plant } = world.hardware;
    switch (request.do) {
      case "press":
        this.#pressed = true;
        world.hardware.pressButton(PRESS_MAX_MS);
        return;
      case "release":
        if (this.#pressed) world.hardware.pressButton(RELEASE_MS);
        this.#pressed = false;
        return;
      case "occlude":
      case "clear":
        plant.setOccluded(request.do === "occlude");
        return;
      case "empty":
        plant.loadCartridge(0);
        return;
      case "load": {
        const why = loadCartridge(world, CARTRIDGE_MICROUNITS);
        if (why !== undefined) this.#options.onTrouble(why);
        return;
      }
      case "cut":
        supply.cut();
        return;
      case "restore":
        supply.restore();
        return;
      default:
        request satisfies never;
    }
  }

  #lookIn(delayMs: number): void {
    this.#bench.world.clock.schedule(() => {
      if (!this.#open) return;
      const view = JSON.stringify(this.#options.viewer.look(this.#bench.world));
      if (view !== this.#posted) {
        this.#posted = view;
        this.#options.post(view);
      }
      this.#lookIn(LOOK_MS);
    }, delayMs);
  }
}
