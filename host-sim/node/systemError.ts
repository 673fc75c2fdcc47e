/** Why the system refused something, in its own words. */

import { getSystemErrorMap } from "node:util";

/** Such as "no such file or directory"; the message of an error that is not the system's. */
export function reasonOf(error: unknown): string {
  const { errno = 0 } = error as NodeJS.ErrnoException;
  const [, why = messageOf(error)] = getSystemErrorMap().get(errno) ?? [];
  return why;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : `${error}`;
}
