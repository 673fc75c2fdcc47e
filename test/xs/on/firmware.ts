/** `firmware/main.ts` booted on a simulated board: the SDK's modules made of the board's parts. */

import type { Board, DigitalOptions, FlashPartition, KeyValueStore } from "../../../firmware/board.js";

/** What `main.ts` imports of the SDK. */
export interface Sdk extends Pick<Board, "Analog" | "Digital" | "GATTServer" | "PulseCount" | "PWM" | "Serial"> {
  readonly keyValue: { open(options: object): KeyValueStore };
  readonly flash: { open(options: object): FlashPartition };
  readonly Time: { readonly ticks: number };
  readonly Timer: { set(callback: () => void, delayMs: number): unknown; clear(timer: unknown): void };
}

type Native = (symbol: string) => { call(target: undefined, argument?: unknown): unknown };
type Scheduled = ReturnType<Board["schedule"]>;

/** Evaluates the whole firmware anew: its modules, its one pump. Put there by the bundler. */
declare const bootFirmware: (sdk: Sdk, native: Native, trace: (text: string) => void) => void;

/** A pairing text, as the pump shows it (PROTOCOL.md section 4). */
const PAIRING_TEXT = /^[A-Z2-7]{42}$/;

function refuse(what: string): never {
  throw new Error(`the SDK has no ${what}`);
}

/**
 * Boots the firmware of `main.ts` on a board, as a power-up does. Its storage does not open before its coils have.
 * @param onOpen hears with what options the storage is opened
 */
export function bootMain(
  board: Board,
  onOpen: (call: "keyValueOpen" | "flashOpen", options: object) => void = () => {},
): void {
  const pins: number[] = [];
  const opening = <Opened>(call: "keyValueOpen" | "flashOpen", opened: () => Opened) => ({
    open(options: object): Opened {
      if (!board.pins.coils.every((coil) => pins.includes(coil))) refuse("storage before the coils");
      onOpen(call, options);
      return opened();
    },
  });
  const sdk: Sdk = {
    Analog: board.Analog,
    Digital: new Proxy(board.Digital, {
      construct(target, given: [DigitalOptions]) {
        pins.push(given[0].pin);
        return Reflect.construct(target, given);
      },
    }),
    GATTServer: board.GATTServer,
    PulseCount: board.PulseCount,
    PWM: board.PWM,
    Serial: board.Serial,
    keyValue: opening("keyValueOpen", () => board.openKeyValue()),
    flash: opening("flashOpen", () => board.openHistoryFlash()),
    Time: {
      get ticks() {
        return board.ticks();
      },
    },
    Timer: {
      set: (callback, delayMs) => board.schedule(callback, delayMs),
      clear: (timer) => (timer as Scheduled).cancel(),
    },
  };
  const { link } = board;
  const functions: { readonly [symbol: string]: (argument: unknown) => unknown } = {
    xs_countersign_entropy: (lengthBytes) => board.entropy(Number(lengthBytes)).slice().buffer,
    xs_countersign_restart: () => board.restart(),
    xs_countersign_link_watch: () => link.watch(),
    xs_countersign_link_taken: () => link.taken(),
    xs_countersign_link_end: () => link.end(),
    xs_countersign_link_bonds: (allowed) => link.allowBonds(Boolean(allowed)),
    xs_countersign_link_forget: () => link.forgetBonds(),
  };
  const native: Native = (symbol) => {
    const implementation = functions[symbol] ?? refuse(`native function ${symbol}`);
    return { call: (_target, argument) => implementation(argument) };
  };
  let last = "";
  const trace = (text: string) => {
    const line = text.replace(/\n$/, "");
    board.trace(line);
    // What a board without a display shows is on its console: whoever reads it there has the text.
    if (PAIRING_TEXT.test(line)) board.show([last, line]);
    last = line;
  };
  bootFirmware(sdk, native, trace);
}
