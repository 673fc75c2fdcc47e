/**
 * `npm run replay`: plays a recording into a fresh pump and compares what it sends; or lists a capture; or sends the
 * recorded bytes again, as a thief would. Exit code 0 when all is identical (every connection refused), 1 when it is
 * not, 2 for arguments or a file that cannot be used.
 */

import { readFileSync } from "node:fs";
import { clockText } from "../clock/clockText.js";
import { replayLine } from "../day/lines.js";
import { listing, packetText, timeText } from "../trace/listing.js";
import { readCapture } from "../trace/pcapngReader.js";
import { type Difference, Player } from "../trace/player.js";
import { type Recording, readRecording } from "../trace/recording.js";
import { sendAgain, type Theft } from "../trace/thief.js";
import { World } from "../world.js";
import { HELP, type ReplayOptions, replayOptions } from "./replayOptions.js";
import { messageOf, reasonOf } from "./systemError.js";

const EXIT = { identical: 0, different: 1, unusable: 2 } as const;
/** For a pump to boot and advertise. */
const BOOT_MS = 1_000;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function unusable(why: string): typeof EXIT.unusable {
  process.stderr.write(`${why.replace(/\s*\n\s*/g, " ")}\n`);
  return EXIT.unusable;
}

function run({ path, mode, seed }: ReplayOptions): number {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return unusable(`${path}: cannot be read: ${reasonOf(error)}`);
  }
  if (mode === "list") return list(path, bytes);
  const read = readRecording(bytes);
  if (read.kind === "malformed") return unusable(`${path}: ${read.what}`);
  const { recording } = read;
  if (recording.cut !== undefined) print(`${path}: ${recording.cut}. What stands before it is used.`);
  if (mode === "attack" && seed !== undefined) return attackAnother(recording, seed);
  const player = new Player(recording);
  const code = replay(player, recording);
  if (mode === "replay" || code !== EXIT.identical) return code;
  player.release();
  return attack(player.world, recording);
}

function list(path: string, bytes: Uint8Array): number {
  const capture = readCapture(bytes);
  if (capture.kind === "malformed") return unusable(`${path}: ${capture.what}`);
  for (const line of listing(capture.packets)) print(line);
  if (capture.cut !== undefined) return unusable(`${path}: ${capture.cut}`);
  return EXIT.identical;
}

function replay(player: Player, { beginning, ending, lastMicros, sent }: Recording): number {
  const { identical, difference } = player.play();
  print(
    `Seed ${beginning.seed}, ${clockText(lastMicros / 1_000)} of virtual time, ${sent.length} packets of the pump.`,
  );
  if (difference !== undefined) {
    print(`${identical} were identical. Then:`);
    for (const line of differenceLines(difference)) print(line);
    return EXIT.different;
  }
  const halfSteps = player.world.hardware.plant.commandedHalfSteps;
  const end =
    ending === undefined ? "the recording broke off before its end" : `${halfSteps} half-steps in the end, as recorded`;
  print(`All ${identical} were identical, bytes and time; ${end}.`);
  return EXIT.identical;
}

function differenceLines({ timeMicros, what, recorded, replayed }: Difference): readonly string[] {
  return [
    `  what      ${what}`,
    recorded === undefined
      ? "  recorded  nothing"
      : `  recorded  ${timeText(recorded.timeMicros)}  frame ${recorded.frame}  ${packetText(recorded.what)}`,
    `  replayed  ${timeText(timeMicros)}  ${replayed === undefined ? "nothing" : packetText(replayed)}`,
  ];
}

function attackAnother(recording: Recording, seed: number): number {
  const world = new World({ ...recording.beginning, seed });
  print(`Another pump, seed ${seed}, that never met these controllers.`);
  return attack(world, recording);
}

function attack(world: World, recording: Recording): number {
  if (!world.hardware.powered) {
    world.powerUp();
    world.clock.advance(BOOT_MS);
  }
  print("The recorded connections, sent again:");
  const thefts: Theft[] = [];
  sendAgain(world, recording, (theft) => {
    thefts.push(theft);
    const { connection, values, sent } = theft;
    print(replayLine({ ...theft, what: `connection ${connection}: ${sent} of ${values} values sent` }));
  });
  const refused = thefts.filter((theft) => theft.refused).length;
  const halfSteps = thefts.reduce((sum, theft) => sum + theft.halfSteps, 0);
  print(`${refused} of ${thefts.length} refused, ${halfSteps} half-steps.`);
  return refused === thefts.length ? EXIT.identical : EXIT.different;
}

// Whoever reads the output may stop reading, as `head` does.
process.stdout.on("error", () => {});
try {
  const options = replayOptions(process.argv.slice(2));
  if (options === undefined) print(HELP);
  process.exitCode = options === undefined ? EXIT.identical : run(options);
} catch (error) {
  process.exitCode = unusable(messageOf(error));
}
