/** Clients of the bridge for tests: what they were told, and a controller's transport over lines. */

import type { CentralLink, CentralListener, Transport } from "../../../host-sim/air/transport.js";
import type { BridgeEvent, LinePort } from "../../../host-sim/bridge/requestSocket.js";
import { SocketCentral } from "../../../host-sim/bridge/socketCentral.js";
import { World, type WorldOptions } from "../../../host-sim/world.js";

export const ADDRESS = "c5:16:00:00:00:01";
export const TO_PUMP = "c5160002-8b5a-4d0f-9c31-6e2b7a94d1f0";
export const FROM_PUMP = "c5160003-8b5a-4d0f-9c31-6e2b7a94d1f0";
export const ADVERTISEMENT = {
  event: "advertisement",
  address: ADDRESS,
  data: "0201061107f0d1947a2b6e319c0f4d5a8b010016c5",
};

/** What a client talks to. */
interface Bridged {
  receive(piece: string): void;
  close(): void;
}

/** A client in the same process. */
export class LineClient {
  readonly bridged: Bridged;
  /** The bridge has ended the socket. */
  ended = false;
  onEvent: ((event: BridgeEvent) => void) | undefined;
  #told: BridgeEvent[] = [];

  constructor(attach: (port: LinePort) => Bridged) {
    this.bridged = attach({
      send: (line) => {
        const event = JSON.parse(line) as BridgeEvent;
        this.#told.push(event);
        this.onEvent?.(event);
      },
      end: () => {
        this.ended = true;
      },
    });
  }

  send(...requests: readonly object[]): void {
    for (const request of requests) this.sendText(`${JSON.stringify(request)}\n`);
  }

  sendText(text: string): void {
    this.bridged.receive(text);
  }

  /** What it was told since it was last asked. */
  told(): readonly BridgeEvent[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }
}

/** A pump that has booted and advertises, and clients of its bridge. */
export function bridgedWorld(options: Partial<WorldOptions> = {}) {
  const world = new World({ seed: 1, address: ADDRESS, ...options });
  world.powerUp();
  world.clock.advance(1_000);
  /** What the watchers of all clients heard. */
  const links: string[] = [];
  const client = () =>
    new LineClient(
      (port) =>
        new SocketCentral(world.air, port, {
          onConnected: (mtu) => links.push(`connected ${mtu}`),
          onDisconnected: () => links.push("disconnected"),
        }),
    );
  /** A client that is connected. */
  const connected = () => {
    const made = client();
    made.send({ do: "connect", mtu: 247 });
    world.clock.advance(100);
    made.told();
    return made;
  };
  return { world, links, client, connected };
}

/** Something that carries a client's lines: a LineClient, or a socket. */
export interface LineCarrier {
  onEvent: ((event: BridgeEvent) => void) | undefined;
  send(...requests: readonly object[]): void;
}

/** A controller's transport over lines, one carrier for all of its connections in turn. Trusts the bridge. */
export function lineTransport(carrier: LineCarrier): Transport {
  return {
    connect: (listener) => new LineLink(carrier, listener),
  };
}

class LineLink implements CentralLink {
  readonly #carrier: LineCarrier;
  #maximumWrite = 20;
  #up = true;

  constructor(carrier: LineCarrier, listener: CentralListener) {
    this.#carrier = carrier;
    carrier.onEvent = (event) => {
      if (event.event === "connected") {
        this.#maximumWrite = (event["mtu"] as number) - 3;
        listener.onConnected();
      } else if (event.event === "written") {
        listener.onWritten();
      } else if (event.event === "indication") {
        listener.onIndication(Uint8Array.from(Buffer.from(event["value"] as string, "hex")));
      } else if (event.event === "disconnected") {
        this.#up = false;
        listener.onDisconnected();
      }
    };
    carrier.send({ do: "connect", mtu: 247 });
  }

  get maximumWrite(): number {
    return this.#maximumWrite;
  }

  subscribe(): void {
    this.#send({ do: "subscribe", characteristic: FROM_PUMP });
  }

  write(value: Uint8Array): void {
    this.#send({ do: "write", characteristic: TO_PUMP, value: Buffer.from(value).toString("hex") });
  }

  disconnect(): void {
    this.#send({ do: "disconnect" });
  }

  #send(request: object): void {
    if (this.#up) this.#carrier.send(request);
  }
}
