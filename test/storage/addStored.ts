/** Adds what stored-versions.test.ts asks for. Run from the root of the project, after a build. */

import { existsSync, writeFileSync } from "node:fs";
import { PUMP_BLOBS } from "./formats.js";
import {
  currentVersions,
  HISTORY,
  PUMPS_FILE,
  pumpStoredToday,
  storedPumps,
  storedToday,
  storedVersions,
  VERSIONS_FILE,
} from "./stored.js";

/** Of the pump that is simulated for its storage. */
const SEED = 20_161_004;

const versions = existsSync(VERSIONS_FILE) ? [...storedVersions()] : [];
const pumps = existsSync(PUMPS_FILE) ? [...storedPumps()] : [];
const today = currentVersions();
const write = (file: string, entries: readonly unknown[]) =>
  writeFileSync(file, `${JSON.stringify(entries, null, 2)}\n`);

for (const of of [...PUMP_BLOBS, HISTORY] as const)
  if (!versions.some((each) => each.of === of && each.version === today[of])) versions.push(storedToday(of));
write(VERSIONS_FILE, versions);
const isToday = (stored: { readonly [name: string]: number }) =>
  Object.entries(today).every(([name, version]) => stored[name] === version);
if (!pumps.some((pump) => isToday(pump.versions))) pumps.push(pumpStoredToday(SEED));
write(PUMPS_FILE, pumps);
