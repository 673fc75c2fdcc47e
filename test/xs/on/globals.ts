/** What runner.c gives a program on XS. */

declare global {
  /** Writes one line to standard output. */
  function print(text: string): void;
  /** Computrons since the program started: what the engine's meter counts for the byte codes that it runs. */
  function computrons(): number;
  /** Slots in use, after a garbage collection. */
  function liveSlots(): number;
  /** Bytes of byte code in use, after a garbage collection. */
  function liveCodeBytes(): number;
  /** Bytes in use of strings, buffers and the like, byte code not counted, after a garbage collection. */
  function liveDataBytes(): number;
}

export {};
