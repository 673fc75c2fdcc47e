/** What runner.c gives a program on XS. */

declare global {
  /** Writes one line to standard output. */
  function print(text: string): void;
  /** Computrons since the program started: what the engine's meter counts for the byte codes that it runs. */
  function computrons(): number;
  /** Slots in use, after a garbage collection. */
  function liveSlots(): number;
  /** Bytes in use of the engine's chunks (strings, buffers, byte code), after a garbage collection. */
  function liveChunkBytes(): number;
  /** Size of one slot: 16 where addresses have 32 bits, as on the ESP32; 32 where they have 64. */
  function slotBytes(): number;
}

export {};
