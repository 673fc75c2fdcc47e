/**
 * The simulator's pane on Node: Piu as far as the pane uses it, with ports that refuse what cannot be painted. The SDK
 * swallows exceptions of a pane; here they come out.
 */

import { resolve } from "node:path";
import { build, type Plugin } from "esbuild";
import type { View } from "../../../host-sim/moddable/view.js";

type Members = { readonly [name: string]: unknown };
type Handler = (content: Content, ...values: readonly unknown[]) => unknown;

/** A piece of the pane: its dictionary, and the behavior made of it. */
interface Content {
  [name: string]: unknown;
  readonly behavior?: { readonly [event: string]: Handler };
  readonly contents?: readonly Content[];
}

interface Device {
  readonly title: string;
  readonly ControlsTemplate: new (device: object) => Content;
  readonly DeviceTemplate: new (device: object) => Content;
}

const COLOR = /^#[0-9a-f]{6}$/;
/** What Piu's constructors are asked of the simulator's own modules. */
const MODULES = /^(ControlsPane|DevicePane)$/;

const simulatorModules: Plugin = {
  name: "simulator-modules",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: MODULES }, ({ path }) => ({ path, namespace: "simulator" }));
    onLoad({ filter: /./, namespace: "simulator" }, () => ({
      contents: ["ButtonsRow", "ControlsColumn", "SwitchRow", "DeviceBehavior", "DeviceContainer", "DeviceScreen"]
        .map((name) => `export const ${name} = piu.${name};`)
        .join("\n"),
    }));
  },
};

function template(shape: (data: object, it: Members) => Members) {
  return function make(data: object, it: Members = {}): Content {
    const { Behavior, ...content } = { ...shape(data, it), ...it } as Members & {
      Behavior?: new () => Content["behavior"];
    };
    return { ...content, ...(Behavior && { behavior: new Behavior() }) } as Content;
  };
}

const constructorOf = () =>
  Object.assign(
    template((_, it) => it),
    { template },
  );

function checkColors(value: unknown): void {
  for (const color of [value].flat()) if (!COLOR.test(`${color}`)) throw new Error(`invalid color ${color}`);
}

class Skin {
  constructor({ fill, stroke = [] }: Members) {
    checkColors(fill);
    checkColors(stroke);
  }
}

class Style {
  readonly font: unknown;

  constructor({ font, color }: Members) {
    if (!/^((light|semibold|bold) )?\d+px (Open Sans|Fira Mono)$/.test(`${font}`)) throw new Error(`no font ${font}`);
    checkColors(color);
    this.font = font;
  }
}

/** The pane, built once and shown one view after another. */
export class Pane {
  /** What it sent. */
  readonly sent: string[] = [];
  readonly device: Content;
  readonly controls: Content;
  readonly #all: readonly Content[];

  constructor(device: Device) {
    const data = {};
    this.controls = new device.ControlsTemplate(data);
    this.device = new device.DeviceTemplate(data);
    this.#all = [...everything(this.device)];
    const { behavior } = this.device;
    if (!behavior) throw new Error("the pane has no behavior");
    const named = behavior as unknown as { [name: string]: unknown };
    for (const control of this.controls.contents ?? [])
      if (typeof control["name"] === "string")
        named[control["name"]] = { behavior: { data: control }, delegate: () => {} };
    named["postMessage"] = (_: unknown, message: string) => this.sent.push(message);
    for (const content of this.#all) {
      content["invalidate"] = () => {};
      content["captureTouch"] = () => {};
      content["bubble"] = (event: string, ...values: readonly unknown[]) => behavior[event]?.(this.device, ...values);
      content["first"] = content.contents?.[0];
    }
    this.device["distribute"] = (event: string, view: unknown) => {
      for (const content of this.#all)
        if (content.behavior?.[event]?.(content, view)) throw new Error("what was distributed was kept");
    };
  }

  /** Shows a view, and returns every text that is painted then. */
  show(view: View): readonly string[] {
    this.device.behavior?.["onMessage"]?.(this.device, JSON.stringify(view));
    return this.#all.flatMap((content) => painted(content));
  }

  /** The one piece that touches reach. */
  get button(): Content {
    const [button, ...others] = this.#all.filter(({ active }) => active);
    if (!button || others.length > 0) throw new Error("the pane has not one button");
    return button;
  }
}

function* everything(content: Content): Generator<Content> {
  yield content;
  for (const each of content.contents ?? []) yield* everything(each);
}

/** Lets a piece paint itself. Throws where it would paint what is no number, no color, or outside itself. */
function painted(content: Content): readonly string[] {
  const texts: string[] = [];
  const { width = Number.NaN, height = Number.NaN } = content as { width?: number; height?: number };
  const text = (string: unknown) => {
    if (typeof string !== "string" || /undefined|null|NaN|\[object/.test(string)) throw new Error(`paints ${string}`);
    texts.push(string);
  };
  const within = (x: number, y: number, w: number, h: number) => {
    if (!(x >= 0 && y >= 0 && w >= 0 && h >= 0 && x + w <= width && y + h <= height))
      throw new Error(`paints ${[x, y, w, h]} in ${[width, height]}`);
  };
  Object.assign(content, {
    drawLabel: text,
    drawString: text,
    fillColor(color: unknown, x: number, y: number, w: number, h: number) {
      checkColors(color);
      within(x, y, w, h);
    },
  });
  content.behavior?.["onDraw"]?.(content);
  if (content["state"] !== undefined && !Number.isInteger(content["state"]))
    throw new Error(`state ${content["state"]}`);
  if (typeof content["string"] === "string") text(content["string"]);
  return texts;
}

/** The pane's file, evaluated. */
export async function paneDevice(): Promise<Device> {
  const { outputFiles } = await build({
    entryPoints: ["host-sim/moddable/simulator/countersign.js"],
    absWorkingDir: resolve("."),
    bundle: true,
    format: "iife",
    globalName: "pane",
    write: false,
    logLevel: "error",
    plugins: [simulatorModules],
  });
  const piu = {
    ButtonsRow: (it: Members) => it,
    SwitchRow: (it: Members) => it,
    ControlsColumn: constructorOf(),
    DeviceContainer: constructorOf(),
    DeviceScreen: constructorOf(),
    DeviceBehavior: class {},
  };
  const globals = {
    piu,
    Behavior: class {},
    Container: constructorOf(),
    Label: constructorOf(),
    Port: constructorOf(),
    RoundContent: constructorOf(),
    Row: constructorOf(),
    Skin,
    Style,
  };
  const evaluate = new Function(...Object.keys(globals), `${outputFiles[0]?.text}; return pane.default;`);
  return evaluate(...Object.values(globals)) as Device;
}
