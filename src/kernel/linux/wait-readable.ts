import koffi from 'koffi';

/**
 * Waits by epoll in Node's own loop (`uv_poll`), so no thread of libuv's pool is held. Two traps: libuv makes the
 * descriptor non-blocking, and takes only one wait per descriptor at a time. A descriptor in error counts as readable:
 * the receive that follows then says what is wrong.
 */
export function waitReadable(descriptor: number, timeout: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve(false);
      return;
    }
    const handle = koffi.node.poll(descriptor, { readable: true }, () => finish(true));
    const timer = timeout < 0 ? undefined : setTimeout(() => finish(false), timeout);
    const abort = () => finish(false);
    signal?.addEventListener('abort', abort, { once: true });

    function finish(readable: boolean): void {
      handle.close();
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      resolve(readable);
    }
  });
}
