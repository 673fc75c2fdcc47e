import { microunits, type PumpClockMs } from "../base/units.js";
import { totalMicrounits } from "./journal.js";
import type { Therapy } from "./therapy.js";
import { closeHours, hourOf } from "./windows.js";

/**
 * The therapy with every hour closed that has passed by `clockMs`. The step that writes it must come before the
 * journal's first write of the new hour, or the amount of the old hour would be lost in a power cut.
 */
export function withHoursClosed(therapy: Therapy, clockMs: PumpClockMs): Therapy {
  const { standing, journal } = therapy;
  const hour = hourOf(clockMs);
  if (hour === standing.windows.hour) return therapy;
  return {
    ...therapy,
    standing: {
      ...standing,
      windows: closeHours(standing.windows, journal.openHourMicrounits, hour),
      windowsTotalMicrounits: totalMicrounits(journal),
    },
    journal: { ...journal, openHourMicrounits: microunits(0) },
  };
}
