/** What the benchmark measures, as its program on XS prints it: one line of JSON. */

/** One row of computrons. */
export interface CostRow {
  readonly name: string;
  /** Of the firmware alone. */
  readonly computrons: number;
  /** What the cryptographic primitives cost that it cannot do without; 0 where there are none. */
  readonly primitives: number;
}

/** Costs, and what does not depend on the engine. */
export interface CostReport {
  readonly rows: readonly CostRow[];
  /** One bolus of 0.5 U from Prepare to its outcome, in an open session, with a full list of remembered commands. */
  readonly dose: {
    /** 32-byte entries of NVS, and writes of its keys. */
    readonly entries: number;
    readonly writes: number;
    readonly historyRecords: number;
    /** ATT PDUs, both ways. */
    readonly airBytes: number;
    readonly roundTrips: number;
  };
  /** What the largest part of a Commit beside cryptography is made of. */
  readonly storing: readonly { readonly name: string; readonly computrons: number }[];
  /** Computrons of refusals that differ in their bytes alone. */
  readonly refused: {
    readonly connections: readonly number[];
    readonly commits: readonly number[];
    /** Of the handshake's judgement alone: a list for each mode and each set of bonds. */
    readonly judgements: readonly (readonly number[])[];
  };
}

/** Memory in use after a garbage collection. */
export interface HeapUse {
  readonly name: string;
  readonly slots: number;
  readonly dataBytes: number;
}
