/** What the process says to the shell (DESIGN section 5). */
export const exitCode = {
  ok: 0,
  /** The user's input is wrong, a test failed, or drift. */
  input: 1,
  usage: 2,
  /** The kernel refused. */
  kernel: 3,
  /** A bug of ours. */
  bug: 70,
} as const;
