/**
 * Waits for something that the kernel does in its own time: programs, maps and namespaces go away behind the call that
 * lets go of them.
 */
export async function eventually(holds: () => boolean, seconds = 5): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`it does not come true within ${seconds} s: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
