/** Whether what JSON gave has the members that it should have. Pure. */

/** An object, not an array and not null, so that its members may be asked for. */
export function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** At least the members of an example, of the same types throughout; arrays of the same length, numbers finite. */
export function hasShape(value: unknown, example: unknown): boolean {
  if (typeof example === "number") return Number.isFinite(value);
  if (Array.isArray(example))
    return (
      Array.isArray(value) && value.length === example.length && example.every((each, i) => hasShape(value[i], each))
    );
  if (!isObject(example)) return typeof value === typeof example;
  return isObject(value) && Object.entries(example).every(([name, each]) => hasShape(value[name], each));
}
