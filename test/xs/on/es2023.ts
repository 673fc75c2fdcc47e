/** Methods of ES2023 that the SDK's XS has and XS 13.3 lacks, for the tests' own code. */

type AnyArray = unknown[] & Uint8Array;

/** Adds them to Array and to the typed arrays. */
export function installEs2023(): void {
  const typed = Object.getPrototypeOf(Uint8Array.prototype);
  for (const prototype of [Array.prototype, typed]) {
    const methods = {
      toReversed(this: AnyArray) {
        return this.slice().reverse();
      },
      toSorted(this: AnyArray, compare?: (a: unknown, b: unknown) => number) {
        return this.slice().sort(compare);
      },
      with(this: AnyArray, index: number, value: unknown) {
        const copy = this.slice();
        copy[index < 0 ? index + copy.length : index] = value as never;
        return copy;
      },
    };
    for (const [name, value] of Object.entries(methods))
      Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
}
