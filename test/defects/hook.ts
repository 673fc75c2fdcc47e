import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Planted } from "./defects.js";

interface Loaded {
  readonly format: string;
  readonly source?: string;
  readonly shortCircuit?: boolean;
}

let planted: Planted | undefined;

/** Takes the defect to plant, as JSON. */
export function initialize(data: string): void {
  planted = JSON.parse(data) as Planted;
}

/** Node's load hook: the named module with its one place changed, any other as it is. */
export async function load(
  url: string,
  context: unknown,
  next: (url: string, context: unknown) => Promise<Loaded>,
): Promise<Loaded> {
  if (!planted || !url.endsWith(`/${planted.module}`)) return next(url, context);
  const source = await readFile(fileURLToPath(url), "utf8");
  const parts = source.split(planted.from);
  if (parts.length !== 2) throw new Error(`DEFECT NOT PLANTED: "${planted.from}" stands ${parts.length - 1} times`);
  return { format: "module", source: parts.join(planted.to), shortCircuit: true };
}
