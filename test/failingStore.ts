/** Storage that refuses the writes of one blob while it is told to. */

import type { Board } from "../firmware/board.js";

/** The same board, whose writes of keys that begin with `blob` throw as long as `failing` says so. */
export function withFailingWrites(board: Board, blob: string, failing: () => boolean): Board {
  return {
    ...board,
    openKeyValue() {
      const store = board.openKeyValue();
      return {
        ...store,
        write: (key, value) => {
          if (failing() && key.startsWith(blob)) throw new Error("ESP_ERR_FLASH_OP_FAIL");
          store.write(key, value);
        },
      };
    },
  };
}
