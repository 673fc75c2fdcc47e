/** Each row of SECURITY.md section 5 on a whole pump: what it obeys as it is, what it wants signed, what it never does. */

import assert from "node:assert/strict";
import { encodeRevokeBond } from "../../host-sim/controller/control.js";
import {
  CHANNEL,
  encodeAnnunciationCommand,
  encodeBare,
  encodeCancelBolus,
  encodeReservoirAmount,
  encodeResetStatus,
} from "../../host-sim/controller/ids.js";
import { CHANNEL_CONTROL } from "../../host-sim/controller/records.js";
import { MemoryStore, type World } from "../../host-sim/world.js";
import { runningWorld } from "../bench.js";
import { rowsAfter } from "../documentTable.js";
import { codeOf, type Message, Peer } from "../peers.js";
import { activation, chunksOf, stage, TIME_CHANNEL, timeUpdate } from "./profileScene.js";
import { beginMove, fillOf, moveEnded } from "./reservoirScene.js";
import { assertSound, bolusOf, CODE, RUN, STOP, tbrOf } from "./scene.js";

const ROWS = rowsAfter("firmware/SECURITY.md", "## 5 Classes of commands").map(
  ([channel = "", opcode = "", procedure = "", text = ""]) => ({ channel, opcode, procedure, text }),
);
const PAUSE = Uint8Array.of(0x5a, 0x0f, 0x3c);
const DAY = [
  [720, 900_000],
  [240, 800_000],
  [240, 700_000],
  [240, 900_000],
] as const;

interface Stage {
  readonly world: World;
  readonly peer: Peer;
  /** Another operator's. */
  readonly other: Uint8Array;
}

/** A pump in Run with a bolus and a TBR under way, an annunciation pending, and two operators. */
function stageOf(seed: number): Stage {
  const { world, controller, store } = runningWorld({ seed });
  controller.close();
  world.clock.advance(1_000);
  const second = new MemoryStore();
  const another = world.controller(second);
  const text = world.openPairing();
  assert.equal(world.await<{ readonly kind: string }>((done) => another.pair(text, done))?.kind, "ok");
  another.close();
  world.clock.advance(1_000);
  const peer = new Peer(world, store);
  assert.ok(peer.open());
  assert.equal(peer.order(tbrOf(1_000_000, 60)), CODE.success);
  assert.equal(peer.order(bolusOf(2_000_000)), CODE.success);
  return { world, peer, other: new Peer(world, second).controllerId };
}

/** The instance of the annunciation that is pending. */
function instanceOf(peer: Peer): number {
  const [flags, low = 0, high = 0] = peer.ask(CHANNEL.annunciationStatus)?.value ?? [];
  assert.equal(flags, 1);
  return low | (high << 8);
}

/** Rows that are for a pump in Stop. */
const IN_STOP = ["Run 55", "Start Priming", "Set Initial Reservoir Fill"];

/** The message of a row, and the channel that it goes on. */
function messageOf(row: (typeof ROWS)[number], { peer, other }: Stage): readonly [channel: number, value: Uint8Array] {
  const profile = chunksOf(2, DAY);
  const first = profile[0] ?? STOP;
  const on25 = (value: Uint8Array) => [CHANNEL.command, value] as const;
  switch (`${row.channel} ${row.opcode} ${row.procedure.split(": ")[1] ?? ""}`) {
    case "25 0F5A Stop 33":
      return on25(STOP);
    case "25 0F5A Run 55":
      return on25(RUN);
    case "25 0F5A any other":
      return on25(PAUSE);
    case "25 0F66 ":
      return on25(encodeBare(0x0f66));
    case "25 0F69 ":
      return on25(encodeAnnunciationCommand("snoozeAnnunciation", instanceOf(peer)));
    case "25 0F99 ":
      return on25(encodeAnnunciationCommand("confirmAnnunciation", instanceOf(peer)));
    case "25 0FAA ":
      return on25(Uint8Array.of(0xaa, 0x0f, 1));
    case "25 0FCC last chunk":
      return on25(stage(peer, profile));
    case "25 0FCC chunks before it":
      return on25(first);
    case "25 0FFF ":
      return on25(tbrOf(500_000, 30, true));
    case "25 1111 ":
      return on25(encodeBare(0x1111));
    case "25 114B ":
      return on25(bolusOf(1_000_000));
    case "25 1178 ":
      return on25(encodeCancelBolus(1));
    case "25 122E ":
      return on25(activation(1));
    case "25 127B ":
      return on25(encodeReservoirAmount("startPriming", { amountMicrounits: 1_000_000 }));
    case "25 1284 ":
      return on25(encodeBare(0x1284));
    case "25 128B ":
      return on25(fillOf(299_000_000));
    case "25 12B7 ":
      return on25(encodeBare(0x12b7));
    case "25 1248 ":
      return on25(encodeBare(0x1248));
    case "91 02 ":
      return [TIME_CHANNEL, timeUpdate(800_000_000)];
    case "24 030C ":
      return [CHANNEL.statusReader, encodeResetStatus(0xff)];
    case "00 A5 one's own":
      return [CHANNEL_CONTROL, encodeRevokeBond(peer.controllerId)];
    case "00 A5 another's":
      return [CHANNEL_CONTROL, encodeRevokeBond(other)];
    default:
      return assert.fail(`nothing is known of ${row.procedure}`);
  }
}

const obeyedLines = ({ hardware }: World) =>
  hardware.trace.filter(({ line }) => /^(obeyed|session: revoked)/.test(line)).map(({ line }) => line);
/** What Propose Time Update is answered as it is: rejected, not authorized. */
const NOT_AUTHORIZED = [9, 2, 5, 2, 0];
const bareCode = (answer: Message | undefined): number =>
  answer?.channel === TIME_CHANNEL && `${[...answer.value]}` === `${NOT_AUTHORIZED}`
    ? CODE.notApplicable
    : codeOf(answer);

describe("each row of SECURITY.md's classes", () => {
  for (const [i, row] of ROWS.entries()) {
    const { text, procedure } = row;
    it(`is ${text} on the pump: ${procedure} (SR-122, SR-24)`, () => {
      const scene = stageOf(1220 + i);
      const { world, peer } = scene;
      if (procedure === "Stop Priming") {
        assert.equal(peer.tell(STOP), CODE.success);
        assert.equal(peer.order(encodeReservoirAmount("startPriming", { amountMicrounits: 1_000_000 })), CODE.success);
      }
      const [channel, value] = messageOf(row, scene);
      const before = obeyedLines(world);
      if (text === "one step" || text === "read") {
        assert.equal(bareCode(peer.ask(channel, value)), CODE.success);
        const did = obeyedLines(world).length - before.length;
        const ofTherapy = row.channel !== "24" && row.opcode !== "0FCC" && text !== "read";
        assert.equal(did, ofTherapy ? 1 : 0);
      } else if (text === "countersigned") {
        assert.equal(bareCode(peer.ask(channel, value)), CODE.notApplicable);
        assert.deepEqual(obeyedLines(world), before);
        if (IN_STOP.some((end) => procedure.endsWith(end))) assert.equal(peer.tell(STOP), CODE.success);
        if (procedure === "Set Initial Reservoir Fill") {
          beginMove(world);
          moveEnded(world);
        }
        if (procedure === "Set Bolus") assert.equal(peer.tell(encodeCancelBolus(1)), CODE.success);
        const signed = row.opcode === "0FCC" ? stage(peer, chunksOf(2, DAY)) : value;
        const from = obeyedLines(world);
        const challenge = peer.prepare(signed, 30, channel);
        assert.ok(typeof challenge !== "number", `${challenge}`);
        const answer = peer.ask(CHANNEL_CONTROL, peer.commitMessage(signed, challenge, channel));
        assert.equal(answer?.channel, channel);
        assert.equal(obeyedLines(world).length, from.length + 1);
      } else {
        assert.equal(text, "refused: 71");
        assert.equal(peer.tell(value), CODE.invalidOperand);
        assert.equal(peer.prepare(value), CODE.invalidOperand);
        assert.deepEqual(obeyedLines(world), before);
      }
      // A drive that has met its stop has lost half-steps there.
      if (procedure !== "Set Initial Reservoir Fill") assertSound(world);
    });
  }
});
