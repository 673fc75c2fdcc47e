/** The commands, one row each: words, arguments, help, and what it does. */

import { parseAmount } from "../../controller/amount.js";
import type { Accepted, CommandResult } from "../../controller/commands.js";
import { LONGEST_TBR_MINUTES } from "../../controller/ids.js";
import { parseShown } from "../../controller/pairing.js";
import { endAnnunciation, showAnnunciation } from "./annunciations.js";
import { giveBolus, prime } from "./bolus.js";
import { revokeBond, showBonds } from "./bonds.js";
import { cancel, stop, stopPriming } from "./cancelling.js";
import type { Desk } from "./desk.js";
import { Ended, EXIT, type ExitCode, exitOf } from "./ended.js";
import { beginFlightMode } from "./flightMode.js";
import { showHistory } from "./history.js";
import { placeOrder, type Start } from "./ordering.js";
import { abandon, openOutcomes, orders, outcomeOf } from "./outcomes.js";
import { pair } from "./pairing.js";
import { blocksIn, showProfile, templateOf, timeOf } from "./programs.js";
import { showStatus } from "./status.js";
import { parseDose } from "./words.js";

/** Options that belong to some commands only. */
export type Option = "correction" | "meal" | "change" | "yes";

/** What stands behind the command's words. */
export interface Given {
  readonly arguments: readonly string[];
  readonly options: ReadonlySet<Option>;
}

/** What a command does. Throws an {@link Ended} for whatever has an end of its own. */
export type Task = (desk: Desk) => Promise<ExitCode> | ExitCode;

/** One command. */
export interface Command {
  /** The words that it begins with. */
  readonly words: readonly string[];
  /** Its arguments and options, for people. */
  readonly usage: string;
  /** How many arguments it takes, at least and at most. */
  readonly arguments: readonly [least: number, most: number];
  readonly options: readonly Option[];
  readonly help: string;
  /** What it does to the folder: makes it when it is not there, holds it, or only looks into it. */
  readonly folder: "make" | "hold" | "look";
  /** Reads the arguments. Throws an {@link Ended} when one is wrong, before anything else happens. */
  prepare(given: Given): Task;
}

/** A pairing text may be typed in groups. */
const MOST_GROUPS = 42;
const MILLIONTHS_PER_PERCENT = 10_000;
/** PROTOCOL.md section 6.3. */
const MOST_PERCENT = 500;
const MINUTES = /^[1-9]\d{0,3}$/;
const INSTANCE = /^\d{1,5}$/;
const LARGEST_INSTANCE = 0xffff;
const CONTROLLER = /^[0-9a-f]{16}$/;

function wrong(what: string): Ended {
  return new Ended(EXIT.usage, `${what}.`);
}

function amountOf(text: string | undefined): number {
  const amount = parseAmount(text ?? "");
  if (amount.kind === "malformed") throw wrong(amount.what);
  return amount.microunits;
}

function minutesOf(text = ""): number {
  const minutes = MINUTES.test(text) ? Number(text) : 0;
  if (minutes < 1 || minutes > LONGEST_TBR_MINUTES)
    throw wrong(`"${text}" is no duration: give whole minutes, 1 to ${LONGEST_TBR_MINUTES}`);
  return minutes;
}

/** "150%" is 150; undefined for what has no percent sign. */
function percentOf(text = ""): number | undefined {
  if (!text.endsWith("%")) return undefined;
  const percent = /^\d{1,3}%$/.test(text) ? Number(text.slice(0, -1)) : -1;
  if (percent < 0 || percent > MOST_PERCENT)
    throw wrong(`"${text}" is no part of the basal rate: give 0% to ${MOST_PERCENT}%`);
  return percent;
}

function doseOf(text = "") {
  const doseId = parseDose(text);
  if (doseId === undefined) throw wrong(`"${text}" is no dose ID: orders shows them, such as 1-3`);
  return doseId;
}

function instanceOf(text = ""): number {
  const instance = INSTANCE.test(text) ? Number(text) : LARGEST_INSTANCE + 1;
  if (instance > LARGEST_INSTANCE) throw wrong(`"${text}" is no number of an annunciation: annunciations shows it`);
  return instance;
}

function controllerOf(text = ""): string {
  const controller = text.toLowerCase();
  if (!CONTROLLER.test(controller)) throw wrong(`"${text}" is no controller's ID: bonds shows them, 16 digits each`);
  return controller;
}

/** A countersigned order that is no dose: done as soon as the pump has accepted it. */
function setting(start: (desk: Desk) => Start<Accepted>): Task {
  return async (desk) => {
    const ordered = await placeOrder(desk, false, start(desk));
    if (ordered.kind === "resolved") return exitOf(ordered.outcome.kind);
    return ordered.kind === "refused" ? EXIT.refused : EXIT.done;
  };
}

type Done = (result: CommandResult<Accepted>) => void;

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  {
    words: ["pair"],
    usage: "TEXT",
    arguments: [1, MOST_GROUPS],
    options: [],
    help: "makes a bond with the pump that shows TEXT while its pairing window is open",
    folder: "make",
    prepare: ({ arguments: groups }) => {
      const text = groups.join("");
      const shown = parseShown(text);
      if (shown.kind === "malformed") throw wrong(shown.what);
      return (desk) => pair(desk, text);
    },
  },
  {
    words: ["status"],
    usage: "",
    arguments: [0, 0],
    options: [],
    help: "state, reservoir, basal, TBR, boluses, totals, battery, versions, annunciation",
    folder: "hold",
    prepare: () => showStatus,
  },
  {
    words: ["bolus"],
    usage: "U [--correction] [--meal]",
    arguments: [1, 1],
    options: ["correction", "meal"],
    help: "orders a bolus and stays to its end; Ctrl-C cancels it, a second one leaves it alone",
    folder: "hold",
    prepare: ({ arguments: [text], options }) => {
      const amountMicrounits = amountOf(text);
      if (amountMicrounits === 0) throw wrong(`"${text}" is no bolus: the smallest is 0.01 U`);
      const purposes = { correction: options.has("correction"), meal: options.has("meal") };
      return (desk) => giveBolus(desk, { amountMicrounits, ...purposes });
    },
  },
  {
    words: ["cancel"],
    usage: "",
    arguments: [0, 0],
    options: [],
    help: "cancels the bolus under way",
    folder: "hold",
    prepare: () => cancel,
  },
  {
    words: ["stop"],
    usage: "",
    arguments: [0, 0],
    options: [],
    help: "stops all delivery: bolus, TBR, basal",
    folder: "hold",
    prepare: () => stop,
  },
  {
    words: ["run"],
    usage: "[--yes]",
    arguments: [0, 0],
    options: ["yes"],
    help: "starts delivery, once the rate that begins is approved",
    folder: "hold",
    prepare: () => setting((desk) => (done: Done) => desk.controller.run(desk.approve, done)),
  },
  {
    words: ["tbr", "cancel"],
    usage: "[--yes]",
    arguments: [0, 0],
    options: ["yes"],
    help: "ends the TBR, once the rate that takes over is approved",
    folder: "hold",
    prepare: () => setting((desk) => (done: Done) => desk.controller.cancelTbr(desk.approve, done)),
  },
  {
    words: ["tbr"],
    usage: "U/h|N% MIN [--change] [--yes]",
    arguments: [2, 2],
    options: ["change", "yes"],
    help: "sets a temporary basal rate; with --change in the place of the one that is active",
    folder: "hold",
    prepare: ({ arguments: [rate, minutes], options }) => {
      const percent = percentOf(rate);
      if (percent !== undefined) {
        const factorMillionths = percent * MILLIONTHS_PER_PERCENT;
        const order = { factorMillionths, durationMinutes: minutesOf(minutes), change: options.has("change") };
        return setting((desk) => (done: Done) => desk.controller.relativeTbr(order, desk.approve, done));
      }
      const order = {
        rateMicrounitsPerHour: amountOf(rate),
        durationMinutes: minutesOf(minutes),
        change: options.has("change"),
      };
      return setting((desk) => (done: Done) => desk.controller.setTbr(order, done));
    },
  },
  {
    words: ["prime", "stop"],
    usage: "",
    arguments: [0, 0],
    options: [],
    help: "ends the priming under way",
    folder: "hold",
    prepare: () => stopPriming,
  },
  {
    words: ["prime"],
    usage: "U",
    arguments: [1, 1],
    options: [],
    help: "primes the line, once it is confirmed on the pump; stays to its end, Ctrl-C ends it",
    folder: "hold",
    prepare: ({ arguments: [text] }) => {
      const amountMicrounits = amountOf(text);
      if (amountMicrounits === 0) throw wrong(`"${text}" is no priming: the smallest is 0.01 U`);
      return (desk) => prime(desk, amountMicrounits);
    },
  },
  {
    words: ["reservoir", "fill"],
    usage: "U",
    arguments: [1, 1],
    options: [],
    help: "tells a pump whose drive is back what the next reservoir holds",
    folder: "hold",
    prepare: ({ arguments: [text] }) => {
      const amountMicrounits = amountOf(text);
      return setting((desk) => (done: Done) => desk.controller.setReservoirFill(amountMicrounits, done));
    },
  },
  {
    words: ["reservoir", "reset"],
    usage: "",
    arguments: [0, 0],
    options: [],
    help: "has the operation time of the reservoir count from now on",
    folder: "hold",
    prepare: () => setting((desk) => (done: Done) => desk.controller.resetReservoirTime(done)),
  },
  {
    words: ["profile", "read"],
    usage: "N",
    arguments: [1, 1],
    options: [],
    help: "shows basal profile N, 1 to 5",
    folder: "hold",
    prepare: ({ arguments: [number] }) => {
      const templateNumber = templateOf(number);
      return (desk) => showProfile(desk, templateNumber);
    },
  },
  {
    words: ["profile", "write"],
    usage: "N FILE [--yes]",
    arguments: [2, 2],
    options: ["yes"],
    help: 'writes basal profile N from JSON: [{"minutes": 1440, "rate": 0.9}]',
    folder: "hold",
    prepare: ({ arguments: [number, file] }) => {
      const order = { templateNumber: templateOf(number), blocks: blocksIn(file) };
      return setting((desk) => (done: Done) => desk.controller.writeProfile(order, desk.approve, done));
    },
  },
  {
    words: ["profile", "activate"],
    usage: "N [--yes]",
    arguments: [1, 1],
    options: ["yes"],
    help: "lets basal follow profile N, once the rate of now is approved",
    folder: "hold",
    prepare: ({ arguments: [number] }) => {
      const templateNumber = templateOf(number);
      return setting((desk) => (done: Done) => desk.controller.activateProfile(templateNumber, desk.approve, done));
    },
  },
  {
    words: ["time", "set"],
    usage: "[--yes]",
    arguments: [0, 0],
    options: ["yes"],
    help: "sets the pump's time to this computer's, once the rate of then is approved",
    folder: "hold",
    prepare: () => setting((desk) => (done: Done) => desk.controller.setTime(timeOf(desk.now()), desk.approve, done)),
  },
  {
    words: ["annunciations"],
    usage: "",
    arguments: [0, 0],
    options: [],
    help: "the annunciation that the pump shows first, with its number",
    folder: "hold",
    prepare: () => showAnnunciation,
  },
  {
    words: ["snooze"],
    usage: "NUMBER",
    arguments: [1, 1],
    options: [],
    help: "makes an annunciation quiet for 15 minutes; the pump then shows the next",
    folder: "hold",
    prepare: ({ arguments: [text] }) => {
      const instance = instanceOf(text);
      return (desk) => endAnnunciation(desk, "snoozeAnnunciation", instance);
    },
  },
  {
    words: ["confirm"],
    usage: "NUMBER",
    arguments: [1, 1],
    options: [],
    help: "confirms an annunciation, if it is none that wants somebody at the pump",
    folder: "hold",
    prepare: ({ arguments: [text] }) => {
      const instance = instanceOf(text);
      return (desk) => endAnnunciation(desk, "confirmAnnunciation", instance);
    },
  },
  {
    words: ["bonds"],
    usage: "",
    arguments: [0, 0],
    options: [],
    help: "the controllers that the pump is bonded with; an observer sees its own bond",
    folder: "hold",
    prepare: () => showBonds,
  },
  {
    words: ["revoke"],
    usage: "CONTROLLER [--yes]",
    arguments: [1, 1],
    options: ["yes"],
    help: "ends a controller's bond, by its ID as bonds shows it, this one's too",
    folder: "hold",
    prepare: ({ arguments: [text] }) => {
      const controller = controllerOf(text);
      return (desk) => revokeBond(desk, controller);
    },
  },
  {
    words: ["flight-mode"],
    usage: "[--yes]",
    arguments: [0, 0],
    options: ["yes"],
    help: "takes the pump off the air, until somebody taps its button twice",
    folder: "hold",
    prepare: () => beginFlightMode,
  },
  {
    words: ["outcome"],
    usage: "[DOSE-ID]",
    arguments: [0, 1],
    options: [],
    help: "asks the pump what became of a dose, or of every order whose end is not known",
    folder: "hold",
    prepare: ({ arguments: [text] }) => {
      if (text === undefined) return openOutcomes;
      const doseId = doseOf(text);
      return (desk) => outcomeOf(desk, doseId);
    },
  },
  {
    words: ["orders"],
    usage: "",
    arguments: [0, 0],
    options: [],
    help: "what was ordered from this folder, and what became of it as far as it was told",
    folder: "look",
    prepare: () => orders,
  },
  {
    words: ["history"],
    usage: "",
    arguments: [0, 0],
    options: [],
    help: "the pump's own history: fetches what is new of it, keeps it, and shows it whole",
    folder: "hold",
    prepare: () => showHistory,
  },
  {
    words: ["abandon"],
    usage: "DOSE-ID [--yes]",
    arguments: [1, 1],
    options: ["yes"],
    help: "gives up a pending dose of a pump that is lost, on your word that it is accounted for",
    folder: "hold",
    prepare: ({ arguments: [text] }) => {
      const doseId = doseOf(text);
      return (desk) => abandon(desk, doseId);
    },
  },
];
