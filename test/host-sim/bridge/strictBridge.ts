/**
 * A bridge (PROTOCOL.md 10.1) as a client meets it, on a world in this process: it takes nothing that the protocol does
 * not name, keeps every line, and lets a test speak in its place.
 */

import { FROM_PUMP_UUID, SERVICE_UUID, TO_PUMP_UUID } from "../../../host-sim/air/service.js";
import type { CentralLink } from "../../../host-sim/air/transport.js";
import { fromHex } from "../../../host-sim/bridge/hex.js";
import { LineSplitter } from "../../../host-sim/bridge/lines.js";
import type { OpenStream, TextStreamListener } from "../../../host-sim/bridge/socketTransport.js";
import { PUMP_ADDRESS, type World } from "../../../host-sim/world.js";

const ADDRESS = "c5:16:00:00:00:01";
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  connect: ["do", "address", "mtu"],
  discover: ["do"],
  subscribe: ["do", "characteristic"],
  write: ["do", "characteristic", "value"],
  disconnect: ["do"],
};
const SERVICES = [
  {
    uuid: SERVICE_UUID,
    characteristics: [
      { uuid: TO_PUMP_UUID, properties: ["write"] },
      { uuid: FROM_PUMP_UUID, properties: ["indicate"] },
    ],
  },
];

type Line = Readonly<Record<string, unknown>>;

/** What a bridge's socket does to its client. */
export interface Client {
  send(text: string): void;
  close(): void;
}

/** One socket of the bridge. */
export class StrictSocket {
  readonly #world: World;
  readonly #client: Client;
  readonly #lines: LineSplitter;
  /** Every line that came, read. */
  readonly received: Line[] = [];
  #link: CentralLink | undefined;
  #connected = false;
  #mtu = 23;

  constructor(world: World, client: Client) {
    this.#world = world;
    this.#client = client;
    this.#lines = new LineSplitter({ onLine: (line) => this.#onLine(line), onTooLong: () => this.#refuse("too long") });
  }

  push(text: string): void {
    this.#lines.push(text);
  }

  /** The client's socket is closed. */
  closed(): void {
    this.#lines.stop();
    this.#link?.disconnect();
  }

  tell(event: Line): void {
    this.#client.send(`${JSON.stringify(event)}\n`);
  }

  #refuse(what: string): void {
    this.tell({ event: "error", what });
    this.#client.close();
    this.closed();
  }

  #onLine(text: string): void {
    const line = JSON.parse(text) as Line;
    this.received.push(line);
    const names = MEMBERS[`${line["do"]}`];
    if (names === undefined || !Object.keys(line).every((name) => names.includes(name))) this.#refuse(`line ${text}`);
    else if (line["do"] === "connect") this.#connect(line);
    else if (!this.#connected) this.tell({ event: "error", what: `${line["do"]} before connected` });
    else if (line["do"] === "discover") this.tell({ event: "services", services: SERVICES });
    else if (line["do"] === "subscribe") this.#subscribe(line);
    else if (line["do"] === "write") this.#write(line);
    else this.#link?.disconnect();
  }

  #connect({ mtu }: Line): void {
    if (this.#link !== undefined) {
      this.tell({ event: "error", what: "a second connect" });
      return;
    }
    if (mtu !== undefined && (typeof mtu !== "number" || mtu < 23 || mtu > 517)) {
      this.#refuse(`mtu ${mtu}`);
      return;
    }
    const options = mtu === undefined ? {} : { mtu };
    this.#link = this.#world.air.transport({ address: PUMP_ADDRESS, ...options }).connect({
      onConnected: () => {
        this.#connected = true;
        this.#mtu = (this.#link?.maximumWrite ?? 20) + 3;
        this.tell({ event: "connected", address: ADDRESS, mtu: this.#mtu });
      },
      onDisconnected: () => {
        this.#connected = false;
        this.#link = undefined;
        this.tell({ event: "disconnected" });
      },
      onIndication: (value) =>
        this.tell({
          event: "indication",
          characteristic: FROM_PUMP_UUID,
          value: Buffer.from(value).toString("hex"),
        }),
      onWritten: () => this.tell({ event: "written", characteristic: TO_PUMP_UUID }),
    });
  }

  #subscribe({ characteristic }: Line): void {
    if (characteristic !== FROM_PUMP_UUID) {
      this.tell({ event: "error", what: `subscribe to ${characteristic}` });
      return;
    }
    this.#link?.subscribe();
    this.tell({ event: "subscribed", characteristic });
  }

  #write({ characteristic, value }: Line): void {
    const bytes = typeof value === "string" ? fromHex(value) : undefined;
    if (characteristic !== TO_PUMP_UUID || bytes === undefined || bytes.length > this.#mtu - 3)
      this.tell({ event: "error", what: `write of ${value} to ${characteristic}` });
    else this.#link?.write(bytes);
  }
}

/** Streams to a world's bridge in memory, on the world's clock. */
export class MemoryBridge {
  readonly #world: World;
  readonly sockets: StrictSocket[] = [];
  /** Alters or withholds what the bridge sends. */
  filter: (text: string) => string | undefined = (text) => text;
  /** Refuses streams, with this reason. */
  refuses: string | undefined;
  /** Streams not yet closed. */
  open = 0;

  constructor(world: World) {
    this.#world = world;
  }

  readonly openStream: OpenStream = (listener: TextStreamListener) => {
    let isOpen = true;
    this.open += 1;
    const later = (then: () => void) => this.#world.clock.schedule(then, 0);
    const end = (why?: string) => {
      if (!isOpen) return;
      isOpen = false;
      this.open -= 1;
      socket.closed();
      later(() => listener.onClose(why));
    };
    const socket = new StrictSocket(this.#world, {
      send: (text) =>
        later(() => {
          const passed = this.filter(text);
          if (isOpen && passed !== undefined) listener.onText(passed);
        }),
      close: () => later(() => end()),
    });
    this.sockets.push(socket);
    const { refuses } = this;
    later(() => {
      if (refuses !== undefined) end(refuses);
      else if (isOpen) listener.onOpen();
    });
    return {
      send: (text) =>
        later(() => {
          if (isOpen) socket.push(text);
        }),
      close: () => end(),
    };
  };
}
