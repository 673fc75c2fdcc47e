/** A part of an evening's account: figures for the reader, and what of it is wrong. */

export interface Part {
  readonly lines: readonly string[];
  readonly wrong: readonly string[];
}

export const units = (microunits: number): string => (microunits / 1_000_000).toFixed(4);
export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** `what` with its figure, in microunits, within bounds. */
export function within(what: string, value: number, least: number, most: number): Part {
  const line = `${what}: ${units(value)} U, of ${units(least)} to ${units(most)}`;
  return { lines: [line], wrong: value >= least && value <= most ? [] : [line] };
}

/** What is wrong unless it `holds`, and told to nobody otherwise. */
export const unless = (holds: boolean, what: string): Part => ({ lines: [], wrong: holds ? [] : [what] });

export const all = (...parts: readonly Part[]): Part => ({
  lines: parts.flatMap(({ lines }) => lines),
  wrong: parts.flatMap(({ wrong }) => wrong),
});
