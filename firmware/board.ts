/**
 * The hardware, as the firmware sees it: constructors in the shape of ECMA-419 (2nd edition, clauses 9 to 13) and of
 * the Moddable SDK where that standard has none, plus the pins of one rig. `main.ts` fills it from the SDK, the host
 * simulator from its peripherals; the firmware cannot tell which. Owns nothing.
 */

import type { Sha256 } from "./base/sha256.js";
import type { RigConfig } from "./rig.js";

/** ECMA-419 Digital. `read` on an output throws on ESP32: never done here. */
export interface DigitalPin {
  read(): number;
  write(value: 0 | 1): void;
  close(): void;
}

export interface DigitalOptions {
  readonly pin: number;
  readonly mode: number;
  readonly edge?: number;
  readonly onReadable?: () => void;
}

export interface DigitalConstructor {
  new (options: DigitalOptions): DigitalPin;
  readonly InputPullUp: number;
  readonly Output: number;
  readonly Rising: number;
  readonly Falling: number;
}

/**
 * ECMA-419 PulseCount: x4 quadrature; `read` is the signed running total, correct while under 32,768 edges pass between
 * reads.
 */
export interface PulseCounter {
  read(): number;
  close(): void;
}

export interface PulseCountConstructor {
  new (options: { readonly signal: number; readonly control: number; readonly filter?: number }): PulseCounter;
}

/** ECMA-419 Analog: `read` is 0 to 2^resolution - 1; undefined when the conversion failed (_analog.c of the SDK). */
export interface AnalogInput {
  readonly resolution: number;
  read(): number | undefined;
  close(): void;
}

export interface AnalogConstructor {
  new (options: { readonly pin: number }): AnalogInput;
}

/** ECMA-419 PWM: `write` 0 is off, 2^resolution - 1 fully on. */
export interface PwmOutput {
  readonly resolution: number;
  write(value: number): void;
  close(): void;
}

export interface PwmConstructor {
  new (options: { readonly pin: number; readonly hz?: number }): PwmOutput;
}

/**
 * ECMA-419 Serial in buffers, as the SDK has it on ESP32 (serial.c): both directions go through a FIFO of 128 bytes, and
 * what comes in while it is full is lost.
 */
export interface SerialPort {
  /**
   * All that has come in; undefined when nothing has, and with format `buffer` never a number. Asked for a number of bytes
   * the C reads past the FIFO's end.
   */
  read(): ArrayBuffer | number | undefined;
  /** Throws, and sends nothing, when the FIFO has less room than this. */
  write(bytes: Uint8Array): void;
}

export interface SerialOptions {
  readonly port: number;
  readonly transmit: number;
  readonly receive: number;
  readonly baud: number;
  readonly format: "buffer";
  /** Bytes have come in: so many, at least one. */
  readonly onReadable: (count: number) => void;
  /**
   * The FIFO has room for so many bytes. Comes once after the port was made and once after a write, when all but a few
   * bytes have left.
   */
  readonly onWritable: (count: number) => void;
}

export interface SerialConstructor {
  /** Throws when the port or a pin is in use: by the debugger, in a debug build. */
  new (options: SerialOptions): SerialPort;
}

/** Moddable `embedded:io/bluetoothle/peripheral`: one connection of a central. */
export interface GattConnection {
  /**
   * Queues a notification or indication. `characteristic` is the `this` of the characteristic's own onSubscribe.
   * Throws when the central is not subscribed.
   */
  notify(characteristic: object, value: ArrayBuffer): void;
  /**
   * Not for use. It frees the native record before the link has ended: a subscription, a write or an MTU exchange that
   * ends or comes after it restarts the board, and `onDisconnect` does not follow. `LinkControl.end` does it right.
   */
  close(): void;
  /** Longest value that one write or indication carries: ATT_MTU - 3. */
  readonly maximumWrite: number;
}

/** Callbacks run with an opaque host object as `this`, the only valid first argument of `notify`. */
export interface GattCharacteristicOptions {
  readonly uuid: string;
  /** Bits of `GattServerConstructor.properties`. */
  readonly properties: number;
  /** `value` may be longer than `maximumWrite`: NimBLE joins prepared (long) writes, up to 512 bytes. */
  readonly onWrite?: (this: object, value: ArrayBuffer, connection: GattConnection) => void;
  readonly onSubscribe?: (this: object, connection: GattConnection) => void;
  readonly onUnsubscribe?: (this: object, connection: GattConnection) => void;
}

/**
 * LE security as the SDK's C reads it (the `ioCapabilities` of the SDK's typings it does not read): `authenticate` asks
 * for a pairing that a person has confirmed, and throws without `display`; `bond` asks for keys that are kept.
 */
export interface GattSecurity {
  readonly authenticate: boolean;
  readonly bond: boolean;
  readonly display: boolean;
}

/** What an LE pairing has come to. */
export interface GattSecurityState {
  readonly encrypted: boolean;
  /** Somebody compared or typed what was displayed. */
  readonly authenticated: boolean;
  readonly bonded: boolean;
}

export interface GattServerOptions {
  readonly mtu: number;
  /** Without it a central may still pair, unauthenticated; nothing tells of it. */
  readonly security?: GattSecurity;
  readonly services: readonly {
    readonly uuid: string;
    readonly characteristics: readonly GattCharacteristicOptions[];
  }[];
  readonly onReady: (this: GattServer) => void;
  readonly onConnect: (this: GattServer, connection: GattConnection) => void;
  readonly onDisconnect: (this: GattServer, connection: GattConnection) => void;
  /** `action` "display": the stack has drawn `passkey`, 1 to 999,999, and waits for the central. */
  readonly onPasskey?: (this: GattServer, connection: GattConnection, action: string, passkey?: number) => void;
  /** After a pairing only, whatever it came to: not when a bond encrypts a later link. */
  readonly onSecured?: (this: GattServer, connection: GattConnection, state: GattSecurityState) => void;
  readonly onWarning?: (this: GattServer, message: string) => void;
}

/** What is advertised, one AD structure a property and in their order; UUIDs in hexadecimal, dashes optional. */
export interface GattAdvertisement {
  readonly flags: number;
  /** Becomes the complete lists of 16-, 32- and 128-bit service UUIDs. */
  readonly services: readonly string[];
}

export interface GattServer {
  /**
   * Throws when the AD structures take more than 31 bytes. Connecting stops it; count on nothing but another call to
   * start it again.
   */
  startAdvertising(scan: GattAdvertisement): void;
  stopAdvertising(): void;
  close(): void;
}

export interface GattServerConstructor {
  new (options: GattServerOptions): GattServer;
  /** Bits for `GattCharacteristicOptions.properties`. `subscribeAuthenticated` carries the bit of `notify` along. */
  readonly properties: {
    readonly write: number;
    readonly writeAuthenticated: number;
    readonly notify: number;
    readonly indicate: number;
    readonly subscribeAuthenticated: number;
  };
}

/** What the SDK's GATT server lacks: native/link.c. Each call takes effect on the one link or store that there is. */
export interface LinkControl {
  /** To be called in `onReady`, before anything is advertised. Throws when the stack is not as it must be. */
  watch(): void;
  /** To be called in `onConnect`: until then the stack holds back what presumes that the connection is known. */
  taken(): void;
  /** Ends the link, if there is one, as its central could: `onDisconnect` follows. */
  end(): void;
  /** Whether an LE pairing leaves a bond from now on; even then none without passkey and Secure Connections. */
  allowBonds(allowed: boolean): void;
  /** Deletes every LE bond. Throws when one stays. */
  forgetBonds(): void;
}

/**
 * LE security below the protocol, on which nothing rests. `passkey`: both characteristics want a link that was paired
 * by a displayed passkey. `none`: the link is as it comes.
 */
export type LinkSecurity = "passkey" | "none";

/**
 * Moddable `embedded:storage/key-value`, opened with format `buffer`. Every write commits before it returns: after a
 * power cut a value is the old or the new one. Keys are at most 15 characters. A missing key reads as undefined.
 */
export interface KeyValueStore {
  read(key: string): ArrayBuffer | undefined;
  write(key: string, value: Uint8Array): void;
  delete(key: string): void;
}

/** Moddable `embedded:storage/flash`: erased bytes are FF, a write only clears bits, and a power cut tears it. */
export interface FlashPartition {
  read(lengthBytes: number, offset: number): ArrayBuffer;
  write(bytes: Uint8Array, offset: number): void;
  /** Erases blocks [from, to). */
  eraseBlock(from: number, to: number): void;
  status(): { readonly size: number; readonly blockLength: number };
}

/** A pending one-shot callback. */
export interface ScheduledCallback {
  cancel(): void;
}

export interface Pins {
  readonly coils: readonly [number, number, number, number];
  readonly button: number;
  readonly led: number;
  readonly buzzer: number;
  readonly encoder: { readonly signal: number; readonly control: number };
  readonly force: number;
  /** The battery's voltage, divided (rig.ts: BatteryConfig). */
  readonly battery: number;
  /** UART of the console. */
  readonly serial: Pick<SerialOptions, "port" | "transmit" | "receive">;
}

export interface Board {
  readonly Digital: DigitalConstructor;
  readonly PulseCount: PulseCountConstructor;
  readonly Analog: AnalogConstructor;
  readonly PWM: PwmConstructor;
  readonly Serial: SerialConstructor;
  readonly GATTServer: GattServerConstructor;
  readonly link: LinkControl;
  readonly linkSecurity: LinkSecurity;
  /** Each is opened once, by the boot, the coils off by then. May throw. */
  readonly openKeyValue: () => KeyValueStore;
  readonly openHistoryFlash: () => FlashPartition;
  readonly pins: Pins;
  readonly rig: RigConfig;
  /** Which build this is, for whoever asks by radio: ASCII, at most 64 characters. */
  readonly buildHash: string;
  /** Milliseconds, signed 32 bits, wrapping (Moddable Time.ticks). */
  readonly ticks: () => number;
  /** Calls back once, not before `delayMs`; possibly late by any time the thread was stalled. */
  readonly schedule: (callback: () => void, delayMs: number) => ScheduledCallback;
  /** Bytes of the hardware's entropy source, unconditioned and untested. May throw. */
  readonly entropy: (lengthBytes: number) => Uint8Array;
  /** Comes with the board so that the firmware need not import it. */
  readonly sha256: Sha256;
  /** Restarts the board, as a power cut would: does not return. */
  readonly restart: () => void;
  /** Shows lines to whoever holds the pump, on a display if there is one. The firmware prints them on its console too. */
  readonly show: (lines: readonly string[]) => void;
  /** Local diagnostic trace: one line, no secrets. Never leaves the pump by radio. */
  readonly trace: (line: string) => void;
}
