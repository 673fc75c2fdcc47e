/** `history`: fetches what the pump has recorded since the last time, keeps it in the folder, and shows all of it. */

import { toHex } from "../../controller/bytes.js";
import type { FetchResult } from "../../controller/historyFetch.js";
import type { Desk } from "./desk.js";
import { Ended, EXIT, type ExitCode } from "./ended.js";
import { HistoryFiles } from "./historyFile.js";
import { historyReports } from "./historyText.js";

/** A session is opened again as long as the one before has brought records. */
async function fetchAll(desk: Desk, files: HistoryFiles, pumpId: Uint8Array): Promise<void> {
  let kept = -1;
  for (;;) {
    desk.reports.passing("Fetching the pump's history");
    const result = await desk.ask<FetchResult>((done) => desk.controller.fetchHistory(files, done));
    if (result.kind === "ok") return;
    if (result.kind === "storeFailed") throw new Ended(EXIT.folder, `${desk.folder}: ${messageOf(result.error)}`);
    if (result.kind === "refused")
      throw new Ended(EXIT.refused, `The pump did not give its history: code ${result.code.toString(16)}.`);
    const { length } = files.read(toHex(pumpId)).items;
    if (desk.interrupt === "leave" || length <= kept || !(await desk.reopen()))
      throw desk.noSession("pumpDisconnected");
    kept = length;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : `${error}`);

/** Shows what is kept, also when the pump could not be asked: then with the exit code that says so. */
export async function showHistory(desk: Desk): Promise<ExitCode> {
  const files = new HistoryFiles(desk.folder);
  let pumps: readonly string[] | undefined;
  let failed: Ended | undefined;
  try {
    await desk.open();
    const { state } = desk.controller;
    if (state.kind !== "open") throw desk.noSession("pumpDisconnected");
    pumps = [toHex(state.pumpId)];
    await fetchAll(desk, files, state.pumpId);
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    failed = error;
  }
  const damaged: string[] = [];
  for (const pump of pumps ?? files.pumps) {
    const kept = files.read(pump);
    for (const report of historyReports(pump, kept.items)) desk.tell(report);
    if (kept.damaged.length > 0) damaged.push(`history-${pump}, line ${kept.damaged.join(", ")}`);
  }
  if (failed) throw failed;
  if (damaged.length > 0)
    throw new Ended(
      EXIT.folder,
      `${desk.folder}: damaged: ${damaged.join("; ")}. Move that file away to fetch it anew.`,
    );
  return EXIT.done;
}
