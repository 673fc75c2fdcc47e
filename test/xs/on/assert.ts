/** `node:assert/strict` on XS, as far as the tests use it: under Node's names and with Node's meaning. */

import deepEqual from "deep-eql";

type ErrorClass = abstract new (...args: never[]) => Error;
type Expected = RegExp | ErrorClass | ((error: unknown) => boolean) | Readonly<Record<string, unknown>>;

/** What a failed assertion throws. */
export class AssertionError extends Error {}

const told = (value: unknown): string => {
  const text = (part: unknown) => (typeof part === "bigint" || typeof part === "function" ? String(part) : part);
  return JSON.stringify(value, (_, part) => text(part)) ?? String(value);
};

function isErrorClass(expected: Expected): expected is ErrorClass {
  return typeof expected === "function" && (expected === Error || expected.prototype instanceof Error);
}

function matches(error: unknown, expected: Expected): boolean {
  if (expected instanceof RegExp) return expected.test(`${error}`);
  if (isErrorClass(expected)) return error instanceof expected;
  if (typeof expected === "function") return expected(error);
  const found = error as Readonly<Record<string, unknown>>;
  return Object.entries(expected).every(([name, value]) =>
    value instanceof RegExp ? value.test(`${found[name]}`) : deepEqual(found[name], value),
  );
}

function ok(value: unknown, message?: string): asserts value {
  if (!value) throw new AssertionError(message ?? `${told(value)} is not true`);
}

function compare(holds: boolean, what: string, actual: unknown, expected: unknown, message: string | undefined): void {
  if (!holds) throw new AssertionError(`${message ?? "not so"}: ${told(actual)} ${what} ${told(expected)}`);
}

const assertions = {
  ok,
  equal: (actual: unknown, expected: unknown, message?: string): void =>
    compare(Object.is(actual, expected), "is not", actual, expected, message),
  notEqual: (actual: unknown, expected: unknown, message?: string): void =>
    compare(!Object.is(actual, expected), "is", actual, expected, message),
  deepEqual: (actual: unknown, expected: unknown, message?: string): void =>
    compare(deepEqual(actual, expected), "is not", actual, expected, message),
  notDeepEqual: (actual: unknown, expected: unknown, message?: string): void =>
    compare(!deepEqual(actual, expected), "is", actual, expected, message),
  match: (text: string, pattern: RegExp, message?: string): void =>
    compare(pattern.test(text), "does not match", text, `${pattern}`, message),
  doesNotMatch: (text: string, pattern: RegExp, message?: string): void =>
    compare(!pattern.test(text), "matches", text, `${pattern}`, message),
  throws(run: () => unknown, expected?: Expected | string, message?: string): void {
    let thrown: { readonly error: unknown } | undefined;
    try {
      run();
    } catch (error) {
      thrown = { error };
    }
    const why = typeof expected === "string" ? expected : message;
    if (thrown === undefined) throw new AssertionError(why ?? "nothing was thrown");
    if (expected === undefined || typeof expected === "string" || matches(thrown.error, expected)) return;
    throw new AssertionError(`${why ?? "something else was thrown"}: ${thrown.error}`);
  },
  doesNotThrow(run: () => unknown): void {
    run();
  },
  fail(message?: string): never {
    throw new AssertionError(message ?? "failed");
  },
};

const strict = Object.assign(ok, assertions);

export { strict };
export default strict;
