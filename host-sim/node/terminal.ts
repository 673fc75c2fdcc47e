/** The terminal of this process. */

import { createInterface } from "node:readline";
import type { Terminal } from "./controller/surroundings.js";

const YES = /^\s*y(es)?\s*$/i;

/** Standard input, output and error, and Ctrl-C. A request to terminate (SIGTERM) counts as Ctrl-C. */
export class ProcessTerminal implements Terminal {
  readonly interactive = process.stdin.isTTY === true && process.stderr.isTTY === true;

  constructor() {
    // Whoever reads the output may stop reading, as `head` does.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  }

  out(text: string): void {
    process.stdout.write(text);
  }

  err(text: string): void {
    process.stderr.write(text);
  }

  ask(question: string, abandoned: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      const abandon = () => lines.close();
      let answered = false;
      lines.on("close", () => {
        abandoned.removeEventListener("abort", abandon);
        if (!answered) this.err("\n");
        resolve(false);
      });
      abandoned.addEventListener("abort", abandon);
      lines.question(question, (answer) => {
        answered = true;
        resolve(YES.test(answer));
        lines.close();
      });
    });
  }

  onInterrupt(listener: () => void): () => void {
    const signals = ["SIGINT", "SIGTERM"] as const;
    for (const signal of signals) process.on(signal, listener);
    return () => {
      for (const signal of signals) process.off(signal, listener);
    };
  }
}
