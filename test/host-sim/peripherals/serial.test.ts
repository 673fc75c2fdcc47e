/** The simulated serial port: no kinder than the SDK's C. */

import assert from "node:assert/strict";
import type { SerialOptions } from "../../../firmware/board.js";
import { PowerCut } from "../../../host-sim/peripherals/power.js";
import { SerialLine } from "../../../host-sim/peripherals/serial.js";
import { Bench } from "./bench.js";

function port(fields: Partial<SerialOptions> = {}) {
  const bench = new Bench();
  const line = new SerialLine(bench.clock);
  const heard = { text: "" };
  line.onOutput = (text) => {
    heard.text += text;
  };
  const Serial = line.serialFor(bench.session);
  const readable: number[] = [];
  const writable: number[] = [];
  const options: SerialOptions = {
    port: 0,
    transmit: 1,
    receive: 3,
    baud: 115_200,
    format: "buffer",
    onReadable: (count) => readable.push(count),
    onWritable: (count) => writable.push(count),
    ...fields,
  };
  return { bench, line, heard, Serial, options, serial: new Serial(options), readable, writable };
}

/** What was read, a character a byte. */
function text(read: ArrayBuffer | number | undefined): string {
  return typeof read === "object" ? String.fromCharCode(...new Uint8Array(read)) : "";
}

const bytes = (length: number, value = 0x61) => new Uint8Array(length).fill(value);

describe("serial port", () => {
  it("tells of room once when it is made and once after each write, not again and again", () => {
    const { bench, serial, writable } = port();
    bench.clock.advance(1_000);
    assert.deepEqual(writable, [128]);
    serial.write(bytes(4));
    bench.clock.advance(1_000);
    assert.equal(writable.length, 2);
    assert.ok((writable[1] ?? 0) >= 124);
  });

  it("throws and sends nothing when more is written than there is room for", () => {
    const { bench, heard, serial } = port();
    serial.write(bytes(100));
    assert.throws(() => serial.write(bytes(29)), /output full/);
    bench.clock.advance(100);
    assert.equal(heard.text.length, 100);
    serial.write(bytes(128));
    assert.throws(() => serial.write(bytes(1)), /output full/);
  });

  it("takes the line's time: 11 bytes a millisecond, and asks for more below 10 left", () => {
    const { bench, heard, serial, writable } = port();
    bench.clock.advance(1);
    serial.write(bytes(128));
    bench.clock.advance(5);
    assert.equal(heard.text.length, 55);
    assert.deepEqual(writable, [128]);
    bench.clock.advance(6);
    assert.equal(writable.length, 2);
    assert.ok((writable[1] ?? 0) >= 119);
  });

  it("loses what comes in while its FIFO is full, and hands out the rest at once", () => {
    const { bench, line, serial, readable } = port({ onReadable: () => {} });
    assert.equal(serial.read(), undefined);
    line.send(bytes(300));
    bench.clock.advance(100);
    assert.equal(text(serial.read()).length, 128);
    assert.equal(serial.read(), undefined);
    assert.deepEqual(readable, []);
  });

  it("tells of what came at a pause, or at 96 bytes, on the thread, torn as it comes", () => {
    const { bench, line, serial, readable } = port();
    line.type("he");
    bench.clock.advance(1);
    line.type("lp");
    bench.clock.advance(1);
    assert.deepEqual(readable, [2, 4]);
    assert.equal(text(serial.read()), "help");
    line.send(bytes(110));
    bench.clock.advance(9);
    assert.deepEqual(readable.slice(2), [99]);
  });

  it("has one user of its port, and none without power", () => {
    const { bench, line, heard, Serial, options, serial } = port();
    assert.throws(() => new Serial({ ...options, transmit: 10, receive: 9 }), /port in use/);
    serial.write(bytes(50));
    bench.session.end();
    line.powerLost();
    assert.throws(() => serial.write(bytes(1)), PowerCut);
    assert.throws(() => serial.read(), PowerCut);
    line.type("lost");
    bench.clock.advance(100);
    assert.equal(heard.text, "");
    const again = line.serialFor(bench.powerUp());
    assert.equal(new again(options).read(), undefined);
  });
});
