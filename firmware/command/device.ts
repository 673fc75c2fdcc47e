/**
 * What the pump says of itself beyond its therapy: Bluetooth's Device Information (180A) and Battery (180F) services, as
 * reads inside the session (PROTOCOL.md section 6.6). Nothing of it goes in clear.
 */

import { Refusal } from "../base/refusal.js";
import { ok, type Result, refuse } from "../base/result.js";
import { Channel } from "../ids/opcodes.js";

/** What this pump is, and how it fares. */
export interface Device {
  /** Of the sources that were built, or what stands in its place. ASCII, at most 64 characters. */
  readonly buildHash: string;
  /** Undefined without a battery. `percent` is undefined while it cannot be measured. */
  readonly battery: { readonly percent: number | undefined } | undefined;
}

/** The version in package.json. */
export const FIRMWARE_REVISION = "0.1.0";
const MANUFACTURER = "Countersign";
/** The drive that rig.ts is made for. */
const MODEL = "28BYJ-48 syringe drive";

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The value of one of these channels; undefined when it is none. Refusals: NotCompleted for a charge that is not known. */
export function deviceValue(channel: number, { buildHash, battery }: Device): Result<Uint8Array> | undefined {
  switch (channel) {
    case Channel.ManufacturerName:
      return ok(ascii(MANUFACTURER));
    case Channel.ModelNumber:
      return ok(ascii(MODEL));
    case Channel.FirmwareRevision:
      return ok(ascii(FIRMWARE_REVISION));
    case Channel.SoftwareRevision:
      return ok(ascii(buildHash));
    case Channel.BatteryLevel:
      if (!battery) return undefined;
      return battery.percent === undefined ? refuse(Refusal.NotCompleted) : ok(Uint8Array.of(battery.percent));
    default:
      return undefined;
  }
}
