/**
 * Sockets as the Moddable SDK has them on Linux, no kinder than its C (modules/io/socket/lin/tcp.c of 8.2), and clients
 * on the other side of them.
 */

import type { SocketIo, TcpSocket } from "../../../host-sim/moddable/lineServer.js";

/** From one look at the sockets to the next: kTaskInterval. */
export const LOOK_MS = 20;
/** What is read at a look, and written until the next: kBufferSize. */
const BUFFER_BYTES = 1_536;

type ListenerOptions = ConstructorParameters<SocketIo<FakeTcp>["Listener"]>[0];
type TcpOptions = ConstructorParameters<SocketIo<FakeTcp>["TCP"]>[0];

/** A client's side of a connection. */
export class FakeClient {
  readonly remoteAddress: string;
  received = "";
  /** The server has closed. */
  closed = false;
  /** It has closed itself: what is written to it is lost, and the second time raises a signal. */
  gone = false;
  /** It reads nothing, and the system's buffers are full. */
  deaf = false;
  /** Writes since it went. */
  lostWrites = 0;
  readonly outbox: number[] = [];

  constructor(remoteAddress: string) {
    this.remoteAddress = remoteAddress;
  }

  send(text: string): void {
    for (let i = 0; i < text.length; i++) this.outbox.push(text.charCodeAt(i));
  }
}

/** `TCP` without its callbacks, as a listener gives it, and then with them. */
class FakeTcp implements TcpSocket {
  readonly remoteAddress: string;
  readonly client: FakeClient;
  readonly #options: TcpOptions | undefined;
  #inbox: number[] = [];
  #writableBytes = 0;
  #over = false;

  constructor(client: FakeClient, options?: TcpOptions) {
    this.client = client;
    this.remoteAddress = client.remoteAddress;
    this.#options = options;
  }

  read(): ArrayBuffer | undefined {
    this.#check();
    if (this.#inbox.length === 0) return undefined;
    return Uint8Array.from(this.#inbox.splice(0)).buffer;
  }

  write(bytes: Uint8Array): number | undefined {
    this.#check();
    if (bytes.length > this.#writableBytes) throw new Error("would block");
    this.#writableBytes -= bytes.length;
    if (this.client.gone) {
      this.client.lostWrites += 1;
      return this.client.lostWrites > 1 ? undefined : this.#writableBytes;
    }
    this.client.received += String.fromCharCode(...bytes);
    return this.#writableBytes;
  }

  close(): void {
    this.#check();
    this.#over = true;
    this.client.closed = true;
  }

  /** tcpTask: what is found is told once, writing first. */
  look(): void {
    const { client } = this;
    if (this.#over) return;
    const writable = this.#writableBytes !== BUFFER_BYTES && !client.deaf;
    if (writable) this.#writableBytes = BUFFER_BYTES;
    const came = client.outbox.splice(0, BUFFER_BYTES - this.#inbox.length);
    this.#inbox.push(...came);
    const ended = came.length === 0 && client.gone;
    if (writable && !ended) this.#options?.onWritable.call(this, this.#writableBytes);
    if (came.length > 0 && !this.#over) this.#options?.onReadable();
    if (!ended || this.#over) return;
    this.#over = true;
    this.#options?.onError();
  }

  #check(): void {
    if (this.client.closed) throw new Error("the socket is closed");
  }
}

export class FakeNetwork {
  readonly #listeners = new Map<number, { readonly options: ListenerOptions; readonly waiting: FakeClient[] }>();
  readonly #sockets = new Set<FakeTcp>();
  /** Ports that other programs have. */
  readonly taken = new Set<number>();
  /** Sockets read of a listener that none waited for: they are never freed. */
  leaks = 0;

  /** What the SDK's modules export. */
  get io(): SocketIo<FakeTcp> {
    const network = this;
    return {
      Listener: class {
        constructor(options: ListenerOptions) {
          if (network.taken.has(options.port)) throw new Error("bind socket failed");
          network.taken.add(options.port);
          network.#listeners.set(options.port, { options, waiting: [] });
        }
      },
      TCP: class extends FakeTcp {
        constructor(options: TcpOptions) {
          super(options.from.client, options);
          network.#sockets.add(this);
        }
      },
    };
  }

  /** A connection; closed at once where nobody listens. */
  connect(port: number, address = "127.0.0.1"): FakeClient {
    const client = new FakeClient(address);
    const listener = this.#listeners.get(port);
    if (listener) listener.waiting.push(client);
    else client.closed = true;
    return client;
  }

  /** What happens every 20 ms. */
  look(): void {
    for (const { options, waiting } of this.#listeners.values()) {
      if (waiting.length === 0) continue;
      const listener = {
        read: () => {
          const client = waiting.shift();
          if (client) return new FakeTcp(client);
          this.leaks += 1;
          return undefined;
        },
      };
      options.onReadable.call(listener, waiting.length);
    }
    for (const socket of [...this.#sockets]) socket.look();
  }
}
