/** Who is in the story that the test vectors tell, and the forms that their values have. */

import { type Parts, work } from "./vector.js";

/** `length` bytes in hexadecimal that count up from `first`. */
export function counting(first: number, length: number): string {
  return Array.from({ length }, (_, i) => (first + i).toString(16).padStart(2, "0")).join("");
}

export const PUMP_ID = counting(0xa0, 8);
export const CONTROLLER_ID = counting(0xc0, 8);
export const CONTROL = "00";
/** The controller of the bond whose role is observe. */
export const OBSERVER_ID = counting(0xd0, 8);
export const COMMAND = "25";

/** A value of the pump. */
export const says = (name: string, channel: string, fields: Parts) =>
  work("value", name, { sender: "pump", channel, fields });
/** A value of the controller. */
export const asks = (name: string, channel: string, fields: Parts) =>
  work("value", name, { sender: "controller", channel, fields });
/** 0303 or 0F55. */
export const generalResponse = (name: string, channel: string, opcode: string, requestOpcode: string, code: string) =>
  says(name, channel, { opcode, requestOpcode, code });
/** Refused, on the control channel. */
export const refusedMessage = (name: string, requestOpcode: string, code: string) =>
  says(name, CONTROL, { opcode: "66", requestOpcode, code });
