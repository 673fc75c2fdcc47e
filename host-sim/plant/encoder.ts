/**
 * Quadrature encoder on the lead screw, 2,400 edges (x4) a turn, with play: after a reversal the screw turns a little
 * before the encoder follows.
 */

const EDGES_PER_TURN = 2_400;

export interface ScrewEncoderSnapshot {
  readonly position: number;
  readonly edges: number;
}

export class ScrewEncoder {
  readonly #edgesPerHalfStep: number;
  readonly #backlashEdges: number;
  /** Ahead of the screw by nothing (after moving forwards) up to the backlash (after moving back), in edges. */
  #position = 0;
  #edges = 0;
  #listener: ((edges: number) => void) | undefined;

  constructor(halfStepsPerTurn: number, backlashEdges: number) {
    this.#edgesPerHalfStep = EDGES_PER_TURN / halfStepsPerTurn;
    this.#backlashEdges = backlashEdges;
  }

  /** Edges given so far, net. */
  get edges(): number {
    return this.#edges;
  }

  /** Hears every movement of at least one edge, signed. One listener: `undefined` ends it. */
  listen(listener: ((edges: number) => void) | undefined): void {
    this.#listener = listener;
  }

  snapshot(): ScrewEncoderSnapshot {
    return { position: this.#position, edges: this.#edges };
  }

  /** Nobody hears of it. */
  restore({ position, edges }: ScrewEncoderSnapshot): void {
    this.#position = position;
    this.#edges = edges;
  }

  /** The screw has turned to a position. */
  follow(screwHalfSteps: number): void {
    const screw = screwHalfSteps * this.#edgesPerHalfStep;
    this.#position = Math.min(screw + this.#backlashEdges, Math.max(screw, this.#position));
    const edges = Math.floor(this.#position);
    const moved = edges - this.#edges;
    this.#edges = edges;
    if (moved !== 0) this.#listener?.(moved);
  }
}
