/** What pumps do in more than one trial, and how such trials end. */

import { finish, recover } from "./recovery.js";
import type { Script } from "./sweep.js";

export const boot: Script = (trial) => trial.powerUp();

export const begin: Script = (trial) => {
  boot(trial);
  trial.open();
};

/** Three pulses. */
export const fastBolus: Script = (trial) => {
  begin(trial);
  trial.advance(1_000);
  trial.bolus(130_000);
  while (!trial.resolve()) trial.advance(1_000);
};

export const recovers: Script = (trial) => {
  recover(trial);
  finish(trial);
};
