/** `bonds` and `revoke`: who may talk to the pump, and the end of that. */

import { toHex } from "../../controller/bytes.js";
import type { BondEntry } from "../../controller/control.js";
import type { Result } from "../../controller/requests.js";
import { answered } from "./annunciations.js";
import type { Desk } from "./desk.js";
import { Ended, EXIT, type ExitCode, exitOf } from "./ended.js";
import { placeOrder } from "./ordering.js";
import { roleText } from "./words.js";

async function read(desk: Desk): Promise<readonly BondEntry[]> {
  return answered(desk, await desk.ask<Result<readonly BondEntry[]>>((done) => desk.controller.bonds(done)));
}

/** Lists the bonds. */
export async function showBonds(desk: Desk): Promise<ExitCode> {
  await desk.open();
  for (const { controllerId, role, confirmed, yours } of await read(desk))
    desk.tell({ event: "bond", controller: toHex(controllerId), role: roleText(role), confirmed, yours });
  return EXIT.done;
}

/** Ends the bond of one controller, in hexadecimal, once a person has said yes. */
export async function revokeBond(desk: Desk, controller: string): Promise<ExitCode> {
  await desk.open();
  const bond = (await read(desk)).find(({ controllerId }) => toHex(controllerId) === controller);
  if (bond === undefined) throw new Ended(EXIT.refused, `The pump has no bond ${controller}: bonds lists them.`);
  const whose = bond.yours ? "this controller's own bond" : `bond ${controller} (${roleText(bond.role)})`;
  if (!(await desk.confirm(`End ${whose}? [y/N] `)))
    throw new Ended(EXIT.refused, `Nothing was revoked: say yes on a terminal, or give --yes.`);
  await desk.open();
  return bond.yours ? revokeOwn(desk) : revokeOther(desk, bond);
}

async function revokeOwn(desk: Desk): Promise<ExitCode> {
  const result = await desk.ask<Result<undefined>>((done) => desk.controller.revokeOwnBond(done));
  if (result.kind === "lost")
    throw new Ended(
      EXIT.open,
      `Whether the bond has ended is not known: status tells, or its refusal. ${desk.lastEnd}`,
    );
  answered(desk, result);
  desk.tell({ event: "note", what: "The bond has ended, at the pump and here." });
  return EXIT.done;
}

async function revokeOther(desk: Desk, { controllerId, role }: BondEntry): Promise<ExitCode> {
  const ordered = await placeOrder(desk, false, (done) => desk.controller.revokeBond({ controllerId, role }, done));
  if (ordered.kind === "resolved") return exitOf(ordered.outcome.kind);
  return ordered.kind === "refused" ? EXIT.refused : EXIT.done;
}
