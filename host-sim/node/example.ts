/**
 * An app in one file. Pairs with the pump of `npm run pump -- --pair`, or opens a session with the one it has a bond
 * with, starts delivery, gives 0.1 U, and shows what became of it:
 *
 *     npm run --silent build && node .build/host-sim/node/example.js my-app 5160 PAIRING-TEXT
 */

import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { SocketTransport } from "../bridge/socketTransport.js";
import { formatAmount } from "../controller/amount.js";
import type { Outcome } from "../controller/control.js";
import { Controller, type PairResult } from "../controller/controller.js";
import { isFinal } from "../controller/doses.js";
import { END_ADVICE } from "../controller/ends.js";
import { CODE_NAMES } from "../controller/ids.js";
import { FileStore } from "./fileStore.js";
import { SystemClock } from "./systemClock.js";
import { tcpStreams } from "./tcpStream.js";

const [, , folder = "my-app", port = "5160", pairingText] = process.argv;
mkdirSync(folder, { recursive: true, mode: 0o700 });

const clock = new SystemClock();
const controller = new Controller({
  transport: new SocketTransport(tcpStreams(Number(port)), { mtu: 247, onTrouble: console.log }),
  clock,
  random: (length) => new Uint8Array(randomBytes(length)),
  store: new FileStore(`${folder}/bonds`),
  onEvent: (event) => {
    if (event.kind === "closed") console.log(END_ADVICE[event.reason]);
  },
});

function end(what: string): void {
  console.log(what);
  controller.close();
  clock.stop();
}

/** Asks what became of the pending order until its end is known: after a restart as well as after a bolus. */
function settle(then: () => void): void {
  if (controller.pending() === undefined) {
    then();
    return;
  }
  controller.resolve((result) => {
    if (result.kind === "ok" || result.kind === "stale") {
      show(result.value);
      if (isFinal(result.value.kind)) settle(then);
      else clock.schedule(() => settle(then), 1_000);
    } else end(`Not resolved yet (${result.kind}). Open again and resolve: never order it again.`);
  });
}

function show({ kind, lowMicrounits, highMicrounits }: Outcome): void {
  console.log(`${kind}: ${formatAmount(lowMicrounits)} to ${formatAmount(highMicrounits)} U`);
}

function refused(code: number): string {
  return `refused: ${CODE_NAMES[code] ?? code}`;
}

function start(): void {
  // A real app shows the rate in a dialog, returns nothing, and calls the second argument when the user has answered.
  controller.run(
    ({ rateMicrounitsPerHour }) => rateMicrounitsPerHour <= 1_000_000,
    (result) => {
      console.log(result.kind === "refused" ? `Run ${refused(result.code)}` : `Run: ${result.kind}`);
      settle(give);
    },
  );
}

function give(): void {
  controller.bolus(100_000, { meal: true }, (result) => {
    if (result.kind === "ok" || result.kind === "lost") settle(() => end("Done."));
    else end(result.kind === "refused" ? `Bolus ${refused(result.code)}` : `Bolus: ${result.kind}`);
  });
}

function connected(result: PairResult): void {
  if (result.kind === "ok") settle(start);
  else end("reason" in result ? END_ADVICE[result.reason] : "what" in result ? result.what : result.kind);
}

if (pairingText === undefined) controller.open(connected);
else controller.pair(pairingText, connected);
