/**
 * Reads one line as one request (PROTOCOL.md 10.1): a JSON object with `do` and exactly the members that go with it.
 * Knows no request: a vocabulary lists them. Owns nothing.
 */

import { ok, type Result, refuse } from "../../firmware/base/result.js";

/** One kind of member. */
export interface Member<Value> {
  /** What it must be, for the message to who got it wrong. */
  readonly what: string;
  /** The value, or `undefined` when it is no such thing. */
  readonly read: (value: unknown) => Value | undefined;
}

type Members = { readonly [name: string]: Member<unknown> };

/** Every request there is, by what `do` says. */
export type Vocabulary = {
  readonly [request: string]: { readonly needs: Members; readonly may?: Members };
};

type Values<M> = { readonly [Name in keyof M]: M[Name] extends Member<infer Value> ? Value : never };
type NeedsOf<Row> = Row extends { readonly needs: infer M } ? Values<M> : unknown;
type MayOf<Row> = Row extends { readonly may: infer M } ? Partial<Values<M>> : unknown;

/** A request of a vocabulary: `do`, and its members by name. */
export type RequestOf<V extends Vocabulary> = {
  [Name in keyof V & string]: { readonly do: Name } & NeedsOf<V[Name]> & MayOf<V[Name]>;
}[keyof V & string];

/** The longest excerpt of a client's own text in a message to it. */
const EXCERPT = 40;

const quoted = (text: string) => JSON.stringify(text.length > EXCERPT ? `${text.slice(0, EXCERPT)}...` : text);
const named = (names: readonly string[]) => names.join(", ");

function parse(line: string): { readonly [name: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as { readonly [name: string]: unknown })
      : undefined;
  } catch {
    return undefined;
  }
}

/** The request of a line; else what is wrong with it and what to do, in one line. */
export function readRequest<V extends Vocabulary>(vocabulary: V, line: string): Result<RequestOf<V>, string> {
  const object = parse(line);
  if (object === undefined) return refuse('no JSON object: send one a line, with a member "do"');
  const { do: name, ...members } = object;
  const row = typeof name === "string" && Object.hasOwn(vocabulary, name) ? vocabulary[name] : undefined;
  if (typeof name !== "string" || row === undefined) {
    const got = typeof name === "string" ? `unknown "do": ${quoted(name)}` : '"do" is missing or no string';
    return refuse(`${got}; give one of ${named(Object.keys(vocabulary))}`);
  }
  const known: Members = { ...row.needs, ...row.may };
  const request: { [name: string]: unknown } = { do: name };
  for (const [member, value] of Object.entries(members)) {
    const kind = Object.hasOwn(known, member) ? known[member] : undefined;
    if (kind === undefined) {
      const takes = Object.keys(known).length === 0 ? "takes none" : `takes ${named(Object.keys(known))}`;
      return refuse(`unknown member ${quoted(member)}; ${name} ${takes}`);
    }
    const read = kind.read(value);
    if (read === undefined) return refuse(`"${member}" must be ${kind.what}`);
    request[member] = read;
  }
  for (const [member, { what }] of Object.entries(row.needs))
    if (!Object.hasOwn(request, member)) return refuse(`"${member}" is missing; it must be ${what}`);
  return ok(request as RequestOf<V>);
}

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number): Member<number> {
  return {
    what: `a whole number from ${least} to ${most}`,
    read: (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= least && value <= most ? value : undefined,
  };
}

/** A list of 1 to `longest` values of one kind. */
export function listOf<Value>(kind: Member<Value>, longest: number): Member<readonly Value[]> {
  return {
    what: `a list of 1 to ${longest}, each ${kind.what}`,
    read: (value) => {
      if (!Array.isArray(value) || value.length === 0 || value.length > longest) return undefined;
      const read = value.map((each) => kind.read(each)).filter((each) => each !== undefined);
      return read.length === value.length ? read : undefined;
    },
  };
}

/** A string of one form, in lower case. */
export function textOf(what: string, form: RegExp): Member<string> {
  return { what, read: (value) => (typeof value === "string" && form.test(value) ? value.toLowerCase() : undefined) };
}

/** Bytes as hexadecimal digits, two a byte. */
export const HEX_BYTES: Member<Uint8Array> = {
  what: "hexadecimal digits, two a byte",
  read: (value) => {
    if (typeof value !== "string" || !/^([0-9a-f]{2})*$/i.test(value)) return undefined;
    return Uint8Array.from({ length: value.length / 2 }, (_, i) => Number.parseInt(value.slice(2 * i, 2 * i + 2), 16));
  },
};
