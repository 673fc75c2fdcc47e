/**
 * Firmware of four versions that store a number each in a layout of its own, and the next version of the pump's own
 * formats: for what only a change of version can show.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { blobSpecs } from "../../firmware/boot.js";
import { BONDS_FORMAT } from "../../firmware/session/bonds.js";
import { type BlobSpec, StateBlob } from "../../firmware/storage/blob.js";
import { checkedContent } from "../../firmware/storage/checked.js";
import type { FakeStore } from "./fake-store.js";

type Format = Pick<BlobSpec<number>, "version" | "encode" | "decode">;

/** Version n: n bytes of filling, the value, a byte that is the version's own. */
const formatOf = (version: number): Format => ({
  version,
  encode: (value) => Uint8Array.of(...new Array(version).fill(0xee), value, 0xa0 + version),
  decode: (bytes) =>
    bytes.length === version + 2 && bytes[version + 1] === 0xa0 + version ? bytes[version] : undefined,
});

/** The blob as firmware of `version` has it, which reads back to version `oldest`. */
export const firmwareOf = (
  copies: BlobSpec<number>["copies"],
  version: number,
  oldest: number,
): ((store: FakeStore) => StateBlob<number>) => {
  const older = Array.from({ length: version - oldest }, (_, i) => formatOf(oldest + i));
  return (store) => new StateBlob(store, { name: "state", copies, ...formatOf(version), older });
};

/** What a copy says of itself; undefined when it is not sound. */
export function soundCopy(bytes: Uint8Array | undefined): { version: number; sequence: number } | undefined {
  const content = bytes && checkedContent(bytes);
  if (!content) return undefined;
  const view = new DataView(content.buffer, content.byteOffset);
  return { version: view.getUint8(0), sequence: view.getUint32(1, true) };
}

/** Versions of the sound copies. */
export const versionsIn = (store: FakeStore): readonly number[] =>
  [...store.entries.values()].flatMap((bytes) => soundCopy(bytes)?.version ?? []);

export type PumpBlob = keyof ReturnType<typeof blobSpecs>;

export const PUMP_BLOBS = Object.keys(blobSpecs(sha256)) as readonly PumpBlob[];
/** What its keys begin with. */
export const nameOf = (blob: PumpBlob): string => blobSpecs(sha256)[blob].name;

/** The version that this firmware stores it in. */
export const versionOf = (blob: PumpBlob): number => blobSpecs(sha256)[blob].version;

interface Changing {
  version: number;
  older?: BlobSpec<unknown>["older"];
}

/**
 * Makes the firmware that of a next version of some blobs' formats, as long as `use` runs: their layout is as it was,
 * their version one higher, and the version before is read, or with `reads: false` no longer.
 */
export function withNextFormats<T>(blobs: readonly PumpBlob[], use: () => T, reads = true): T {
  const undo: (() => void)[] = [];
  try {
    for (const blob of blobs) {
      const spec = blobSpecs(sha256)[blob] as BlobSpec<unknown>;
      // Bonds are read with the board's SHA-256: their specification is made anew at each boot, of this.
      const changing = (blob === "bonds" ? BONDS_FORMAT : spec) as unknown as Changing;
      const { version, older } = changing;
      const decode = (bytes: Uint8Array) => spec.decode(bytes);
      changing.version = version + 1;
      changing.older = reads ? [...(older ?? []), { version, decode }] : [];
      undo.push(() => {
        changing.version = version;
        if (older) changing.older = older;
        else delete changing.older;
      });
    }
    return use();
  } finally {
    for (const each of undo) each();
  }
}
