import type { Kernel } from '../../src/kernel/kernel.ts';
import type { Namespaces } from '../support/netns.ts';
import { socketObserver, tcObserver, xdpObserver, type Observer } from './observers.ts';

/** Hooks that can be watched at the same time. */
export interface Round {
  readonly open: (kernel: Kernel, namespaces: Namespaces) => readonly Observer[];
  /** Whether merged packets stay whole on their way. */
  readonly merged: boolean;
}

/**
 * A program in generic mode keeps TC ingress from seeing whole frames (DESIGN section 7), and one in native mode hands
 * on packets that it has copied: so TC and sockets are watched without XDP, too.
 */
export const rounds: readonly Round[] = [
  {
    open: (kernel, { a, b }) => [
      tcObserver(kernel, a, 'egress'),
      socketObserver(kernel, a, 'sending'),
      tcObserver(kernel, b, 'ingress'),
      socketObserver(kernel, b, 'receiving'),
    ],
    merged: true,
  },
  {
    open: (kernel, { b }) => [
      xdpObserver(kernel, b, 'native'),
      tcObserver(kernel, b, 'ingress'),
      socketObserver(kernel, b, 'receiving'),
    ],
    merged: false,
  },
  {
    open: (kernel, { b }) => [xdpObserver(kernel, b, 'generic'), socketObserver(kernel, b, 'receiving')],
    merged: true,
  },
];
