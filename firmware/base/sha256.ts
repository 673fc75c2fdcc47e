import type { sha256 } from "@noble/hashes/sha2.js";

/**
 * SHA-256 (FIPS 180-4), in the shape of noble's. It comes with the board and is handed down: noble's keeps its working
 * memory in its module, which must therefore stay in RAM, and whatever imports it with it. All else can be in flash.
 */
export type Sha256 = typeof sha256;
