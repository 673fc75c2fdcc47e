/** `embedded:storage/key-value` of the SDK. */

import type { Sdk } from "../firmware.js";

declare const sdk: Sdk;

export default sdk.keyValue;
