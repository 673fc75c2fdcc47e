import { VirtualClock } from "../../../host-sim/clock/virtualClock.js";
import type { CutPhase, OperationKind } from "../../../host-sim/peripherals/power.js";
import { PowerSession } from "../../../host-sim/peripherals/powerSession.js";

/** A session on a clock of its own, which loses power at the operation asked for. */
export class Bench {
  readonly clock = new VirtualClock();
  readonly operations: OperationKind[] = [];
  readonly crashes: unknown[] = [];
  cutPhase: CutPhase | undefined;
  stallMs: (callbackNumber: number) => number = () => 0;
  session = this.powerUp();

  powerUp(): PowerSession {
    this.cutPhase = undefined;
    const session: PowerSession = new PowerSession(this.clock, {
      stallMs: (callbackNumber) => this.stallMs(callbackNumber),
      onOperation: (kind) => {
        this.operations.push(kind);
        return this.cutPhase;
      },
      cut: () => session.end(),
      onCrash: (error) => this.crashes.push(error),
    });
    this.session = session;
    return session;
  }
}
