/**
 * For every message of the protocol and every kind of attack on it: no half-step that was not countersigned in time, a
 * true account of what moved, and service for the genuine controller. What is asserted stands in messages/attack.ts.
 */

import { Campaign, type MutationsOf } from "./messages/campaign.js";
import {
  bitFlips,
  DELAYED,
  DROPPED,
  DUPLICATED,
  fragmentMutations,
  splices,
  wrongLengths,
} from "./messages/mutations.js";
import { MESSAGES, type ProtocolMessage } from "./messages/table.js";

const SEED = 20;
/** What the pump offers, with which every message here is one fragment; and what every link has. */
const MTU = 247;
const LEAST_MTU = 23;
const LEAST_FRAGMENT_BYTES = 19;
/** What every attack tries: bad input, truth, a dose caused twice, and the way back in. */
const ALWAYS = ["SR-02", "SR-36", "SR-37", "SR-71"];

const lengthOf = (...[{ fragments }, fragment]: Parameters<MutationsOf>): number =>
  fragments[fragment]?.value.length ?? 0;
const flips: MutationsOf = (ready, fragment) => bitFlips(lengthOf(ready, fragment));
const lengths: MutationsOf = (ready, fragment) => wrongLengths(lengthOf(ready, fragment));
const spliced: MutationsOf = (ready, fragment) => splices(lengthOf(ready, fragment), ready.donors[fragment] ?? []);
const inFragments: MutationsOf = (ready, fragment) =>
  fragmentMutations(lengthOf(ready, fragment), ready.donors[fragment] ?? []);

const ids = ({ requirements }: ProtocolMessage, ...more: readonly string[]) =>
  `(${[...new Set([...ALWAYS, ...requirements, ...more])].sort().join(", ")})`;

describe(`every message under attack moves nothing unsigned, leaves the truth and the way in (seed ${SEED})`, () => {
  const campaign = new Campaign(SEED, MTU);
  for (const message of MESSAGES) {
    it(`${message.name}, dropped ${ids(message)}`, () => campaign.run(message, () => DROPPED));
    it(`${message.name}, duplicated ${ids(message)}`, () => campaign.run(message, () => DUPLICATED));
    it(`${message.name}, delayed by 7, 12 and 35 s ${ids(message, ...message.late)}`, () =>
      campaign.run(message, () => DELAYED));
    it(`${message.name}, every bit flipped in turn ${ids(message)}`, () => campaign.run(message, flips));
    it(`${message.name}, cut to every length and one byte longer ${ids(message)}`, () =>
      campaign.run(message, lengths));
    it(`${message.name}, spliced with another session's, bond's and pump's ${ids(message)}`, () =>
      campaign.run(message, spliced));
  }
});

describe(`every message in fragments of 20 bytes under attack, a sample of each fragment (seed ${SEED})`, () => {
  const campaign = new Campaign(SEED, LEAST_MTU);
  for (const message of MESSAGES.filter(({ bytes }) => bytes > LEAST_FRAGMENT_BYTES))
    it(`${message.name}, each fragment dropped, duplicated, altered, cut and spliced ${ids(message, "SR-01")}`, () =>
      campaign.run(message, inFragments));
});
