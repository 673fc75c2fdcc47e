/**
 * The lines that the bridge sends, read strictly (PROTOCOL.md 10.1): what is known must be whole and right, what is not
 * known is passed over. Pure.
 */

import { ATT_HEADER_BYTES, MTU_DEFAULT } from "../air/bluetooth.js";
import { fromHex } from "./hex.js";

/** The largest ATT_MTU that the bridge agrees to (PROTOCOL.md 10.1). */
export const MTU_MAXIMUM = 517;

/** A characteristic of the pump. */
export interface Characteristic {
  readonly uuid: string;
  readonly properties: readonly string[];
}

/** A service of the pump. */
export interface Service {
  readonly uuid: string;
  readonly characteristics: readonly Characteristic[];
}

/** What a central of one connection hears. */
export type BridgeEvent =
  | { readonly event: "connected"; readonly mtu: number }
  | { readonly event: "services"; readonly services: readonly Service[] }
  | { readonly event: "subscribed" | "written"; readonly characteristic: string }
  | { readonly event: "indication"; readonly characteristic: string; readonly value: Uint8Array }
  | { readonly event: "disconnected" }
  | { readonly event: "error"; readonly what: string };

/** A line read. `ignored`: an event that this client has no use for. */
export type ReadLine =
  | { readonly kind: "event"; readonly event: BridgeEvent }
  | { readonly kind: "ignored" }
  | { readonly kind: "malformed" };

type Members = Readonly<Record<string, unknown>>;

function members(value: unknown): Members | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function parse(line: string): Members | undefined {
  try {
    return members(JSON.parse(line));
  } catch {
    // JSON.parse throws for nothing but text that is no JSON.
    return undefined;
  }
}

/** Every element of a list read; undefined when it is no list or one element is not readable. */
function list<T>(value: unknown, read: (element: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const elements = value.flatMap((element) => read(element) ?? []);
  return elements.length === value.length ? elements : undefined;
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function characteristic(value: unknown): Characteristic | undefined {
  const { uuid, properties } = members(value) ?? {};
  const read = list(properties, text);
  return typeof uuid === "string" && read !== undefined ? { uuid, properties: read } : undefined;
}

function service(value: unknown): Service | undefined {
  const { uuid, characteristics } = members(value) ?? {};
  const read = list(characteristics, characteristic);
  return typeof uuid === "string" && read !== undefined ? { uuid, characteristics: read } : undefined;
}

function isMtu(mtu: unknown): mtu is number {
  return Number.isInteger(mtu) && typeof mtu === "number" && mtu >= MTU_DEFAULT && mtu <= MTU_MAXIMUM;
}

/** A known event with what it must have; undefined when a member is missing or wrong. */
function known(event: BridgeEvent["event"], line: Members): BridgeEvent | undefined {
  switch (event) {
    case "connected":
      return isMtu(line["mtu"]) ? { event, mtu: line["mtu"] } : undefined;
    case "services": {
      const services = list(line["services"], service);
      return services && { event, services };
    }
    case "subscribed":
    case "written": {
      const { characteristic } = line;
      return typeof characteristic === "string" ? { event, characteristic } : undefined;
    }
    case "indication": {
      const { characteristic, value } = line;
      const bytes = typeof value === "string" ? fromHex(value) : undefined;
      if (typeof characteristic !== "string" || bytes === undefined) return undefined;
      return bytes.length <= MTU_MAXIMUM - ATT_HEADER_BYTES ? { event, characteristic, value: bytes } : undefined;
    }
    case "disconnected":
      return { event };
    case "error": {
      const { what } = line;
      return typeof what === "string" ? { event, what } : undefined;
    }
    default:
      return event satisfies never;
  }
}

const EVENTS = ["connected", "services", "subscribed", "written", "indication", "disconnected", "error"] as const;

/** Reads one line, its line feed taken off. */
export function readEvent(line: string): ReadLine {
  const object = parse(line);
  if (object === undefined || typeof object["event"] !== "string") return { kind: "malformed" };
  const name = EVENTS.find((each) => each === object["event"]);
  if (name === undefined) return { kind: "ignored" };
  const event = known(name, object);
  return event === undefined ? { kind: "malformed" } : { kind: "event", event };
}
