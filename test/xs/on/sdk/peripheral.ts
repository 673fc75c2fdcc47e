/** `embedded:io/bluetoothle/peripheral` of the SDK. */

import type { Sdk } from "../firmware.js";

declare const sdk: Sdk;

export const { GATTServer } = sdk;
