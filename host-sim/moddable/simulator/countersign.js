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
const timeStyle = style("20px Open Sans", FAINT);
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
    const plunger = right - 14 - travel * reservoirFraction;
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

/** A label that shows what `read` makes of the view. */
const Reading = Label.template((_$, { read }) => ({
  Behavior: class extends Behavior {
    onView(label, view) {
      const string = read(view);
      if (label.string !== string) label.string = string;
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

export default {
  applicationName: "(main|moddable|countersign)",
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
      ButtonsRow({ label: "Reservoir", buttons: [{ event: "onEmpty", label: "Empty" }] }),
    ],
  })),
  DeviceTemplate: DeviceContainer.template(($) => ({
    Behavior: PumpBehavior,
    width: 900,
    height: 600,
    skin: pageSkin,
    contents: [
      DeviceScreen($, { left: 0, top: 0, width: 1, height: 1 }),
      Label($, { left: 28, top: 14, height: 40, style: titleStyle, string: "Countersign" }),
      Reading($, { left: 196, top: 18, height: 36, style: timeStyle, read: ({ time }) => `simulated pump, ${time}` }),
      RoundContent($, {
        right: 28,
        top: 14,
        width: 150,
        height: 42,
        radius: 10,
        border: 0,
        skin: stateSkin,
        Behavior: class extends Behavior {
          onView(content, { state }) {
            content.state = STATES.indexOf(state);
          }
        },
      }),
      Reading($, { right: 28, top: 14, width: 150, height: 42, style: stateStyle, read: ({ state }) => state }),

      RoundContent($, { left: 24, top: 70, width: 400, height: 506, radius: 12, border: 1, skin: cardSkin }),
      RoundContent($, { left: 40, top: 86, width: 368, height: 206, radius: 8, border: 0, skin: lcdSkin }),
      Port($, { left: 56, top: 98, width: 342, height: 182, Behavior: DisplayBehavior }),
      Lamp($, { left: 48, top: 306, color: "#ff9d00", member: "lit", string: "Annunciation" }),
      Lamp($, { left: 228, top: 306, color: "#2a6fdb", member: "sounding", string: "Buzzer" }),
      Lamp($, { left: 48, top: 342, color: "#1b8a55", member: "controller", string: "Controller connected" }),
      Container($, {
        left: 164,
        top: 388,
        width: 120,
        height: 120,
        active: true,
        Behavior: ButtonBehavior,
        contents: [
          RoundContent($, { left: 0, right: 0, top: 0, bottom: 0, radius: 60, border: 0, skin: buttonSkin }),
          Label($, { left: 0, right: 0, top: 0, bottom: 0, style: buttonStyle, string: "Button" }),
        ],
      }),
      Label($, {
        left: 24,
        width: 400,
        top: 514,
        height: 24,
        style: hintStyle,
        string: "hold 1 s: stop     tap, then hold: run",
      }),
      Label($, {
        left: 24,
        width: 400,
        top: 540,
        height: 24,
        style: hintStyle,
        string: "tap: confirm     3 taps: pair",
      }),

      RoundContent($, { left: 440, top: 70, width: 436, height: 506, radius: 12, border: 1, skin: cardSkin }),
      Label($, { left: 464, top: 88, style: nameStyle, string: "PATIENT HAS RECEIVED" }),
      Reading($, { left: 464, top: 104, height: 72, style: hugeStyle, read: ({ received }) => received }),
      Label($, { left: 700, top: 88, style: nameStyle, string: "LAST DELIVERY" }),
      Reading($, { left: 700, top: 112, height: 36, style: largeStyle, read: ({ last }) => last }),
      Reading($, { left: 700, top: 148, height: 24, style: plainStyle, read: ({ pulses }) => `${pulses} pulses` }),
      Label($, { left: 464, top: 200, style: nameStyle, string: "RESERVOIR" }),
      Reading($, { left: 570, top: 192, height: 36, style: largeStyle, read: ({ reservoir }) => reservoir }),
      Port($, { left: 464, top: 236, width: 396, height: 110, Behavior: CartridgeBehavior }),
      Label($, { left: 464, top: 366, style: nameStyle, string: "INFUSION LINE" }),
      Reading($, {
        left: 590,
        top: 358,
        height: 36,
        style: largeStyle,
        read: ({ occluded }) => (occluded ? "Occluded" : "Open"),
      }),
      Port($, { left: 464, top: 400, width: 388, height: 14, Behavior: ForceBehavior }),
      Reading($, {
        left: 464,
        top: 420,
        height: 24,
        style: plainStyle,
        read: ({ force, held }) => `${force} on the plunger, ${held} held back`,
      }),
      Label($, { left: 464, top: 464, style: nameStyle, string: "MOTOR" }),
      Port($, { left: 560, top: 460, width: 292, height: 100, Behavior: MotorBehavior }),
    ],
  })),
};
