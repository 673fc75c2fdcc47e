/** `pair`: makes a bond with the pump that shows a text. */

import { toHex } from "../../controller/bytes.js";
import type { PairResult } from "../../controller/controller.js";
import type { Desk } from "./desk.js";
import { Ended, EXIT, type ExitCode } from "./ended.js";
import { roleText } from "./words.js";

/** Pairs. */
export async function pair(desk: Desk, shownText: string): Promise<ExitCode> {
  desk.reports.passing("Looking for the pump");
  const result = await desk.ask<PairResult>((done) => desk.controller.pair(shownText, done));
  switch (result.kind) {
    case "ok": {
      const { pumpId, role } = result.value;
      desk.tell({ event: "paired", pump: toHex(pumpId), role: roleText(role) });
      return EXIT.done;
    }
    case "malformed":
      throw new Ended(EXIT.usage, `${result.what}.`);
    case "failed":
      throw desk.noSession(result.reason);
    case "unfinished":
      throw new Ended(
        EXIT.session,
        `A bond was made, and whether the pump has it is not known: status, within 7 minutes, finds out; or pair again. ${desk.lastEnd}`,
      );
    case "notClosed":
      throw new Error("a session was open before the first command");
    default:
      return result satisfies never;
  }
}
