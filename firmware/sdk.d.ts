/**
 * The parts of the Moddable SDK that `main.ts` uses and that @moddable/typings lacks or has without `close`, declared
 * as the firmware's own interfaces (board.ts), which follow the SDK's C sources; and the one global of XS that reaches
 * native code.
 */

/// <reference path="../node_modules/@moddable/typings/timer.d.ts" />
/// <reference path="../node_modules/@moddable/typings/time.d.ts" />
/// <reference path="../node_modules/@moddable/typings/mc/config.d.ts" />

declare module "embedded:io/digital" {
  const Digital: import("./board.js").DigitalConstructor;
  export default Digital;
}

declare module "embedded:io/pulsecount" {
  const PulseCount: import("./board.js").PulseCountConstructor;
  export default PulseCount;
}

declare module "embedded:io/analog" {
  const Analog: import("./board.js").AnalogConstructor;
  export default Analog;
}

declare module "embedded:io/pwm" {
  const PWM: import("./board.js").PwmConstructor;
  export default PWM;
}

declare module "embedded:io/serial" {
  const Serial: import("./board.js").SerialConstructor;
  export default Serial;
}

declare module "embedded:io/bluetoothle/peripheral" {
  export const GATTServer: import("./board.js").GattServerConstructor;
}

declare module "embedded:storage/key-value" {
  const storage: {
    open(options: { readonly path: string; readonly format: "buffer" }): import("./board.js").KeyValueStore;
  };
  export default storage;
}

declare module "embedded:storage/flash" {
  const storage: {
    open(options: { readonly path: string; readonly mode: "r+" }): import("./board.js").FlashPartition;
  };
  export default storage;
}

/** XS: a function implemented in C, by its symbol. */
declare function native(symbol: "xs_countersign_entropy"): {
  call(target: undefined, lengthBytes: number): ArrayBuffer;
};
declare function native(symbol: "xs_countersign_restart"): { call(target: undefined): void };
declare function native(symbol: "xs_countersign_link_bonds"): { call(target: undefined, allowed: boolean): void };
declare function native(symbol: `xs_countersign_link_${"watch" | "taken" | "end" | "forget"}`): {
  call(target: undefined): void;
};
/** XS: one line to the debugger or the serial console. */
declare function trace(line: string): void;
