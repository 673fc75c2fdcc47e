/**
 * A port of the Moddable simulator on Linux whose sockets carry lines, as node/lineServer.ts has it for Node. Owns the
 * sockets: it serves this computer alone, none can fill memory by not reading, and not more than a few are let in.
 *
 * What the SDK's sockets for Linux ask for (modules/io/socket/lin/tcp.c of 8.2):
 * - A listener hears all networks, whatever address it is given: a peer elsewhere is closed as it is accepted. One that
 *   has gone by then has any address.
 * - Each accepted socket is read exactly once for each that `onReadable` counts: one read too many is never freed.
 * - `write` throws for more than `onWritable` said last, and returns no number where it failed; `onError` does not
 *   follow then.
 * - A second write to a peer that has gone raises SIGPIPE, which ends a simulator with a debug build in it. A look every
 *   20 ms finds out, then calls `onError`, or else `onWritable` if anything was written since the last: there is one
 *   write each time.
 * - A socket cannot be closed in one direction: it lingers before it is closed in both.
 */

import { LINGER_MS, type Peer, SOCKETS_MAXIMUM, UNSENT_MAXIMUM_BYTES } from "../bridge/peer.js";
import type { LinePort } from "../bridge/requestSocket.js";
import type { WallClock } from "../clock/realTime.js";

/** What is used of the SDK's TCP. */
export interface TcpSocket {
  readonly remoteAddress: string | undefined;
  /** All that has come; nothing when nothing has. */
  read(): ArrayBuffer | number | undefined;
  /** The number of bytes that may follow; none when it failed. */
  write(bytes: Uint8Array): unknown;
  close(): void;
}

/** The SDK's constructors of sockets. */
export interface SocketIo<Tcp extends TcpSocket> {
  readonly Listener: new (options: {
    readonly port: number;
    readonly onReadable: (this: { read(): Tcp | undefined }, accepted: number) => void;
  }) => object;
  readonly TCP: new (options: {
    readonly from: Tcp;
    readonly nodelay: boolean;
    readonly onReadable: () => void;
    readonly onWritable: (this: Tcp, bytes: number) => void;
    readonly onError: () => void;
  }) => Tcp;
}

export interface LineServerOptions<Tcp extends TcpSocket> {
  readonly io: SocketIo<Tcp>;
  readonly wall: WallClock;
  readonly port: number;
  /** Makes what stands behind a new socket. */
  readonly accept: (port: LinePort) => Peer;
  /** Told of a peer that was not let in. */
  readonly onRefused: (why: string) => void;
}

const LOOPBACK = /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

export class LineServer<Tcp extends TcpSocket> {
  readonly #options: LineServerOptions<Tcp>;
  readonly #sockets = new Set<LineSocket<Tcp>>();

  /** Listens from now on. Throws when the port cannot be had. */
  constructor(options: LineServerOptions<Tcp>) {
    this.#options = options;
    const take = (tcp: Tcp) => this.#take(tcp);
    new options.io.Listener({
      port: options.port,
      onReadable(accepted) {
        for (let left = accepted; left > 0; left--) {
          const tcp = this.read();
          if (tcp) take(tcp);
        }
      },
    });
  }

  #take(tcp: Tcp): void {
    const { accept, onRefused } = this.#options;
    const { remoteAddress = "" } = tcp;
    const isLoopback = LOOPBACK.test(remoteAddress);
    if (isLoopback && this.#sockets.size < SOCKETS_MAXIMUM) {
      const socket: LineSocket<Tcp> = new LineSocket(this.#options, tcp, () => this.#sockets.delete(socket));
      this.#sockets.add(socket);
      socket.peer = accept(socket);
      return;
    }
    tcp.close();
    onRefused(isLoopback ? `${SOCKETS_MAXIMUM} sockets are open already` : `${remoteAddress} is not this computer`);
  }
}

class LineSocket<Tcp extends TcpSocket> implements LinePort {
  /** Who hears what the client sends. */
  peer: Peer | undefined;
  readonly #wall: WallClock;
  readonly #onGone: () => void;
  readonly #tcp: Tcp;
  /** Text in ASCII. */
  #unsent = "";
  /** What may be written now, in one piece. */
  #writableBytes = 0;
  #ended = false;
  #gone = false;

  constructor({ io, wall }: LineServerOptions<Tcp>, from: Tcp, onGone: () => void) {
    this.#wall = wall;
    this.#onGone = onGone;
    this.#tcp = new io.TCP({
      from,
      nodelay: true,
      onReadable: () => this.#read(),
      onWritable: (bytes) => {
        this.#writableBytes = bytes;
        this.#write();
      },
      onError: () => this.#drop(),
    });
  }

  send(line: string): void {
    if (this.#ended) return;
    this.#unsent += ascii(line);
    this.#write();
    if (this.#unsent.length > UNSENT_MAXIMUM_BYTES) this.#drop();
  }

  end(): void {
    this.#ended = true;
    // What the client still sends is read and dropped: closing over it would take the last line from the client.
    this.#wall.schedule(() => this.#drop(), LINGER_MS);
  }

  #read(): void {
    if (this.#gone) return;
    const bytes = this.#tcp.read();
    if (!(bytes instanceof ArrayBuffer) || this.#ended) return;
    this.peer?.receive(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));
  }

  #write(): void {
    if (this.#gone || this.#unsent === "" || this.#writableBytes === 0) return;
    const piece = this.#unsent.slice(0, this.#writableBytes);
    this.#unsent = this.#unsent.slice(piece.length);
    this.#writableBytes = 0;
    const left = this.#tcp.write(Uint8Array.from(piece, (character) => character.charCodeAt(0)));
    if (typeof left !== "number") this.#drop();
  }

  /** Closes, and tells so when whatever is under way has returned. */
  #drop(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#ended = true;
    this.#unsent = "";
    this.#tcp.close();
    this.#wall.schedule(() => {
      this.#onGone();
      this.peer?.close();
    }, 0);
  }
}

/** A line of JSON with nothing but ASCII in it: RFC 8259 lets strings, where alone there can be more, escape it. */
function ascii(line: string): string {
  return line.replace(/[^\n -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
