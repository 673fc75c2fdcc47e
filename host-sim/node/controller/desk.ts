/**
 * A controller at work for one command: its folder, its session, its journal, and a person at the terminal. Turns the
 * library's callbacks into promises; what is under way when the person interrupts ends as the library says.
 */

import { join } from "node:path";
import { SocketTransport } from "../../bridge/socketTransport.js";
import { toHex } from "../../controller/bytes.js";
import type { CommittedOrder } from "../../controller/commands.js";
import { Controller, type OpenResult } from "../../controller/controller.js";
import { END_ADVICE, type EndReason } from "../../controller/ends.js";
import type { RateReading } from "../../controller/readings.js";
import { FileStore } from "../fileStore.js";
import { Ended, EXIT } from "./ended.js";
import { Journal } from "./journal.js";
import { questionOf, type Report, Reports } from "./report.js";
import type { Surroundings } from "./surroundings.js";
import { doseText } from "./words.js";

/** Files of the folder. */
const STORE = "bonds";
const JOURNAL = "journal";
/** The ATT_MTU that a pump offers (PROTOCOL.md section 1.1). */
const MTU = 247;
/** A person reads and types: the longest life that a pump grants a challenge (PROTOCOL.md section 7). */
const LIFE_SECONDS = 30;
/** How often a session that was lost is opened again, before a person is asked to. */
const MOST_TRIES = 3;
/** The pump advertises again within 5 s of a connection's end (PROTOCOL.md section 1.1); a try waits 30 s by itself. */
const RETRY_MS = 1_000;

/** What the command line chose for every command. */
export interface DeskOptions {
  readonly folder: string;
  readonly port: number;
  readonly json: boolean;
  /** Approves all that would be asked. */
  readonly yes: boolean;
}

/** The order of which the library has said that its Commit goes out. */
export interface Committed {
  readonly line: number;
  readonly order: CommittedOrder;
}

/** Ctrl-C: the first one in a bolus asks for its end, any other lets all go and leaves. */
type Interrupt = "none" | "cancel" | "leave";

/** See the module. */
export class Desk {
  readonly reports: Reports;
  readonly journal: Journal;
  readonly #surroundings: Surroundings;
  readonly #options: DeskOptions;
  readonly #asking = new AbortController();
  readonly #stopListening: () => void;
  #controller: Controller | undefined;
  #trouble: string | undefined;
  #storeTrouble: unknown;
  #lastEnd: EndReason = "closed";
  #committed: Committed | undefined;
  #interrupt: Interrupt = "none";
  #wasAsked = false;
  #wake: (() => void) | undefined;

  constructor(surroundings: Surroundings, options: DeskOptions) {
    this.#surroundings = surroundings;
    this.#options = options;
    this.reports = new Reports(surroundings.terminal, options.json);
    this.journal = new Journal(join(options.folder, JOURNAL), surroundings.now);
    this.#stopListening = surroundings.terminal.onInterrupt(() => this.#interrupted());
  }

  /** The time of this computer. */
  now(): Date {
    return this.#surroundings.now();
  }

  get folder(): string {
    return this.#options.folder;
  }

  /** The controller of the folder's store. Throws an {@link Ended} when the store cannot be read or begun. */
  get controller(): Controller {
    this.#controller ??= this.#start();
    return this.#controller;
  }

  /** The order that was committed last. */
  get committed(): Committed | undefined {
    return this.#committed;
  }

  /** Whether the person has pressed Ctrl-C, and for what. */
  get interrupt(): Interrupt {
    return this.#interrupt;
  }

  /** What the store said when it refused a write. */
  get storeTrouble(): string {
    return this.#storeTrouble instanceof Error ? this.#storeTrouble.message : "the disk refuses";
  }

  tell(report: Report): void {
    this.reports.tell(report);
  }

  /** Starts something that calls back once; the promise of what it says. */
  ask<T>(start: (done: (result: T) => void) => void): Promise<T> {
    return new Promise((resolve) => start(resolve));
  }

  /** Opens a session unless one is open. Throws an {@link Ended} that says why there is none. */
  async open(): Promise<void> {
    if (this.controller.state.kind === "open") return;
    const failed = await this.#open();
    if (failed !== undefined) throw this.noSession(failed);
  }

  /** Opens a session again after one was lost. False when a few tries have failed, or the person interrupts. */
  async reopen(): Promise<boolean> {
    for (let tries = 0; tries < MOST_TRIES && this.#interrupt !== "leave"; tries += 1) {
      if (this.controller.state.kind === "open") return true;
      this.reports.passing("The session is lost; opening it again");
      if ((await this.#open()) === undefined) return true;
      await this.sleep(RETRY_MS);
    }
    return false;
  }

  /** Why the last session ended, and what to do. */
  get lastEnd(): string {
    return this.#trouble ?? END_ADVICE[this.#lastEnd];
  }

  /** Ends a command whose session failed for that reason. */
  noSession(reason: EndReason): Ended {
    if (this.#interrupt === "leave") return new Ended(EXIT.interrupted, "Interrupted: nothing was ordered.");
    const what = this.#trouble ?? END_ADVICE[reason];
    const exitCode = reason === "noBond" || reason === "storeFailed" ? EXIT.folder : EXIT.session;
    return new Ended(exitCode, reason === "noBond" ? `${this.folder}: ${what}` : what);
  }

  async #open(): Promise<EndReason | undefined> {
    this.#trouble = undefined;
    this.reports.passing("Looking for the pump");
    const result = await this.ask<OpenResult>((done) => this.controller.open(done));
    this.reports.clear();
    if (result.kind === "failed") this.#lastEnd = result.reason;
    return result.kind === "failed" ? result.reason : undefined;
  }

  /** Lets time pass; less when the person interrupts. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#surroundings.clock.schedule(resolve, delayMs);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** Shows a person the rate that an order lets begin, and passes on whether it is approved. */
  readonly approve = (reading: RateReading, answer: (approved: boolean) => void): undefined => {
    this.#wasAsked = true;
    void this.confirm(questionOf(reading)).then((approved) => {
      this.tell({ event: "reading", ...reading, approved });
      answer(approved);
    });
  };

  /** Asks a person; yes without asking when the command line says so, no when there is nobody to ask. */
  async confirm(question: string): Promise<boolean> {
    if (this.#options.yes) return true;
    const { terminal } = this.#surroundings;
    if (!terminal.interactive) return false;
    return terminal.ask(question, this.#asking.signal);
  }

  /** Whether an order has led to a question. */
  get wasAsked(): boolean {
    return this.#wasAsked;
  }

  /** Whether a person can be asked. */
  get isInteractive(): boolean {
    return this.#surroundings.terminal.interactive;
  }

  /** Closes the session and asks nothing any more. */
  close(): void {
    this.#stopListening();
    this.#asking.abort();
    this.reports.clear();
    this.#controller?.close();
  }

  /** Stops asking the person: what was asked is answered with no. */
  stopAsking(): void {
    this.#asking.abort();
  }

  #start(): Controller {
    const { clock, random, streams } = this.#surroundings;
    const onTrouble = (what: string) => {
      this.#trouble = what;
    };
    const path = join(this.folder, STORE);
    try {
      return new Controller({
        transport: new SocketTransport(streams(this.#options.port), { mtu: MTU, onTrouble }),
        clock,
        random,
        store: new FileStore(path),
        lifeSeconds: LIFE_SECONDS,
        onEvent: (event) => {
          if (event.kind === "closed") this.#lastEnd = event.reason;
          if (event.kind === "storeFailed") this.#storeTrouble = event.error;
        },
        onCommit: (order) => {
          const names = { pump: toHex(order.pumpId), dose: doseText(order.doseId) };
          this.#committed = { line: this.journal.ordered(order.meaning, names), order };
        },
      });
    } catch (error) {
      throw new Ended(EXIT.folder, `${path}: ${error instanceof Error ? error.message : error}`);
    }
  }

  #interrupted(): void {
    const cancels = this.#interrupt === "none" && this.#committed?.order.meaning.command === "setBolus";
    this.#interrupt = cancels ? "cancel" : "leave";
    this.#wake?.();
    if (!cancels) this.#controller?.close();
  }
}
