/** One command from command line to exit code. */

import { FolderError, type HeldFolder, holdFolder } from "../folder.js";
import { type Chosen, HELP, readCommandLine, wantsJson } from "./commandLine.js";
import { Desk } from "./desk.js";
import { Ended, EXIT } from "./ended.js";
import { Reports } from "./report.js";
import type { Surroundings } from "./surroundings.js";

/** Runs the command and gives its exit code. Throws for nothing but a defect of its own. */
export async function runCommand(args: readonly string[], surroundings: Surroundings): Promise<number> {
  try {
    const chosen = readCommandLine(args);
    if (chosen !== "help") return await perform(chosen, surroundings);
    surroundings.terminal.out(`${HELP}\n`);
    return EXIT.done;
  } catch (error) {
    const ended = error instanceof FolderError ? new Ended(EXIT.folder, error.message) : error;
    if (!(ended instanceof Ended)) throw error;
    const { exitCode, message } = ended;
    new Reports(surroundings.terminal, wantsJson(args)).tell({ event: "problem", exitCode, what: message });
    return exitCode;
  }
}

async function perform({ task, folderUse, folder, ...options }: Chosen, surroundings: Surroundings): Promise<number> {
  const held: HeldFolder | undefined = folderUse === "look" ? undefined : holdFolder(folder, folderUse === "make");
  const desk = new Desk(surroundings, { ...options, folder });
  try {
    return await task(desk);
  } finally {
    desk.close();
    held?.release();
  }
}
