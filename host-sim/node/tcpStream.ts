/** A stream of text over TCP, for the transport of host-sim/bridge. */

import { connect } from "node:net";
import { getSystemErrorMap } from "node:util";
import type { OpenStream } from "../bridge/socketTransport.js";

/** Where `npm run pump` listens: on this computer alone, since nothing on the socket is protected (PROTOCOL.md 10). */
const HOST = "127.0.0.1";

/** Opens connections to the pump's socket at `port`, 1 to 65535. */
export function tcpStreams(port: number): OpenStream {
  return (listener) => {
    let why: string | undefined;
    const socket = connect({ host: HOST, port, noDelay: true });
    socket.setEncoding("utf8");
    socket.on("connect", () => listener.onOpen());
    socket.on("data", (piece: string) => listener.onText(piece));
    socket.on("end", () => socket.destroy());
    socket.on("error", (error: NodeJS.ErrnoException) => {
      why = failure(port, error);
    });
    socket.on("close", () => listener.onClose(why));
    return { send: (text) => void socket.write(text), close: () => void socket.destroy() };
  };
}

function failure(port: number, error: NodeJS.ErrnoException): string {
  if (error.code === "ECONNREFUSED")
    return `No pump listens at ${HOST}:${port}: start one with npm run pump, or give its port with --port.`;
  const [, words = error.message] = getSystemErrorMap().get(error.errno ?? 0) ?? [];
  return `The pump's socket at ${HOST}:${port} failed: ${words}.`;
}
