/** A board without a display, in front of somebody who reads its console. */

import type { Board } from "../../../firmware/board.js";

/** The board, its display showing the lines that its console had at one moment, the newest. */
export function readOnConsole(board: Board): Board {
  let lines: readonly string[] = [];
  let ticks: number | undefined;
  const trace = (line: string) => {
    board.trace(line);
    lines = ticks === board.ticks() ? [...lines, line] : [line];
    ticks = board.ticks();
    board.show(lines);
  };
  return { ...board, trace };
}
