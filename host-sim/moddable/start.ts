/**
 * Puts the pump of the Moddable simulator together: world, time, sockets, pane. Engine-neutral: what it needs of the
 * SDK it is given.
 */

import type { Peer } from "../bridge/peer.js";
import type { LinePort } from "../bridge/requestSocket.js";
import { clockText } from "../clock/clockText.js";
import type { WallClock } from "../clock/realTime.js";
import { eventLine, type PumpEvent, SimulatedPump } from "../simulatedPump.js";
import { Desk } from "./desk.js";
import { LineServer, type SocketIo, type TcpSocket } from "./lineServer.js";
import { steadyClock } from "./steadyClock.js";
import { type QrCode, Viewer } from "./view.js";

/** The SDK, as main.ts gathers it. */
export interface Platform<Tcp extends TcpSocket> {
  readonly io: SocketIo<Tcp>;
  /** `Time.ticks`: milliseconds of the computer's time of day. */
  readonly ticks: () => number;
  /** `Time.delta`. */
  readonly delta: (from: number, to: number) => number;
  readonly schedule: WallClock["schedule"];
  /** A QR code; a byte a module. */
  readonly qrCode: (text: string) => QrCode;
  readonly screen: { postMessage(text: string): void; onMessage: (text: string) => void };
  /** One line to the console. */
  readonly trace: (line: string) => void;
  /**
   * `mc/config`: `port`, and `labPort` where the laboratory is to be open (PROTOCOL.md 10.2). On the command line of
   * mcconfig they are text.
   */
  readonly config: { readonly [name: string]: unknown };
}

/** The one address that is served. */
const HOST = "127.0.0.1";
const LARGEST_PORT = 65_535;
/** The simulator's main loop draws and hears its sockets only between timers that leave it time. */
const TIMER_MIN_MS = 1;

/**
 * Starts the pump; it goes on from the platform's callbacks. A port that is none, or that another program has, leaves
 * the pump without it: console and pane say so.
 */
export function start<Tcp extends TcpSocket>(platform: Platform<Tcp>): void {
  const { io, ticks, delta, schedule, qrCode, screen, trace, config } = platform;
  const wall: WallClock = {
    nowMs: steadyClock(ticks, delta),
    schedule: (callback, delayMs) => schedule(callback, Math.max(TIMER_MIN_MS, delayMs)),
  };
  // Another pump each time: what it stored is gone, and so are its bonds.
  const seed = ticks() >>> 0;
  const viewer = new Viewer(qrCode);
  const tell = (event: PumpEvent, atMs: number) => {
    viewer.hear(event);
    trace(`${clockText(atMs)}  ${eventLine(event)}`);
  };
  const pump = new SimulatedPump({ hardware: { seed }, wall, speed: 1, onEvent: tell, onPassed: () => {} });
  trace(`Countersign: a simulated pump, seed ${seed}`);
  const listen = (what: string, setting: string, accept: (line: LinePort) => Peer): string => {
    const value = config[setting];
    const port = portOf(value);
    let address = `${HOST}:${port}`;
    try {
      if (port === undefined) throw new RangeError(`not from 1 to ${LARGEST_PORT}`);
      new LineServer({ io, wall, port, accept, onRefused: (why) => trace(`${what}: socket closed: ${why}`) });
    } catch (error) {
      address = `no port ${value}: ${error instanceof Error ? error.message : error}; build with ${setting}=N`;
    }
    trace(`${what} on ${address}`);
    return address;
  };
  viewer.address = listen("listening", "port", (line) => pump.central(line));
  if (config["labPort"] !== undefined) listen("laboratory", "labPort", (line) => pump.laboratory(line));
  const post = (view: string) => screen.postMessage(view);
  const desk = pump.atBench((bench) => new Desk(bench, { viewer, post, onTrouble: trace }));
  screen.onMessage = (message) => desk.receive(message);
  pump.start();
}

/** `undefined` for what is none. */
function portOf(value: unknown): number | undefined {
  const port = typeof value === "string" && /^\d{1,5}$/.test(value) ? Number(value) : value;
  return typeof port === "number" && Number.isInteger(port) && port >= 1 && port <= LARGEST_PORT ? port : undefined;
}
