/** Values beside boluses and rates: annunciations, bonds, what the pump says of itself, counters, days, flight mode. */

import { asks, COMMAND, CONTROL, CONTROLLER_ID, generalResponse, OBSERVER_ID, refusedMessage, says } from "./story.js";
import type { Vector } from "./vector.js";

const READER = "24";
const THIRD_ID = "0102030405060708";
const INSTANCE = "0201";

const ascii = (text: string): string => Buffer.from(text, "ascii").toString("hex");

export const surroundings: readonly Vector[] = [
  asks("Snooze Annunciation", COMMAND, { opcode: "690f", instance: INSTANCE }),
  says("response to Snooze Annunciation", COMMAND, { opcode: "960f", instance: INSTANCE }),
  asks("Confirm Annunciation", COMMAND, { opcode: "990f", instance: INSTANCE }),
  says("response to Confirm Annunciation", COMMAND, { opcode: "a50f", instance: INSTANCE }),
  generalResponse("Confirm Annunciation of an Occlusion, refused", COMMAND, "550f", "990f", "74"),
  asks("List Bonds", CONTROL, { opcode: "96" }),
  says("Bonds Are: one's own, operate; another's, observe; a third not confirmed", CONTROL, {
    opcode: "99",
    count: "03",
    bonds: [`${CONTROLLER_ID}0103`, `${OBSERVER_ID}0201`, `${THIRD_ID}0100`].join(""),
  }),
  asks("Revoke Bond, one's own", CONTROL, { opcode: "a5", controllerId: CONTROLLER_ID }),
  says("Bond Revoked", CONTROL, { opcode: "aa", controllerId: CONTROLLER_ID }),
  refusedMessage("Revoke Bond of another without countersignature, refused", "a5", "74"),
  asks("read of Battery Level", "d9", {}),
  says("Battery Level: 83 %", "d9", { percent: "53" }),
  refusedMessage("Refused: a charge that is not known", "d9", "72"),
  says("Manufacturer Name", "e9", { text: ascii("Countersign") }),
  says("Model Number", "e4", { text: ascii("28BYJ-48 syringe drive") }),
  says("Firmware Revision", "e6", { text: ascii("0.1.0") }),
  says("Software Revision", "e8", { text: ascii("0123456789abcdef") }),
  asks("Get Counter: lifetime elapsed", READER, { opcode: "a603", type: "0f", value: "33" }),
  says("Counter: 66051 min", READER, { opcode: "a903", type: "0f", value: "33", minutes: "03020100" }),
  asks("Get Counter: warranty remaining", READER, { opcode: "a603", type: "33", value: "0f" }),
  generalResponse("Get Counter of the warranty, refused", READER, "0303", "a603", "74"),
  asks("Get Total Daily Insulin Status", READER, { opcode: "9503" }),
  says("Total Daily Insulin Status: bolus 8.1 U, basal 12.345678 U", READER, {
    opcode: "9a03",
    bolus: "51f0",
    basal: "d3e4",
    total: "fde7",
  }),
  says("History Data: the same as the day of 2026-11-22", "28", {
    event: "ff00",
    sequence: "2e010000",
    relativeOffsetS: "0000",
    data: "0051f0d3e4ea070b16",
  }),
  says("Status: Stop, Waiting, no reservoir attached", "21", {
    therapyControlState: "33",
    operationalState: "66",
    reservoirRemaining: "ff07",
    flags: "00",
  }),
  generalResponse("Start Priming without countersignature, refused", COMMAND, "550f", "7b12", "74"),
  asks("Stop Priming", COMMAND, { opcode: "8412" }),
  generalResponse("response to Stop Priming", COMMAND, "550f", "8412", "0f"),
  says("History Data: a reservoir of 179.6 U put in", "28", {
    event: "3003",
    sequence: "2f010000",
    relativeOffsetS: "0000",
    data: "04f7",
  }),
  says("History Data: priming of 10 U started", "28", {
    event: "9503",
    sequence: "30010000",
    relativeOffsetS: "0500",
    data: "0110",
  }),
  says("History Data: priming stopped at 2.5 U", "28", {
    event: "9a03",
    sequence: "31010000",
    relativeOffsetS: "6900",
    data: "0019f033",
  }),
  generalResponse("Set Flight Mode without countersignature, refused", COMMAND, "550f", "660f", "74"),
  generalResponse("response to Set Flight Mode", COMMAND, "550f", "660f", "0f"),
];
