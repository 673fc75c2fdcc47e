/** What waits between the radio's callbacks and the pump. */

import assert from "node:assert/strict";
import { Inbox } from "../../firmware/link/inbox.js";

const written = (...bytes: readonly number[]) => ({ kind: "written", value: Uint8Array.from(bytes) }) as const;
const whole = (byte: number) => written(0xc0, byte);

/** Everything taken out, as text. */
function taken(inbox: Inbox): readonly string[] {
  const seen: string[] = [];
  for (let event = inbox.take(); event; event = inbox.take())
    seen.push(
      event.kind === "message"
        ? `message ${event.bytes}`
        : event.kind === "broken"
          ? `broken: ${event.reason}`
          : event.kind,
    );
  return seen;
}

function filled(...events: readonly Parameters<Inbox["put"]>[0][]): Inbox {
  const inbox = new Inbox();
  for (const event of events) inbox.put(event);
  return inbox;
}

describe("inbox", () => {
  it("gives out whole messages and events in their order, and none for a radio that is ready", () => {
    const inbox = filled(
      { kind: "ready" },
      { kind: "connected", connection: 1 },
      { kind: "subscribed" },
      written(0x80, 1),
      written(0x41, 2),
      whole(3),
    );
    inbox.put({ kind: "unsubscribed" });
    inbox.put({ kind: "disconnected" });
    assert.deepEqual(taken(inbox), [
      "connected",
      "subscribed",
      "message 1,2",
      "message 3",
      "broken: unsubscribed",
      "broken: disconnected",
    ]);
  });

  it("keeps a message begun until the rest comes, and begins anew with a connection (SR-01)", () => {
    const inbox = filled(written(0x80, 1));
    assert.deepEqual(taken(inbox), []);
    inbox.put(written(0x41, 2));
    assert.deepEqual(taken(inbox), ["message 1,2"]);
    assert.deepEqual(taken(filled(written(0x80, 1), { kind: "connected", connection: 1 }, whole(4))), [
      "connected",
      "message 4",
    ]);
  });

  it("calls a breach of the rules of fragments by its name (SR-01)", () => {
    assert.deepEqual(taken(filled(written(0xc0))), ["broken: empty fragment"]);
  });

  it("lets four messages wait and breaks at a fifth, with nothing of them handed on (SR-05)", () => {
    const four = [1, 2, 3, 4].map(whole);
    assert.deepEqual(taken(filled(...four)), ["message 1", "message 2", "message 3", "message 4"]);
    assert.deepEqual(taken(filled(...four, whole(5))), ["broken: too much at once"]);
  });

  it("counts what has been taken as gone (SR-05)", () => {
    const inbox = filled(...[1, 2, 3, 4].map(whole));
    assert.equal(inbox.take()?.kind, "message");
    inbox.put(whole(5));
    assert.deepEqual(taken(inbox), ["message 2", "message 3", "message 4", "message 5"]);
  });

  it("lets 256 fragments wait and breaks at the next (SR-05)", () => {
    const fragments = (count: number) => Array.from({ length: count }, (_, i) => written(i === 0 ? 0x80 : i & 0x3f, 1));
    assert.notDeepEqual(taken(filled(...fragments(256))), ["broken: too much at once"]);
    assert.deepEqual(taken(filled(...fragments(257))), ["broken: too much at once"]);
  });

  it("never keeps a value longer than a whole message with its header (SR-05)", () => {
    const long = (length: number) => ({ kind: "written", value: new Uint8Array(length).fill(0xc0) }) as const;
    assert.equal(taken(filled(long(257)))[0]?.startsWith("message"), true);
    assert.deepEqual(taken(filled(long(258), whole(1))), ["broken: too much at once"]);
  });

  it("keeps no more than 32 subscriptions, ends of them or passkeys: the rest is a breach (SR-05)", () => {
    for (const kinds of [["subscribed", "unsubscribed"], ["unsubscribed"]] as const) {
      const inbox = new Inbox();
      for (let i = 0; i < 200_000; i++) inbox.put({ kind: kinds[i % kinds.length] ?? "subscribed" });
      const all = taken(inbox);
      assert.equal(all[0], "broken: too much at once");
      assert.equal(all.length, 33);
    }
  });

  it("forgets what a connection wrote, and what it had begun, and keeps the other events", () => {
    const inbox = filled(written(0x80, 1));
    assert.equal(inbox.take(), undefined);
    for (const event of [whole(1), { kind: "connected", connection: 1 } as const, whole(2)]) inbox.put(event);
    inbox.forgetWrites();
    assert.deepEqual(taken(inbox), ["connected"]);
    inbox.put(whole(3));
    assert.deepEqual(taken(inbox), ["message 3"]);
  });

  it("passes on what LE pairing brings and that the radio failed, in their order", () => {
    const inbox = filled(
      { kind: "connected", connection: 1 },
      { kind: "passkey", passkey: 42 },
      { kind: "secured", authenticated: true },
      { kind: "failed", reason: "no GAP listener" },
    );
    assert.deepEqual(taken(inbox), ["connected", "passkey", "secured", "failed"]);
  });
});
