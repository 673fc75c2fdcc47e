/**
 * `npm start`: plays a day on a simulated pump, attacks the pump with what was on the air, and accounts for every unit.
 * Exit code 0 when every check passed, 1 when one did not or the recording broke off, 2 for arguments or a day that cannot be used.
 */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { renderUnicodeCompact } from "uqr";
import { clockText } from "../clock/clockText.js";
import { accountLines } from "../day/accountLines.js";
import { checksOf } from "../day/checks.js";
import { type DayEntry, mergeDays, parseDay } from "../day/day.js";
import { entryLine, replayLine } from "../day/lines.js";
import { Operator } from "../day/operator.js";
import type { DayEnd, PlayedEntry } from "../day/played.js";
import { DayPlayer } from "../day/player.js";
import { type Replay, Replays } from "../day/replays.js";
import { accountOf } from "../day/summary.js";
import type { Sink } from "../trace/recorder.js";
import { RecordFile } from "./recordFile.js";
import { messageOf, reasonOf } from "./systemError.js";

/** From .build/host-sim/node/ back to the sources. */
const DEFAULT_DAYS = ["programmed-day.json", "closed-loop-day.json"].map((name) =>
  fileURLToPath(new URL(`../../../host-sim/day/${name}`, import.meta.url)),
);
const DEFAULT_SEED = "1";
const LARGEST_SEED = 0xffff_ffff;
const EXIT = { passed: 0, failed: 1, unusable: 2 } as const;

const HELP = `Usage: npm start -- [--day FILE] [--seed N] [--record FILE]

Plays a day of insulin delivery on a simulated pump, replays its last bolus as an attacker, and accounts for every unit.

  --day FILE   the day to play, as JSON; may be repeated: then they are laid over each other. A real closed-loop day of
               13.5 hours, over a programmed day with a change of the reservoir, unless given
  --seed N     0 to ${LARGEST_SEED}: the same seed gives the same bytes and steps; ${DEFAULT_SEED} unless given
  --record FILE
               records the whole run in pcapng, for Wireshark and for npm run replay; the file is overwritten
  --help       this text

A day is an array of entries in time order, each with "atSeconds" and "event":
  bolus (units, automatic), tempBasal (unitsPerHour, minutes), suspend, resume, setTime (localTime),
  profile (blocks, each with minutes and unitsPerHour), changeReservoir (fillUnits, primingUnits)

Exit code: 0 every check passed, 1 a check failed or the recording broke off, 2 the arguments or the day cannot be used.`;

interface Chosen {
  readonly seed: number;
  readonly entries: readonly DayEntry[];
  /** File to record into. */
  readonly record: string | undefined;
}

function print(line = ""): void {
  process.stdout.write(`${line}\n`);
}

function unusable(why: string): typeof EXIT.unusable {
  process.stderr.write(`${why.replace(/\s*\n\s*/g, " ")}\n`);
  return EXIT.unusable;
}

/** The text of a file, or undefined after telling why it cannot be read. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    unusable(`${path}: cannot be read: ${reasonOf(error)}`);
    return undefined;
  }
}

/** What was asked for on the command line; a number is the exit code to end with at once. */
function choose(args: readonly string[]): Chosen | number {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        day: { type: "string", multiple: true, default: DEFAULT_DAYS },
        seed: { type: "string", default: DEFAULT_SEED },
        record: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      print(HELP);
      return EXIT.passed;
    }
    const seed = /^\d{1,10}$/.test(values.seed) ? Number(values.seed) : Number.NaN;
    if (!(seed <= LARGEST_SEED)) return unusable(`--seed is ${values.seed}; it must be 0 to ${LARGEST_SEED}`);
    const days: (readonly DayEntry[])[] = [];
    for (const path of values.day) {
      const text = read(path);
      if (text === undefined) return EXIT.unusable;
      const day = parseDay(text);
      if (day.kind !== "ok") return unusable(`${path}: ${day.what}`);
      days.push(day.entries);
    }
    return { seed, entries: mergeDays(days), record: values.record };
  } catch (error) {
    return unusable(messageOf(error));
  }
}

/** Prints lines above a bar at the bottom, which is there only on a terminal. */
class Progress {
  readonly #bar: SingleBar | undefined;

  constructor(total: number) {
    if (!process.stdout.isTTY) return;
    const format = "  [{bar}] {value}/{total} {what}";
    this.#bar = new SingleBar({ stream: process.stdout, clearOnComplete: true, hideCursor: true, format });
    this.#bar.start(total, 0, { what: "" });
  }

  line(line: string, what: string): void {
    if (this.#bar !== undefined) {
      process.stdout.cursorTo(0);
      process.stdout.clearLine(0);
    }
    print(line);
    this.#bar?.increment(1, { what });
  }

  end(): void {
    this.#bar?.stop();
  }
}

/** Plays the day, recorded if that is wanted. A recording that breaks off leaves the day to its end. */
function run(chosen: Chosen): number {
  if (chosen.record === undefined) return play(chosen, undefined);
  let broken = false;
  let recordFile: RecordFile;
  try {
    recordFile = new RecordFile(chosen.record, (why) => {
      broken = true;
      process.stderr.write(`${why}\n`);
    });
  } catch (error) {
    return unusable(messageOf(error));
  }
  const code = play(chosen, recordFile.sink);
  recordFile.close();
  return broken ? EXIT.failed : code;
}

function play({ seed, entries }: Chosen, record: Sink | undefined): number {
  const operator = new Operator({ seed, ...(record && { record }) });
  print("Countersign: a simulated pump, its controller, and a day.");
  print();
  const pairingText = operator.powerUp();
  print("The pump has booted; three taps of its button opened pairing. It shows:");
  print();
  print(renderUnicodeCompact(pairingText, { border: 2 }));
  print(`  ${pairingText}`);
  print();
  operator.begin(pairingText);
  print(`Paired, Run committed. ${entries.length} entries, seed ${seed}:`);
  print();

  const played: PlayedEntry[] = [];
  const progress = new Progress(entries.length);
  const player = new DayPlayer(operator, (entry) => {
    played.push(entry);
    progress.line(entryLine(entry), clockText(entry.atMs));
  });
  const end = player.play(entries);
  progress.end();
  const account = accountOf(operator.world, played, end);

  print();
  print("Account:");
  for (const line of accountLines(account)) print(line);
  print();
  const replays = attack(operator, end);
  const failed = checksOf(account, replays).filter(({ passed }) => !passed);
  operator.world.endRecording();
  print();
  for (const { what } of failed) print(`CHECK FAILED: ${what}`);
  if (failed.length === 0) print("Every check passed.");
  return failed.length === 0 ? EXIT.passed : EXIT.failed;
}

function attack(operator: Operator, { lastBolus, status }: DayEnd): readonly Replay[] {
  if (lastBolus === undefined) {
    print("No bolus was accepted: there is nothing to replay.");
    return [];
  }
  const { epoch, sequence } = lastBolus.doseId;
  print(`The last bolus (${epoch}-${sequence}), replayed:`);
  const replays: Replay[] = [];
  const attempts = new Replays(operator, lastBolus, (replay) => {
    replays.push(replay);
    print(replayLine(replay));
  });
  attempts.tryAll(status?.therapyControlState);
  return replays;
}

// Whoever reads the output may stop reading, as `head` does.
process.stdout.on("error", () => {});
const chosen = choose(process.argv.slice(2));
process.exitCode = typeof chosen === "number" ? chosen : run(chosen);
