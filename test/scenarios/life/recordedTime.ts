/** The pump's own time as its history has it, read from the flash. */

import { HistoryLog } from "../../../firmware/storage/history.js";
import { EVENT, type Figures, readEvent } from "../../../host-sim/controller/events.js";
import type { World } from "../../../host-sim/world.js";
import { MAINS } from "../scene.js";

/** More than a boot records. */
const BOOT_RECORDS = 40;
const MS_TO_2000 = Date.UTC(2000, 0, 1);

/** The date in a Reference Time record, as milliseconds since 2000. */
export function localMsOf({ year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0 }: Figures): number {
  return Date.UTC(year, month - 1, day, hours, minutes, seconds) - MS_TO_2000;
}

/** The date of the newest Reference Time, which a boot records: local time in milliseconds since 2000. */
export function recordedLocalMs({ hardware }: World): number {
  const log = new HistoryLog(hardware.flash.open(MAINS));
  let localMs = Number.NaN;
  log.mount();
  log.read(Math.max(0, (log.newest?.sequence ?? 0) - BOOT_RECORDS), 0xffffffff, (record) => {
    const { figures } = readEvent(record);
    if (record.event === EVENT.referenceTime && figures) localMs = localMsOf(figures);
  });
  return localMs;
}
