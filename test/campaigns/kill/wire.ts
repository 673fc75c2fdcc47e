/**
 * Between a controller and its pump: passes on the lines of PROTOCOL.md 10.1 and tells by their kind and length which
 * message goes by, since a sealed record is as long as its message and 22 bytes. Opens none.
 */

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { LineSplitter } from "../../../host-sim/bridge/lines.js";

const HOST = "127.0.0.1";

/** What goes by: the request to connect, messages of the handshake, Hello, then messages of a session. */
export type Step = "connect" | "handshake" | "hello" | "prepare" | "challenge" | "commit" | "answer" | "ask" | "told";

/** A record around its message, in one fragment (PROTOCOL.md sections 2 and 5). */
const SEALED_BYTES = 22;
/** Lengths of messages to and from the pump (PROTOCOL.md sections 6.3 and 7), of a bolus where it matters. */
const TO_PUMP: Readonly<Record<number, Step>> = { 13: "prepare", 25: "commit", 9: "ask" };
const FROM_PUMP: Readonly<Record<number, Step>> = { 40: "challenge", 4: "answer", 23: "told" };
/** m1, m3 and Hello come from the pump. */
const FROM_PUMP_TO_HELLO = 3;

/** What one connection has come to. */
class Course {
  #indications = 0;

  step(line: string): Step | undefined {
    const { do: request, event, value } = JSON.parse(line) as { do?: string; event?: string; value?: string };
    if (request === "connect") return "connect";
    if (value === undefined || (request !== "write" && event !== "indication")) return undefined;
    if (event !== undefined) this.#indications += 1;
    if (event !== undefined && this.#indications === FROM_PUMP_TO_HELLO) return "hello";
    if (this.#indications < FROM_PUMP_TO_HELLO) return "handshake";
    return (event === undefined ? TO_PUMP : FROM_PUMP)[value.length / 2 - SEALED_BYTES];
  }
}

export class Wire {
  /** Where the pump listens; undefined while there is none, and who connects then is turned away. */
  pumpPort: number | undefined;
  /** Told of each step before it is passed on; false keeps it, and all that follows on this connection, back. */
  onStep: (step: Step) => boolean = () => true;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<Wire> {
    const server = createServer();
    const wire = new Wire(server);
    server.on("connection", (client) => wire.#join(client));
    await once(server.listen(0, HOST), "listening");
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
  }

  #join(client: Socket): void {
    client.on("error", () => {});
    if (this.pumpPort === undefined) {
      client.destroy();
      return;
    }
    const pump = connect({ host: HOST, port: this.pumpPort, noDelay: true }).on("error", () => {});
    const course = new Course();
    let open = true;
    for (const [from, to] of [
      [client, pump],
      [pump, client],
    ] as const) {
      const onLine = (line: string) => {
        const step = open ? course.step(line) : undefined;
        if (step !== undefined && !this.onStep(step)) open = false;
        if (open) to.write(`${line}\n`);
      };
      const lines = new LineSplitter({ onLine, onTooLong: () => from.destroy() });
      from.setEncoding("utf8").on("data", (piece: string) => lines.push(piece));
      from.on("close", () => to.destroy());
    }
  }
}
