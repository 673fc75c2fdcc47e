/**
 * The peripherals on one air, and who scans for them. Owns both lists; decides no connection.
 */

import type { Station } from "./packet.js";
import { advertisesCountersign } from "./service.js";

/** Whoever scans for the Countersign service. */
export interface Scanner {
  /** Only this peripheral; any for `undefined`. */
  readonly address: string | undefined;
  /** A peripheral that fits advertises. It may end the scan from in here. */
  found(address: string): void;
}

export class Stations {
  readonly #stations = new Map<string, Station>();
  readonly #scanners = new Set<Scanner>();

  /** Throws when the address is taken. */
  register(address: string, station: Station): void {
    if (this.#stations.has(address)) throw new Error(`address ${address} is on the air already`);
    this.#stations.set(address, station);
  }

  at(address: string): Station | undefined {
    return this.#stations.get(address);
  }

  /** Tells of every station that advertises already, in order of registration, and then each time one begins to. */
  scan(scanner: Scanner): void {
    this.#scanners.add(scanner);
    for (const address of this.#stations.keys()) this.#tell(scanner, address);
  }

  stopScan(scanner: Scanner): void {
    this.#scanners.delete(scanner);
  }

  /** A registered station began to advertise. */
  advertisingStarted(address: string): void {
    for (const scanner of [...this.#scanners]) this.#tell(scanner, address);
  }

  #tell(scanner: Scanner, address: string): void {
    const advertisement = this.#stations.get(address)?.advertisement;
    if (advertisement === undefined || !advertisesCountersign(advertisement)) return;
    const fits = scanner.address === undefined || scanner.address === address;
    if (fits && this.#scanners.has(scanner)) scanner.found(address);
  }
}
