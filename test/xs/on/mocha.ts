/**
 * Mocha's interface on XS: runs what test files declare, in their order, one after the other. Every test here is
 * synchronous; one that returns a promise fails.
 */

type Body = () => unknown;

interface Suite {
  readonly title: string;
  readonly before: Body[];
  readonly after: Body[];
  readonly entries: (
    | { readonly kind: "suite"; readonly suite: Suite }
    | { readonly kind: "test"; readonly test: Test }
  )[];
}

interface Test {
  readonly title: string;
  readonly body: Body;
}

const suiteOf = (title: string): Suite => ({ title, before: [], after: [], entries: [] });

/** Collects suites and tests, and runs them. */
export class Runner {
  #current = suiteOf("");

  /** Makes mocha's globals. */
  install(): void {
    Object.assign(globalThis, {
      describe: (title: string, body: Body) => this.#describe(title, body),
      it: (title: string, body: Body) => this.#current.entries.push({ kind: "test", test: { title, body } }),
      before: (body: Body) => this.#current.before.push(body),
      after: (body: Body) => this.#current.after.push(body),
    });
  }

  /** Runs everything declared so far, and tells each test's full title and, when it failed, why. */
  run(tell: (title: string, why: string | undefined) => void): void {
    this.#run(this.#current, "", tell);
  }

  #describe(title: string, body: Body): void {
    const outer = this.#current;
    const suite = suiteOf(title);
    outer.entries.push({ kind: "suite", suite });
    this.#current = suite;
    body();
    this.#current = outer;
  }

  #run(suite: Suite, prefix: string, tell: (title: string, why: string | undefined) => void): void {
    for (const body of suite.before) body();
    for (const entry of suite.entries) {
      if (entry.kind === "suite") this.#run(entry.suite, `${prefix}${entry.suite.title} `, tell);
      else tell(`${prefix}${entry.test.title}`, outcomeOf(entry.test));
    }
    for (const body of suite.after) body();
  }
}

function outcomeOf({ body }: Test): string | undefined {
  try {
    return body() instanceof Promise ? "it is asynchronous" : undefined;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : `${error}`;
  }
}
