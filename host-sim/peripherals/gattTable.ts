/** What the ESP32's GATTServer constructor refuses in a table of services. Owns nothing. */

import type { GattCharacteristicOptions, GattServerOptions } from "../../firmware/board.js";
import { normalUuid } from "./uuid.js";

/** `GATTServer.properties` of the SDK: bits of NimBLE's characteristic flags, by the SDK's names. */
export const PROPERTIES = Object.freeze({
  broadcast: 1 << 0,
  read: 1 << 1,
  writeWithOutResponse: 1 << 2,
  write: 1 << 3,
  notify: 1 << 4,
  indicate: 1 << 5,
  authenticatedSignedWrites: 1 << 6,
  reliableWrite: 1 << 7,
  readEncrypted: (1 << 9) | (1 << 1),
  readAuthenticated: (1 << 10) | (1 << 1),
  writeEncrypted: (1 << 12) | (1 << 3),
  writeAuthenticated: (1 << 13) | (1 << 3),
  subscribeEncrypted: (1 << 15) | (1 << 4),
  subscribeAuthenticated: (1 << 16) | (1 << 4),
});

/** Properties that demand a callback, and that such a callback demands. */
const WRITES = PROPERTIES.write | PROPERTIES.writeWithOutResponse | PROPERTIES.authenticatedSignedWrites;
const SUBSCRIBES = PROPERTIES.notify | PROPERTIES.indicate;

/**
 * Throws where the C does: an authenticated pairing needs a display (or a keyboard, which the board does not offer). What
 * else stands in `security`, `ioCapabilities` above all, is not looked at.
 */
export function checkSecurity({ security }: GattServerOptions): void {
  if (security?.authenticate && !security.display) throw new Error("authenticate requires keyboard and/or display");
}

/**
 * Throws for the first thing wrong: a string that is no UUID, a service without characteristics, no properties,
 * a property without its callback or the reverse. `onUnsubscribe` is the callback that subscribing demands.
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
  const has = (mask: number) => (properties & mask) !== 0;
  if (!properties) throw new Error("properties missing");
  // The board's interface has no onRead, so nothing here can be read.
  if (has(PROPERTIES.read)) throw new Error("inconsistent read");
  if (has(WRITES) !== (onWrite !== undefined)) throw new Error("inconsistent write");
  if (has(SUBSCRIBES) !== (onUnsubscribe !== undefined)) throw new Error("inconsistent onSubscribe");
}
