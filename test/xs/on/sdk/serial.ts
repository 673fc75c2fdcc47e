/** `embedded:io/serial` of the SDK. */

import type { Sdk } from "../firmware.js";

declare const sdk: Sdk;

export default sdk.Serial;
