/** What a simulated board says to whoever stands beside it: display, local trace, crashes. Bounded; survives cuts. */

/** Lines of the local trace, and exceptions, that are kept. */
const TRACE_LINES = 10_000;
const CRASHES = 100;

export interface TraceLine {
  readonly atMs: number;
  readonly line: string;
}

/** Told as it happens, from inside the firmware's call. */
export interface PanelListener {
  onShown(lines: readonly string[]): void;
  onTraced(line: string): void;
  onCrashed(what: string): void;
}

export class Panel {
  listener: PanelListener | undefined;
  #display: readonly string[] = [];
  #trace: TraceLine[] = [];
  #crashes: readonly string[] = [];
  #crashCount = 0;

  /** The lines last shown; none without power. */
  get display(): readonly string[] {
    return this.#display;
  }

  /** The newest lines of the firmware's local trace, of all sessions. */
  get trace(): readonly TraceLine[] {
    return this.#trace.slice(-TRACE_LINES);
  }

  /** The newest exceptions that the firmware let out of a callback. Each cut the power. */
  get crashes(): readonly string[] {
    return this.#crashes;
  }

  /** How many there were. */
  get crashCount(): number {
    return this.#crashCount;
  }

  show(lines: readonly string[]): void {
    this.#display = [...lines];
    this.listener?.onShown(this.#display);
  }

  addTrace(atMs: number, line: string): void {
    this.#trace.push({ atMs, line });
    if (this.#trace.length >= 2 * TRACE_LINES) this.#trace = this.#trace.slice(-TRACE_LINES);
    this.listener?.onTraced(line);
  }

  addCrash(error: unknown): void {
    const what = error instanceof Error ? `${error}\n${error.stack}` : `${error}`;
    this.#crashes = [...this.#crashes.slice(1 - CRASHES), what];
    this.#crashCount += 1;
    this.listener?.onCrashed(what);
  }

  /** The display is dark. */
  powerLost(): void {
    this.#display = [];
  }
}
