/**
 * The pump's pane in the Moddable simulator: paints what it is told (`View` in host-sim/moddable/view.ts) and tells
 * what hands do to it (host-sim/moddable/desk.ts). Decides nothing. The simulator swallows exceptions in here.
 */

import { ButtonsRow, ControlsColumn, SwitchRow } from "ControlsPane";
import { DeviceBehavior, DeviceContainer, DeviceScreen } from "DevicePane";

const INK = "#1b2733";
const FAINT = "#66747f";
const RULE = "#dbe1e6";
const CARD = "#ffffff";
const LCD = "#0f1f1a";
const LCD_INK = "#a8f5c4";
const INSULIN = "#7cc4f2";
const STEEL = "#9aa7b1";
const RED = "#c62828";
const STATE_FILLS = { Off: "#8a97a1", Stop: "#d07a00", Run: "#1b8a55", Fault: RED };
const STATES = Object.keys(STATE_FILLS);

const pageSkin = new Skin({ fill: "#eef2f5" });
const cardSkin = new Skin({ fill: CARD, stroke: RULE });
const lcdSkin = new Skin({ fill: LCD, stroke: LCD });
const stateSkin = new Skin({ fill: Object.values(STATE_FILLS), stroke: Object.values(STATE_FILLS) });
const lamp = (on) => new Skin({ fill: ["#e3e8ec", on], stroke: ["#b9c3cb", on] });
const buttonSkin = new Skin({ fill: ["#3a4a58", "#6c8093"], stroke: ["#3a4a58", "#3a4a58"] });

const style = (font, color, horizontal = "left") => new Style({ font, color, horizontal });
const titleStyle = style("semibold 26px Open Sans", INK);
const stateStyle = style("bold 26px Open Sans", "#ffffff", "center");
const nameStyle = style("semibold 15px Open Sans", FAINT);
const hugeStyle = style("bold 58px Open Sans", INK);
const largeStyle = style("semibold 30px Open Sans", INK);
const plainStyle = style("18px Open Sans", INK);
const hintStyle = style("15px Open Sans", FAINT, "center");
const buttonStyle = style("semibold 18px Open Sans", "#ffffff", "center");
const lcdStyle = style("20px Fira Mono", LCD_INK);
const lcdSmallStyle = style("17px Fira Mono", LCD_INK);

/** Repaints with every view. */
class PortBehavior extends Behavior {
  onView(port, view) {
    this.view = view;
    port.invalidate();
  }
}

/** The display: lines of text, and beside them the QR code while there is one. */
class DisplayBehavior extends PortBehavior {
  onDraw(port) {
    const { display, qr } = this.view ?? { display: [], qr: [] };
    const small = qr.length > 0;
    const lineHeight = small ? 26 : 30;
    display.forEach((line, i) => {
      port.drawString(line, small ? lcdSmallStyle : lcdStyle, LCD_INK, 0, i * lineHeight, port.width);
    });
    if (!small) return;
    const quiet = 3;
    const module = Math.floor(port.height / (qr.length + 2 * quiet));
    const size = module * (qr.length + 2 * quiet);
    const left = port.width - size;
    port.fillColor("#ffffff", left, 0, size, size);
    qr.forEach((row, y) => {
      for (let x = 0; x < row.length; x++)
        if (row[x] === "1")
          port.fillColor("#000000", left + (quiet + x) * module, (quiet + y) * module, module, module);
    });
  }
}

/** The cartridge: lead screw, plunger, insulin, needle; and the drop that leaves it. */
class CartridgeBehavior extends PortBehavior {
  onDraw(port) {
    if (!this.view) return;
    const { reservoirFraction, occluded } = this.view;
    const top = 12;
    const height = port.height - 2 * top;
    const middle = port.height / 2;
    const barrel = { left: 40, width: port.width - 40 - 70 };
    const right = barrel.left + barrel.width;
    const travel = barrel.width - 14;
    const plunger = Math.round(right - 14 - travel * reservoirFraction);
    port.fillColor(STEEL, barrel.left, top - 4, barrel.width, 4);
    port.fillColor(STEEL, barrel.left, top + height, barrel.width, 4);
    port.fillColor(STEEL, right, top - 4, 6, height + 8);
    port.fillColor(STEEL, right + 6, middle - 5, 18, 10);
    port.fillColor(INSULIN, plunger + 14, top, right - plunger - 14, height);
    port.fillColor(INK, plunger, top, 14, height);
    port.fillColor(STEEL, 0, middle - 6, plunger, 12);
    for (let x = 4; x < plunger - 4; x += 8) port.fillColor(FAINT, x, middle - 6, 2, 12);
    port.fillColor(occluded ? RED : INSULIN, right + 24, middle - 2, port.width - right - 24, 4);
    if (occluded) port.fillColor(RED, right + 36, middle - 16, 6, 32);
  }
}

/** The motor: its four coils, and where the rotor is in its turn. */
class MotorBehavior extends PortBehavior {
  onDraw(port) {
    if (!this.view) return;
    const { coils, rotor } = this.view;
    const steps = 16;
    const radius = port.height / 2 - 6;
    for (let i = 0; i < steps; i++) {
      const angle = (2 * Math.PI * i) / steps;
      const here = i === Math.round(rotor * steps);
      const size = here ? 12 : 6;
      const x = port.height / 2 + radius * Math.sin(angle) - size / 2;
      const y = port.height / 2 - radius * Math.cos(angle) - size / 2;
      port.fillColor(here ? INK : RULE, x, y, size, size);
    }
    coils.forEach((on, i) => {
      port.fillColor(on ? "#e08b00" : RULE, port.height + 20 + i * 34, port.height / 2 - 12, 24, 24);
    });
  }
}

/** The force on the plunger as a bar. */
class ForceBehavior extends PortBehavior {
  onDraw(port) {
    port.fillColor(RULE, 0, 0, port.width, port.height);
    const fraction = this.view?.forceFraction ?? 0;
    port.fillColor(fraction > 0.4 ? RED : STEEL, 0, 0, Math.round(port.width * fraction), port.height);
  }
}

/** The pump's button, held as long as the mouse is. */
class ButtonBehavior extends Behavior {
  onTouchBegan(container, id, x, y, ticks) {
    container.captureTouch(id, x, y, ticks);
    container.first.state = 1;
    container.bubble("onHands", "press");
  }
  onTouchCancelled(container) {
    this.onTouchEnded(container);
  }
  onTouchEnded(container) {
    container.first.state = 0;
    container.bubble("onHands", "release");
  }
}

/** A lamp that a member of the view lights. */
const Lamp = Row.template(($, { color, member, string }) => ({
  height: 30,
  contents: [
    RoundContent($, {
      width: 22,
      height: 22,
      radius: 11,
      border: 1,
      skin: lamp(color),
      Behavior: class extends Behavior {
        onView(content, view) {
          content.state = view[member] ? 1 : 0;
        }
      },
    }),
    Label($, { left: 10, style: plainStyle, string }),
  ],
}));

/**
 * A text that `read` makes of the view. Painted in a port: the SDK lays a label that changes out only when something
 * else happens, such as a movement of the mouse.
 */
const Reading = Port.template((_$, { read }) => ({
  Behavior: class extends Behavior {
    string = "";
    onDraw(port) {
      port.drawLabel(this.string, 0, 0, port.width, port.height);
    }
    onView(port, view) {
      const string = read(view);
      if (string === this.string) return;
      this.string = string;
      port.invalidate();
    }
  },
}));

class PumpBehavior extends DeviceBehavior {
  onHands(container, what) {
    this.postMessage(container, JSON.stringify({ do: what }));
    return true;
  }
  onPower(container, { value }) {
    this.onHands(container, value ? "restore" : "cut");
  }
  onOcclusion(container, { value }) {
    this.onHands(container, value ? "occlude" : "clear");
  }
  onEmpty(container) {
    this.onHands(container, "empty");
  }
  onLoad(container) {
    this.onHands(container, "load");
  }
  onMessage(container, message) {
    const view = JSON.parse(message);
    container.distribute("onView", view);
    this.#turn(this.POWER, view.powered);
    this.#turn(this.OCCLUSION, view.occluded);
  }
  /** Switches of the controls follow the pump: others may have changed it, and each start makes a new one. */
  #turn(control, value) {
    const data = control?.behavior.data;
    if (!data || data.value === value) return;
    data.value = value;
    control.delegate("onDataChanged");
  }
}

const at = (left, top, width, height) => ({ left, top, width, height });
const card = ($, place) => RoundContent($, { ...place, radius: 12, border: 1, skin: cardSkin });
const name = ($, left, top, string) => Label($, { left, top, height: 24, style: nameStyle, string });
const hint = ($, top, string) => Label($, { ...at(24, top, 400, 24), style: hintStyle, string });

/** Across the top: what this is, and what therapy does. */
const heading = ($) => [
  Label($, { left: 28, top: 14, height: 42, style: titleStyle, string: "Countersign" }),
  Reading($, { ...at(196, 16, 500, 42), style: plainStyle, read: ({ time, address }) => `${time}     ${address}` }),
  RoundContent($, {
    ...at(726, 14, 150, 42),
    radius: 10,
    border: 0,
    skin: stateSkin,
    Behavior: class extends Behavior {
      onView(content, { state }) {
        content.state = STATES.indexOf(state);
      }
    },
  }),
  Reading($, { ...at(726, 14, 150, 42), style: stateStyle, read: ({ state }) => state }),
];

/** On the left: what the one who holds the pump has. */
const pump = ($) => [
  card($, at(24, 70, 400, 506)),
  RoundContent($, { ...at(40, 86, 368, 206), radius: 8, border: 0, skin: lcdSkin }),
  Port($, { ...at(56, 98, 342, 182), Behavior: DisplayBehavior }),
  Lamp($, { left: 48, top: 306, color: "#ff9d00", member: "lit", string: "Annunciation" }),
  Lamp($, { left: 228, top: 306, color: "#2a6fdb", member: "sounding", string: "Buzzer" }),
  Lamp($, { left: 48, top: 342, color: "#1b8a55", member: "controller", string: "Controller connected" }),
  Container($, {
    ...at(164, 388, 120, 120),
    active: true,
    Behavior: ButtonBehavior,
    contents: [
      RoundContent($, { ...at(0, 0, 120, 120), radius: 60, border: 0, skin: buttonSkin }),
      Label($, { ...at(0, 0, 120, 120), style: buttonStyle, string: "Button" }),
    ],
  }),
  hint($, 514, "hold 1 s: stop     tap, then hold: run"),
  hint($, 540, "tap: confirm     3 taps: pair"),
];

/** On the right: what really happens. */
const plant = ($) => [
  card($, at(440, 70, 436, 506)),
  name($, 464, 86, "PATIENT HAS RECEIVED"),
  Reading($, { ...at(464, 106, 226, 72), style: hugeStyle, read: ({ received }) => received }),
  name($, 700, 86, "LAST DELIVERY"),
  Reading($, { ...at(700, 110, 160, 38), style: largeStyle, read: ({ last }) => last }),
  Reading($, { ...at(700, 148, 160, 24), style: plainStyle, read: ({ pulses }) => pulses }),
  name($, 464, 200, "RESERVOIR"),
  Reading($, { ...at(570, 192, 280, 40), style: largeStyle, read: ({ reservoir }) => reservoir }),
  Port($, { ...at(464, 236, 396, 110), Behavior: CartridgeBehavior }),
  name($, 464, 366, "INFUSION LINE"),
  Reading($, { ...at(594, 358, 260, 40), style: largeStyle, read: ({ line }) => line }),
  Port($, { ...at(464, 402, 388, 14), Behavior: ForceBehavior }),
  Reading($, { ...at(464, 420, 388, 28), style: plainStyle, read: ({ pressure }) => pressure }),
  name($, 464, 496, "MOTOR"),
  Port($, { ...at(560, 458, 292, 104), Behavior: MotorBehavior }),
];

export default {
  applicationName: "(countersign|moddable)",
  title: "Countersign",
  Workers: {},
  ControlsTemplate: ControlsColumn.template(() => ({
    contents: [
      SwitchRow({ name: "POWER", event: "onPower", label: "Power", on: "On", off: "Cut", value: true }),
      SwitchRow({
        name: "OCCLUSION",
        event: "onOcclusion",
        label: "Infusion line",
        on: "Occluded",
        off: "Open",
        value: false,
      }),
      ButtonsRow({
        label: "Reservoir",
        buttons: [
          { event: "onEmpty", label: "Empty" },
          { event: "onLoad", label: "Full" },
        ],
      }),
    ],
  })),
  DeviceTemplate: DeviceContainer.template(($) => ({
    Behavior: PumpBehavior,
    width: 900,
    height: 600,
    skin: pageSkin,
    // The machine's own screen stays dark, behind the display.
    contents: [DeviceScreen($, at(48, 94, 1, 1)), ...heading($), ...pump($), ...plant($)],
  })),
};
