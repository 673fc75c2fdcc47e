/** Streams to a world's bridge (PROTOCOL.md 10.1) in memory, on the world's clock. */

import { SocketCentral } from "../../../host-sim/bridge/socketCentral.js";
import type { OpenStream } from "../../../host-sim/bridge/socketTransport.js";
import type { World } from "../../../host-sim/world.js";

export class MemoryBridge {
  readonly #world: World;
  /** Alters or withholds a line that the bridge sends. */
  filter: (line: string) => string | undefined = (line) => line;
  /** Refuses streams, with this reason. */
  refuses: string | undefined;
  /** How many streams were opened, and how many of them are open. */
  opened = 0;
  open = 0;
  /** Closes the streams that are open, from the bridge's side. */
  readonly #ends = new Set<() => void>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Lets the connections under way be lost. */
  cut(): void {
    for (const end of this.#ends) end();
  }

  readonly openStream: OpenStream = (listener) => {
    let isOpen = true;
    this.opened += 1;
    this.open += 1;
    const later = (then: () => void) => this.#world.clock.schedule(then, 0);
    const end = (why?: string) => {
      if (!isOpen) return;
      isOpen = false;
      this.open -= 1;
      this.#ends.delete(cut);
      central.close();
      later(() => listener.onClose(why));
    };
    const cut = () => end("cut");
    const send = (line: string) =>
      later(() => {
        const passed = isOpen ? this.filter(line) : undefined;
        if (passed !== undefined) listener.onText(passed);
      });
    const watcher = { onConnected: () => {}, onDisconnected: () => {} };
    const central = new SocketCentral(this.#world.air, { send, end: () => later(cut) }, watcher);
    this.#ends.add(cut);
    const { refuses } = this;
    later(() => {
      if (refuses !== undefined) end(refuses);
      else if (isOpen) listener.onOpen();
    });
    return {
      send: (text) =>
        later(() => {
          if (isOpen) central.receive(text);
        }),
      close: () => end(),
    };
  };
}
