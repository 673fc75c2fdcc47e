/** A board that notes every use of its hardware, in order. */

import type { Board, DigitalOptions, GattAdvertisement, GattServerOptions, SerialOptions } from "../firmware/board.js";

/** One use, and what was used. */
export interface Use {
  readonly of:
    | "coil"
    | "pin"
    | "encoder"
    | "force"
    | "console"
    | "keyValue"
    | "flash"
    | "entropy"
    | "radio"
    | "show"
    | "time";
  /** `open`, `read`, `write 0`, `write 1`, `write identity.a`, `erase`, `server`, `advertise`. */
  readonly what: string;
}

/** The same board, its uses told to `note` before they happen. */
export function recordingBoard(board: Board, note: (use: Use) => void): Board {
  const { pins } = board;
  const ofPin = (pin: number) => (pins.coils.some((coil) => coil === pin) ? "coil" : "pin");
  return {
    ...board,
    Digital: class extends board.Digital {
      readonly #of: "coil" | "pin";

      constructor(options: DigitalOptions) {
        note({ of: ofPin(options.pin), what: `open ${options.pin}` });
        super(options);
        this.#of = ofPin(options.pin);
      }

      override read(): number {
        note({ of: this.#of, what: "read" });
        return super.read();
      }

      override write(value: 0 | 1): void {
        note({ of: this.#of, what: `write ${value}` });
        super.write(value);
      }
    },
    PWM: class extends board.PWM {
      constructor(options: { readonly pin: number; readonly hz?: number }) {
        note({ of: "pin", what: `open ${options.pin}` });
        super(options);
      }

      override write(value: number): void {
        note({ of: "pin", what: `write ${value}` });
        super.write(value);
      }
    },
    PulseCount: class extends board.PulseCount {
      constructor(options: { readonly signal: number; readonly control: number }) {
        note({ of: "encoder", what: "open" });
        super(options);
      }
    },
    Analog: class extends board.Analog {
      constructor(options: { readonly pin: number }) {
        note({ of: "force", what: "open" });
        super(options);
      }
    },
    Serial: class extends board.Serial {
      constructor(options: SerialOptions) {
        note({ of: "console", what: "open" });
        super(options);
      }
    },
    GATTServer: class extends board.GATTServer {
      constructor(options: GattServerOptions) {
        note({ of: "radio", what: "server" });
        super(options);
      }

      override startAdvertising(scan: GattAdvertisement): void {
        note({ of: "radio", what: "advertise" });
        super.startAdvertising(scan);
      }
    },
    openKeyValue: () => {
      note({ of: "keyValue", what: "open" });
      const store = board.openKeyValue();
      return {
        read: (key: string) => {
          note({ of: "keyValue", what: `read ${key}` });
          return store.read(key);
        },
        write: (key: string, value: Uint8Array) => {
          note({ of: "keyValue", what: `write ${key}` });
          store.write(key, value);
        },
        delete: (key: string) => {
          note({ of: "keyValue", what: `delete ${key}` });
          store.delete(key);
        },
      };
    },
    openHistoryFlash: () => {
      note({ of: "flash", what: "open" });
      const flash = board.openHistoryFlash();
      return {
        read: (lengthBytes: number, offset: number) => {
          note({ of: "flash", what: "read" });
          return flash.read(lengthBytes, offset);
        },
        write: (bytes: Uint8Array, offset: number) => {
          note({ of: "flash", what: "write" });
          flash.write(bytes, offset);
        },
        eraseBlock: (from: number, to: number) => {
          note({ of: "flash", what: "erase" });
          flash.eraseBlock(from, to);
        },
        status: () => flash.status(),
      };
    },
    entropy: (lengthBytes) => {
      note({ of: "entropy", what: "read" });
      return board.entropy(lengthBytes);
    },
    ticks: () => {
      note({ of: "time", what: "read" });
      return board.ticks();
    },
    schedule: (callback, delayMs) => {
      note({ of: "time", what: "schedule" });
      return board.schedule(callback, delayMs);
    },
    show: (lines) => {
      note({ of: "show", what: lines.join(" / ") });
      board.show(lines);
    },
    trace: (line) => {
      note({ of: "show", what: line });
      board.trace(line);
    },
  };
}
