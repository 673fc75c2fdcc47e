/** Every message of PROTOCOL.md, with the user's act in which it occurs: the one table that the campaign runs over. */

import type { Direction } from "../../../host-sim/air/packet.js";
import { CONTROL } from "../../../host-sim/controller/control.js";
import { CHANNEL, COMMAND, READER } from "../../../host-sim/controller/ids.js";
import { CHANNEL_CONTROL, CHANNEL_TICK } from "../../../host-sim/controller/records.js";
import type { SCRIPTS } from "./scripts.js";

/** How a message is known: in the handshake by its place, as a record by channel and opcode. */
export type Mark =
  /** `connection`: of those the user makes, counted from 0. `message`: of its direction, counted from 0. */
  | { readonly kind: "place"; readonly connection: number; readonly message: number }
  /** `opcode`: the first byte or two; undefined for a value without one. */
  | { readonly kind: "record"; readonly channel: number; readonly opcode: number | undefined };

/** One message of the protocol. */
export interface ProtocolMessage {
  readonly name: string;
  readonly script: keyof typeof SCRIPTS;
  readonly bound: Direction;
  readonly mark: Mark;
  /** Bytes of the message, without the header of its fragment. */
  readonly bytes: number;
  /** Requirements that an attack on this message, of whatever kind, tries. */
  readonly requirements: readonly string[];
  /** Those that its delay tries as well. */
  readonly late: readonly string[];
}

const RECORD_BYTES = 4 + 1 + 16;
const HANDSHAKE = ["SR-06", "SR-07", "SR-69"];
const PUMPS_PROOF = ["SR-08"];
const RECORD = ["SR-20"];
const STOP = [...RECORD, "SR-32"];
const DOSE = [...RECORD, "SR-26", "SR-35"];

function place(
  name: string,
  script: ProtocolMessage["script"],
  bound: Direction,
  [connection, message]: readonly [number, number],
  bytes: number,
  requirements: readonly string[],
): ProtocolMessage {
  const mark: Mark = { kind: "place", connection, message };
  return { name, script, bound, mark, bytes, requirements, late: ["SR-09"] };
}

function record(
  name: string,
  script: ProtocolMessage["script"],
  bound: Direction,
  [channel, opcode]: readonly [number, number | undefined],
  valueBytes: number,
  requirements: readonly string[],
  late: readonly string[] = [],
): ProtocolMessage {
  const mark: Mark = { kind: "record", channel, opcode };
  return { name, script, bound, mark, bytes: RECORD_BYTES + valueBytes, requirements, late };
}

const control = (opcode: number) => [CHANNEL_CONTROL, opcode] as const;
const command = (opcode: number) => [CHANNEL.command, opcode] as const;
const reader = (opcode: number) => [CHANNEL.statusReader, opcode] as const;

export const MESSAGES: readonly ProtocolMessage[] = [
  place("m1", "bolus", "toCentral", [0, 0], 26, HANDSHAKE),
  place("m1, pairing window open", "pair", "toCentral", [0, 0], 58, [...HANDSHAKE, "SR-14"]),
  place("m2, mode 01", "bolus", "toPeripheral", [0, 0], 41, HANDSHAKE),
  place("m2, mode 02", "pair", "toPeripheral", [0, 0], 73, [...HANDSHAKE, "SR-14"]),
  place("m2, mode 03", "pair", "toPeripheral", [1, 0], 41, [...HANDSHAKE, "SR-16"]),
  place("m3, mode 01", "bolus", "toCentral", [0, 1], 16, PUMPS_PROOF),
  place("m3, mode 02", "pair", "toCentral", [0, 1], 16, PUMPS_PROOF),
  place("m3, mode 03", "pair", "toCentral", [1, 1], 16, [...PUMPS_PROOF, "SR-16"]),
  record("Hello", "bolus", "toCentral", control(CONTROL.hello), 2, RECORD),
  record("tick of the pump", "tickThenBolus", "toCentral", [CHANNEL_TICK, undefined], 0, RECORD),
  record("tick of the controller", "tickThenBolus", "toPeripheral", [CHANNEL_TICK, undefined], 0, RECORD),
  record("Prepare", "bolus", "toPeripheral", control(CONTROL.prepare), 3 + 10, DOSE, ["SR-22"]),
  record("Challenge", "bolus", "toCentral", control(CONTROL.challenge), 1 + 8 + 16 + 1 + 14, DOSE),
  record("Commit", "bolus", "toPeripheral", control(CONTROL.commit), 1 + 8 + 16, DOSE, ["SR-22", "SR-27"]),
  record("Set Bolus response", "bolus", "toCentral", command(COMMAND.setBolusResponse), 4, DOSE),
  record("Outcome", "bolusThenOutcome", "toPeripheral", control(CONTROL.outcome), 1 + 8, RECORD),
  record("OutcomeIs", "bolusThenOutcome", "toCentral", control(CONTROL.outcomeIs), 1 + 8 + 2 + 12, RECORD),
  record("Stop", "bolusThenStop", "toPeripheral", command(COMMAND.setTherapyControlState), 3, STOP, ["SR-22"]),
  record("response to Stop", "bolusThenStop", "toCentral", command(COMMAND.response), 5, RECORD),
  record("Cancel Bolus", "bolusThenCancel", "toPeripheral", command(COMMAND.cancelBolus), 4, STOP, ["SR-22"]),
  record("response to Cancel Bolus", "bolusThenCancel", "toCentral", command(COMMAND.cancelBolusResponse), 4, RECORD),
  record("read of Status", "statusThenBolus", "toPeripheral", [CHANNEL.status, undefined], 0, RECORD),
  record("Status", "statusThenBolus", "toCentral", [CHANNEL.status, 0x55], 5, RECORD),
  record("Status Changed, unasked", "resetThenBolus", "toCentral", [CHANNEL.statusChanged, undefined], 2, RECORD),
  record("Reset Status", "resetThenBolus", "toPeripheral", reader(READER.resetStatus), 4, RECORD, ["SR-22"]),
  record("response to Reset Status", "resetThenBolus", "toCentral", reader(READER.response), 5, RECORD),
  record("Refused", "refusedThenBolus", "toCentral", control(CONTROL.refused), 3, RECORD),
];
