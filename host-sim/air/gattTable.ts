/** What the ESP32's GATTServer constructor refuses in a table of services. Owns nothing. */

import type { GattCharacteristicOptions, GattServerOptions } from "../../firmware/board.js";
import { normalUuid } from "./service.js";

/** The SDK's property names, by what callback they demand. */
const PROPERTY_DEMANDS: ReadonlyMap<string, "read" | "write" | "subscribe" | "none"> = new Map([
  ["read", "read"],
  ["readEncrypted", "read"],
  ["readAuthenticated", "read"],
  ["write", "write"],
  ["writeWithOutResponse", "write"],
  ["writeEncrypted", "write"],
  ["writeAuthenticated", "write"],
  ["authenticatedSignedWrites", "write"],
  ["notify", "subscribe"],
  ["indicate", "subscribe"],
  ["subscribeEncrypted", "subscribe"],
  ["subscribeAuthenticated", "subscribe"],
  ["broadcast", "none"],
  ["reliableWrite", "none"],
] as const);

/**
 * Throws for the first thing wrong: a string that is no UUID, a service without characteristics, no or unknown
 * properties, a property without its callback or the reverse. `onUnsubscribe` is the callback that subscribing demands.
 */
export function checkTable({ services }: GattServerOptions): void {
  for (const { uuid, characteristics } of services) {
    if (normalUuid(uuid) === undefined) throw new RangeError("bad uuid");
    if (characteristics.length === 0) throw new RangeError("invalid characteristics");
    for (const characteristic of characteristics) checkCharacteristic(characteristic);
  }
}

function checkCharacteristic({ uuid, properties, onWrite, onUnsubscribe }: GattCharacteristicOptions): void {
  if (normalUuid(uuid) === undefined) throw new RangeError("bad uuid");
  if (properties.length === 0) throw new Error("properties missing");
  const demands = properties.map((property) => {
    const demand = PROPERTY_DEMANDS.get(property);
    if (demand === undefined) throw new RangeError(`no property ${property}`);
    return demand;
  });
  // The board's interface has no onRead, so nothing here can be read.
  if (demands.includes("read")) throw new Error("inconsistent read");
  if (demands.includes("write") !== (onWrite !== undefined)) throw new Error("inconsistent write");
  if (demands.includes("subscribe") !== (onUnsubscribe !== undefined)) throw new Error("inconsistent onSubscribe");
}
