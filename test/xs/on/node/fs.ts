/** `node:fs` on XS: the project's files that tests read, taken into the program when it is bundled. */

declare const FILES: Readonly<Record<string, string>>;

export function readFileSync(path: string): string {
  const text = FILES[path];
  if (text === undefined) throw new Error(`${path} is not in this program`);
  return text;
}
