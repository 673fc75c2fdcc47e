/** One stored copy of a blob: its envelope, and what the copy is to this firmware. blob.ts says what follows. */

import { layout } from "../base/layout.js";
import { checkedContent } from "./checked.js";

/** The same in every version; the check follows it. */
export const ENVELOPE = layout(["version", "u8"], ["sequence", "u32"], ["payload", "rest"]);

/** What the store gives for a key. */
export type StoredCopy = Uint8Array | "absent" | "unreadable";

export type Copy<T> =
  | { readonly kind: "absent" | "bad"; readonly sequence: 0 }
  | ({ readonly kind: "good"; readonly value: T; readonly stored: Uint8Array } & Sound)
  /** Sound, of an older version that has no decoder. */
  | ({ readonly kind: "unread" } & Sound);

interface Sound {
  /** 1 or more: so a sound copy outranks any other. */
  readonly sequence: number;
  readonly version: number;
}

/** A version of a payload's format that is read. */
interface Format<T> {
  readonly version: number;
  /** `undefined` when the bytes are no value. */
  decode(bytes: Uint8Array): T | undefined;
}

/** Reads a copy by today's format or an older one. Throws an invariant for a sound copy of a newer one. */
export function readCopy<T>(
  stored: StoredCopy,
  spec: Format<T> & { readonly name: string; readonly older?: readonly Format<T>[] },
): Copy<T> {
  if (stored === "absent") return { kind: "absent", sequence: 0 };
  const content = stored === "unreadable" ? undefined : checkedContent(stored);
  const envelope = content && ENVELOPE.decode(content);
  if (envelope === undefined || stored === "unreadable") return { kind: "bad", sequence: 0 };
  const { version, sequence, payload } = envelope;
  const { name, version: today, older = [] } = spec;
  if (version > today) throw new Error(`invariant: ${name} is loaded, and newer firmware has stored it`);
  const format = version === today ? spec : older.find((each) => each.version === version);
  if (format === undefined) return { kind: "unread", sequence, version };
  const value = format.decode(payload);
  return value === undefined ? { kind: "bad", sequence: 0 } : { kind: "good", sequence, version, value, stored };
}
