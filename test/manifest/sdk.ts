/** What the Moddable SDK 8.2.3 has, as far as it is used here: read from its manifests and C sources. */

/** Modules of the SDK, by the manifest that brings them. */
export const SDK_MODULES: { readonly [manifest: string]: readonly string[] } = {
  "examples/manifest_base.json": ["time", "timer"],
  "modules/data/qrcode/manifest.json": ["qrcode"],
  "modules/io/analog/manifest.json": ["embedded:io/analog"],
  "modules/io/ble/server/manifest.json": ["embedded:io/bluetoothle/peripheral"],
  "modules/io/digital/manifest.json": ["embedded:io/digital"],
  "modules/io/flash/manifest.json": ["embedded:storage/flash"],
  "modules/io/pulsecount/manifest.json": ["embedded:io/pulsecount"],
  "modules/io/pwm/manifest.json": ["embedded:io/pwm"],
  "modules/io/serial/manifest.json": ["embedded:io/serial"],
  "modules/io/storage/manifest.json": ["embedded:storage/key-value"],
};

/** Made by mcconfig from a manifest's `config`. */
export const CONFIG_MODULE = "mc/config";

/**
 * Options that the C of each constructor reads (modules/io: digital/digital.js, pulsecount, analog, pwm, serial,
 * ble/server, storage and flash, each under esp32/). `target` and `format` are common to all IO.
 */
export const SDK_OPTIONS = {
  Digital: ["pin", "mode", "edge", "onReadable", "activeLow", "initialValue"],
  PulseCount: ["signal", "control", "filter", "onReadable"],
  Analog: ["pin", "esp"],
  PWM: ["pin", "hz", "resolution", "port", "from"],
  Serial: ["transmit", "receive", "port", "baud", "format", "onReadable", "onWritable"],
  GATTServer: ["mtu", "services", "security", "onReady", "onConnect", "onDisconnect", "onPasskey", "onSecured"],
  security: ["authenticate", "immediate", "bond", "display", "keyboard"],
  service: ["uuid", "characteristics"],
  characteristic: ["uuid", "properties", "value", "onRead", "onWrite", "onSubscribe", "onUnsubscribe", "descriptors"],
  advertisement: ["name", "services", "manufacturerData", "flags"],
  keyValueOpen: ["path", "mode", "format"],
  flashOpen: ["path", "mode", "format"],
} as const;
