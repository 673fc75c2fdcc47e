/** `embedded:io/analog` of the SDK. */

import type { Sdk } from "../firmware.js";

declare const sdk: Sdk;

export default sdk.Analog;
