/**
 * A port on 127.0.0.1 whose sockets carry lines. Owns the sockets: none can fill memory by not reading, and not more
 * than a few at a time are let in.
 */

import { createServer, type Server, type Socket } from "node:net";
import { LINGER_MS, type Peer, SOCKETS_MAXIMUM, UNSENT_MAXIMUM_BYTES } from "../bridge/peer.js";
import type { LinePort } from "../bridge/requestSocket.js";

const HOST = "127.0.0.1";

export class LineServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** @param accept makes what stands behind a new socket. */
  constructor(accept: (port: LinePort) => Peer) {
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket, accept));
    this.#server.maxConnections = SOCKETS_MAXIMUM;
    // A connection that could not be taken in is lost, and no other.
    this.#server.on("error", () => {});
  }

  /**
   * Begins to listen.
   *
   * @param port 0 for any that is free.
   * @returns the port; rejects when it cannot be had.
   */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, HOST, () => {
        this.#server.off("error", reject);
        const address = this.#server.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  /** Cuts every socket off and listens no more. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #accept(socket: Socket, accept: (port: LinePort) => Peer): void {
    this.#sockets.add(socket);
    let ended = false;
    const peer = accept({
      send: (line) => {
        if (ended) return;
        socket.write(line);
        if (socket.writableLength > UNSENT_MAXIMUM_BYTES) socket.destroy();
      },
      end: () => {
        ended = true;
        socket.end();
        // What the client still sends is read and dropped: closing over it would take the last line from the client.
        setTimeout(() => socket.destroy(), LINGER_MS).unref();
      },
    });
    socket.setEncoding("latin1");
    socket.on("data", (piece: string) => {
      if (!ended) peer.receive(piece);
    });
    // A socket that fails closes, and that is all there is to know.
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#sockets.delete(socket);
      peer.close();
    });
  }
}
