/** What the firmware of `main.ts` costs on XS, message by message. Prints a `CostReport`. */

import { MemoryStore, World } from "../../../host-sim/world.js";
import type { CostReport, CostRow } from "../benchReport.js";
import type { Primitive } from "./costs.js";
import { bootMain } from "./firmware.js";
import { Meter, meteredBoard } from "./meteredBoard.js";
import { refusedCommits, refusedConnections } from "./refused.js";
import { COUNTERSIGNATURE, costOfAll, HANDSHAKE, NONCE, PAIRING, REFUSED } from "./required.js";
import { costOfStoring } from "./storing.js";
import { judgements } from "./strangers.js";

const BOLUS_MICROUNITS = 500_000;
const LIMIT_MS = 120_000;
/** Header of a fragment, and the tag of a record. */
const FRAGMENT_BYTES = 1;
const TAG_BYTES = 16;
/** Commands that the pump remembers (PROTOCOL.md section 7): with as many, what a command stores is at its largest. */
const REMEMBERED_COMMANDS = 64;
const MINUTE_MS = 60_000;
/** Ten pulses, 2 s apart (SR-53), and a second for the last. */
const BOLUS_MS = 19_000;
/** The rate of the last temporary rate that is set, and the time that a pulse of 0.05 U takes at it. */
const RATE_MICROUNITS_PER_HOUR = 1_630_000;
const PULSES_APART_MS = 50_000 / (RATE_MICROUNITS_PER_HOUR / 3_600_000);
/** 15205.505 half-steps are 19.1 U (README.md, the account of the day). */
const HALF_STEPS_PER_PULSE = (15_205.505 / 19.1) * 0.05;

type Done = (result: { readonly kind: string }) => void;

const sum = ({ toPeripheral, toCentral }: World["air"]["traffic"]): number => toPeripheral.bytes + toCentral.bytes;

/** Measures everything, in one life of one pump. */
export function bench(): void {
  const meter = new Meter();
  const rows: CostRow[] = [];
  /** Records that went by since the last row, as what they cost. */
  let records: Primitive[] = [];
  let indications = 0;
  const world = new World({
    seed: 1,
    firmware: (board) => meter.inside(() => bootMain(meteredBoard(board, meter))),
    observer: ({ what, packet: { kind, value } }) => {
      const size = value.length - FRAGMENT_BYTES - TAG_BYTES;
      if (kind === "write" && what === "arrived") records.push({ kind: "open", size });
      if (kind !== "indication" || what !== "sent") return;
      indications += 1;
      records.push({ kind: "seal", size });
    },
  });
  const { clock, hardware, air } = world;
  const store = new MemoryStore();
  const controller = world.controller(store);

  const forget = () => {
    meter.take();
    records = [];
  };
  const row = (name: string, primitives: readonly Primitive[] = []) => {
    rows.push({ name, computrons: meter.take(), primitives: costOfAll(primitives) });
    records = [];
  };
  const ask = (start: (done: Done) => void) => {
    const result = world.await(start, LIMIT_MS);
    if (result?.kind !== "ok") throw new Error(`asked, and got ${result?.kind}`);
  };
  const until = (what: () => boolean) => {
    if (!clock.runUntil(what, LIMIT_MS)) throw new Error("what was waited for did not come");
  };
  const untilIndications = (count: number) => {
    const from = indications;
    until(() => indications === from + count);
  };
  const untilHalfStep = () => {
    const from = hardware.plant.commandedHalfSteps;
    until(() => hardware.plant.commandedHalfSteps !== from);
  };
  const disconnect = () => {
    controller.close();
    clock.advance(10_000);
  };

  world.powerUp();
  clock.advance(1_000);
  row("first boot");
  const shown = world.openPairing();
  row("pairing window opened, secret shown");
  let paired = "";
  forget();
  controller.pair(shown, ({ kind }) => {
    paired = kind;
  });
  untilIndications(2);
  row("pairing: connection to m3", PAIRING);
  until(() => paired === "ok");
  disconnect();

  ask((done) => controller.open(done));
  ask((done) => controller.run(() => true, done));
  for (let i = 1; i < REMEMBERED_COMMANDS; i++) {
    const rateMicrounitsPerHour = RATE_MICROUNITS_PER_HOUR - 10_000 * (REMEMBERED_COMMANDS - 1 - i);
    const order = { rateMicrounitsPerHour, durationMinutes: 30, change: i > 1 };
    ask((done) => controller.setTbr(order, done));
  }
  disconnect();

  let opened = false;
  forget();
  controller.open(() => {
    opened = true;
  });
  untilIndications(3);
  row("handshake: connection to Hello", HANDSHAKE);
  until(() => opened);
  clock.advance(500);

  const start = {
    entries: hardware.keyValue.entriesWritten(),
    operations: hardware.operationCounts,
    traffic: air.traffic,
  };
  forget();
  controller.bolus(BOLUS_MICROUNITS, {}, () => {});
  untilIndications(1);
  row("Prepare to Challenge", [...records, NONCE]);
  untilIndications(1);
  row("Commit to its response", [...records, COUNTERSIGNATURE]);
  untilHalfStep();
  row("response to the first half-step");
  clock.advance(BOLUS_MS);
  ask((done) => controller.resolve(done));
  if (controller.pending() !== undefined) throw new Error("the bolus is not over");
  const { operations, traffic } = { operations: hardware.operationCounts, traffic: air.traffic };
  const dose = {
    entries: hardware.keyValue.entriesWritten() - start.entries,
    writes: operations.kvWrite - start.operations.kvWrite,
    historyRecords: operations.flashWrite - start.operations.flashWrite,
    airBytes: sum(traffic) - sum(start.traffic),
    roundTrips: traffic.roundTrips - start.traffic.roundTrips,
  };
  clock.advance(500);
  forget();
  const settled = indications;
  controller.status(() => {});
  until(() => indications === settled + 1);
  row("Status read", records);
  clock.advance(500);
  forget();
  let fetched = 0;
  const sink = {
    newest: () => undefined,
    append: (_: Uint8Array, items: readonly unknown[]) => {
      fetched += items.length;
    },
  };
  ask((done) => controller.fetchHistory(sink, done));
  if (fetched < REMEMBERED_COMMANDS) throw new Error(`a history of ${fetched} records`);
  const history = { computrons: meter.take(), primitives: costOfAll(records) };
  rows.push({
    name: "history by radio, a record",
    computrons: Math.round(history.computrons / fetched),
    primitives: Math.round(history.primitives / fetched),
  });
  disconnect();

  /** A minute, and the pulses that fell in it. */
  const minute = (): number => {
    const from = hardware.plant.commandedHalfSteps;
    forget();
    clock.advance(MINUTE_MS);
    return Math.round((hardware.plant.commandedHalfSteps - from) / HALF_STEPS_PER_PULSE);
  };
  untilHalfStep();
  clock.advance(10_000);
  if (minute() !== 0) throw new Error("the idle minute was not idle");
  row("idle minute, in Run between two pulses");
  // One pulse and the minute it falls in, less what a minute costs anyway.
  const idle = rows.at(-1)?.computrons ?? 0;
  untilHalfStep();
  clock.advance(Math.floor(PULSES_APART_MS) - MINUTE_MS / 2);
  if (minute() !== 1) throw new Error("there was not one pulse");
  rows.push({ name: "one basal pulse", computrons: meter.take() - idle, primitives: 0 });

  const bonded = { pump: hardware.keyValue.snapshot(), store };
  const refused = {
    connections: refusedConnections(bonded),
    commits: refusedCommits(bonded),
    judgements: judgements(),
  };
  const [connection = 0] = refused.connections;
  rows.push({ name: "connection refused at m2", computrons: connection, primitives: costOfAll(REFUSED) });
  if (hardware.crashes.length > 0) throw new Error(hardware.crashes.join());
  const storing = costOfStoring(hardware.keyValue.snapshot());
  print(JSON.stringify({ rows, dose, storing, refused } satisfies CostReport));
}
