/**
 * The pump in the Moddable simulator: the firmware on the host simulator's board, in real time, with its GATT on a
 * socket (PROTOCOL.md 10) and its pane. Gathers the platform, without a decision. The only file here that imports the
 * SDK. Nothing of the pump outlives the simulator.
 */

import Listener from "embedded:io/socket/listener";
import TCP from "embedded:io/socket/tcp";
import config from "mc/config";
import qrCode from "qrcode";
import Time from "time";
import Timer from "timer";
import { start } from "./start.js";

/** The simulator's: texts to the pane and from it. */
declare const screen: { postMessage(text: string): void; onMessage: (text: string) => void };

start({
  io: { Listener, TCP },
  ticks: () => Time.ticks,
  delta: (from, to) => Time.delta(from, to),
  schedule(callback, delayMs) {
    const timer = Timer.set(() => callback(), delayMs);
    return () => Timer.clear(timer);
  },
  qrCode: (input) => qrCode({ input }),
  screen,
  trace: (line) => trace(`${line}\n`),
  config,
});
