/** The console: bounded lines in and out, over a port that is noisy, torn, full or absent. */

import assert from "node:assert/strict";
import type { Board, SerialOptions, SerialPort } from "../firmware/board.js";
import { Console } from "../firmware/console.js";

/** A port whose FIFO the test empties. */
function bench(room = 128) {
  const state = {
    room,
    sent: "",
    coming: [] as number[],
    throws: false,
    options: undefined as SerialOptions | undefined,
  };
  const trace: string[] = [];
  let woken = 0;
  class Serial implements SerialPort {
    constructor(options: SerialOptions) {
      state.options = options;
    }
    read(): ArrayBuffer | undefined {
      if (state.throws) throw new Error("no FIFO");
      const bytes = Uint8Array.from(state.coming);
      state.coming = [];
      return bytes.length > 0 ? bytes.buffer : undefined;
    }
    write(bytes: Uint8Array): void {
      if (state.throws || bytes.length > state.room) throw new Error("output full");
      state.room -= bytes.length;
      state.sent += String.fromCharCode(...bytes);
    }
  }
  const pins = { serial: { port: 0, transmit: 1, receive: 3 } } as Board["pins"];
  const terminal = new Console({ Serial, pins, trace: (line) => trace.push(line) }, () => {
    woken += 1;
  });
  const receive = (bytes: readonly number[]) => {
    state.coming = [...state.coming, ...bytes];
    state.options?.onReadable(state.coming.length);
  };
  const type = (text: string) => receive(Array.from(text, (each) => each.charCodeAt(0)));
  const writable = (count = 128) => {
    state.room = count;
    state.options?.onWritable(count);
  };
  const lines = () => {
    const taken: string[] = [];
    for (let line = terminal.takeLine(); line !== undefined; line = terminal.takeLine()) taken.push(line);
    return taken;
  };
  return { state, trace, terminal, receive, type, writable, lines, woken: () => woken };
}

describe("console: lines in", () => {
  it("asks for 8N1 at 115,200 baud on the board's UART, in buffers", () => {
    const { state } = bench();
    const { port, transmit, receive, baud, format } = state.options ?? assert.fail();
    assert.deepEqual([port, transmit, receive, baud, format], [0, 1, 3, 115_200, "buffer"]);
  });

  it("takes lines however they are torn and ended, and wakes the firmware once for each", () => {
    const { type, lines, woken } = bench();
    for (const piece of ["st", "at", "us\r", "\nhelp\n", "\n\r\n", "  turn 1  \r\n"]) type(piece);
    assert.deepEqual(lines(), ["status", "help", "turn 1"]);
    assert.equal(woken(), 3);
  });

  it("takes characters back", () => {
    const { type, lines } = bench();
    type("\x08\x7fturm\x08n 22\x7f\n");
    assert.deepEqual(lines(), ["turn 2"]);
  });

  it("drops a line with a byte that no keyboard sends, says so, and takes the next (SR-94)", () => {
    const { receive, type, lines, state, writable, woken } = bench();
    writable();
    for (const byte of [0x00, 0x01, 0x1b, 0x80, 0xff]) {
      type("turn ");
      receive([byte]);
      type("5\n");
    }
    assert.deepEqual([lines(), woken()], [[], 0]);
    assert.match(state.sent, /^(Dropped: noise on the line\. Type it again\.\r\n)/);
    type("help\n");
    assert.deepEqual(lines(), ["help"]);
  });

  it("is silent on noise without a character, and holds no more than a line of an endless one (SR-94)", () => {
    const { receive, type, lines, state, writable } = bench();
    writable();
    receive([...new Array<number>(1_000).fill(0), 10, ...new Array<number>(1_000).fill(255), 13]);
    assert.equal(state.sent, "");
    type("turn 1".repeat(10_000));
    assert.deepEqual([lines(), state.sent], [[], ""]);
    type("\nhelp\n");
    assert.deepEqual(lines(), ["help"]);
    assert.equal(state.sent, "Dropped: over 80 characters. Type help.\r\n");
  });

  it("lets four lines wait, and says of more that they were dropped", () => {
    const { type, lines, state, writable } = bench();
    writable();
    type("a\nb\nc\nd\ne\n");
    assert.deepEqual(lines(), ["a", "b", "c", "d"]);
    assert.equal(state.sent, "Dropped: too many lines at once. Wait for answers.\r\n");
  });
});

describe("console: lines out", () => {
  it("waits for the port to say that it has room, then sends no more than that at a time", () => {
    const { terminal, state, writable } = bench();
    terminal.print(["one", "two"]);
    terminal.flush();
    assert.equal(state.sent, "");
    writable(4);
    assert.equal(state.sent, "one\r");
    writable(3);
    assert.equal(state.sent, "one\r\ntw");
    writable(128);
    assert.equal(state.sent, "one\r\ntwo\r\n");
  });

  it("keeps 64 lines of one that nobody takes, and counts those that are lost", () => {
    const { terminal, state, writable } = bench();
    for (let i = 0; i < 1_000; i++) terminal.print([`line ${i}`]);
    for (let i = 0; i < 100; i++) writable();
    const lines = state.sent.trim().split("\r\n");
    assert.equal(lines.length, 65);
    assert.deepEqual([lines[63], lines[64]], ["line 63", "(936 lines lost)"]);
  });

  it("sends ASCII alone, and cuts a line that is too long", () => {
    const { terminal, state, writable } = bench();
    terminal.print(["5 µU\n\x1b[31m", "x".repeat(1_000)]);
    for (let i = 0; i < 10; i++) writable();
    assert.equal(state.sent, `5 ?U??[31m\r\n${"x".repeat(160)}\r\n`);
  });
});

describe("console: a port that fails", () => {
  it("does nothing without one, as in a debug build, and says so in the trace", () => {
    const trace: string[] = [];
    class Taken {
      constructor() {
        throw new RangeError("port in use");
      }
      read = () => undefined;
      write(): void {}
    }
    const pins = { serial: { port: 0, transmit: 1, receive: 3 } } as Board["pins"];
    const terminal = new Console({ Serial: Taken, pins, trace: (line) => trace.push(line) }, () => assert.fail());
    terminal.print(["nobody hears"]);
    terminal.flush();
    assert.equal(terminal.takeLine(), undefined);
    assert.deepEqual(trace, ["serial: nobody can type: port in use"]);
  });

  it("lets nothing out that reading or writing throws, and goes on when it works again", () => {
    const { terminal, state, type, writable, lines } = bench();
    writable();
    state.throws = true;
    terminal.print(["once"]);
    assert.doesNotThrow(() => terminal.flush());
    assert.doesNotThrow(() => type("help\n"));
    state.throws = false;
    writable();
    assert.equal(state.sent, "once\r\n");
    type("\n");
    assert.deepEqual(lines(), ["help"]);
  });
});
