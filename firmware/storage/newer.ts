/** What newer firmware has stored, and this one must leave alone: how it is told. */

/** Something of a version above the newest that this firmware reads. */
export interface Newer {
  readonly name: string;
  readonly version: number;
  readonly readsVersion: number;
}

/** One line: what it is, which versions, and what to do. */
export function newerText(all: readonly Newer[]): string {
  const each = all.map(({ name, version, readsVersion }) => `${name} version ${version} (this reads ${readsVersion})`);
  return `newer firmware has stored ${each.join(", ")}: put that firmware back`;
}
