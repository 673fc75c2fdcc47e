/**
 * The pump on the Moddable SDK: gathers the platform into a Board, without a decision, and starts the firmware. The
 * only file that imports the SDK, and SHA-256, which has to be in RAM: all that this file starts can be in flash.
 */

import Analog from "embedded:io/analog";
import { GATTServer } from "embedded:io/bluetoothle/peripheral";
import Digital from "embedded:io/digital";
import PulseCount from "embedded:io/pulsecount";
import PWM from "embedded:io/pwm";
import Serial from "embedded:io/serial";
import flash from "embedded:storage/flash";
import keyValue from "embedded:storage/key-value";
import { sha256 } from "@noble/hashes/sha2.js";
import config from "mc/config";
import Time from "time";
import Timer from "timer";
import type { Board } from "./board.js";
import { startPump } from "./pump.js";
import { DEFAULT_RIG } from "./rig.js";

/**
 * ESP32-DevKitC. The button is the board's own, on GPIO 0: held during a reset it starts the download mode, not the
 * pump. Encoder, force sensor and battery are on pins that are inputs only; the coils' driver needs pull-downs of its own. UART 0
 * is the board's USB connector: the console, or in a debug build the debugger's.
 */
const PINS: Board["pins"] = {
  coils: [16, 17, 18, 19],
  button: 0,
  led: 2,
  buzzer: 25,
  encoder: { signal: 34, control: 35 },
  force: 36,
  battery: 39,
  serial: { port: 0, transmit: 1, receive: 3 },
};

startPump({
  Digital,
  PulseCount,
  Analog,
  PWM,
  Serial,
  GATTServer,
  link: {
    watch: () => native("xs_countersign_link_watch").call(undefined),
    taken: () => native("xs_countersign_link_taken").call(undefined),
    end: () => native("xs_countersign_link_end").call(undefined),
    allowBonds: (allowed) => native("xs_countersign_link_bonds").call(undefined, allowed),
    forgetBonds: () => native("xs_countersign_link_forget").call(undefined),
  },
  // "none" turns LE security off: for a central that cannot pair.
  linkSecurity: "passkey",
  openKeyValue: () => keyValue.open({ path: "countersign", format: "buffer" }),
  openHistoryFlash: () => flash.open({ path: "history", mode: "r+" }),
  pins: PINS,
  rig: DEFAULT_RIG,
  buildHash: config["hash"],
  ticks: () => Time.ticks,
  schedule(callback, delayMs) {
    const timer = Timer.set(() => callback(), delayMs);
    return { cancel: () => Timer.clear(timer) };
  },
  entropy: (lengthBytes) => new Uint8Array(native("xs_countersign_entropy").call(undefined, lengthBytes)),
  sha256,
  restart: () => native("xs_countersign_restart").call(undefined),
  show(lines) {
    for (const line of lines) trace(`${line}\n`);
  },
  trace: (line) => trace(`${line}\n`),
});
