/**
 * Defects that a careful reader might let through, each with the one test that must catch it. A test that would pass
 * with its defect in place shows nothing.
 */

/** One place in one compiled module, and what to put there. */
export interface Planted {
  /** Path of the module below the build folder. */
  readonly module: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
}

export interface Defect extends Planted {
  readonly name: string;
  readonly caughtBy: {
    /** Path below test/, without `.test.ts`. */
    readonly file: string;
    /** The test's title, or a part that only it has. */
    readonly title: string;
  };
}

export const DEFECTS: readonly Defect[] = [];
