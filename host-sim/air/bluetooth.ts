/** Numbers of the Bluetooth Core specification that both ends of a link and the air between them keep to. */

/** ATT_MTU of a link on which none was exchanged (Vol 3 Part G 5.2.1). */
export const MTU_DEFAULT = 23;
/** Bytes of ATT opcode and handle before the value of a write or an indication (Vol 3 Part F 3.4.5.1, 3.4.7.2). */
export const ATT_HEADER_BYTES = 3;
/** An ATT transaction without an answer for so long ends its bearer (Vol 3 Part F 3.3.3). */
export const ATT_TIMEOUT_MS = 30_000;
/** Longest attribute value, which only prepared writes reach (Vol 3 Part F 3.2.9). */
export const VALUE_MAXIMUM_BYTES = 512;
/** Longest value that fits an L2CAP PDU behind opcode and handle (Vol 3 Part A 3.1): an attacker's may be as long. */
export const FORGED_VALUE_MAXIMUM_BYTES = 65_535 - ATT_HEADER_BYTES;
/** ATT error "Invalid Attribute Value Length" (Vol 3 Part F 3.4.1.1). */
export const INVALID_LENGTH = 0x0d;
/** Silence after which an end gives a link up: a common choice within the 100 ms to 32 s of Vol 6 Part B 4.5.2. */
export const SUPERVISION_TIMEOUT_MS = 1_000;
