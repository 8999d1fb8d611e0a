import { isSystemError } from '../kernel/system-error.ts';
import { unable, type Engine } from '../replay/engine.ts';
import { openKernel } from './kernel-session.ts';
import type { ReplayedPolicy } from './replay-program.ts';

/** What `--engine` takes. */
export const engineChoices = ['interpreter', 'javascript', 'ebpf', 'kernel', 'all'] as const;

export type EngineChoice = (typeof engineChoices)[number];

/**
 * The engine of a choice. The kernel runs a filter as a packet socket does, which needs no privileges, and a policy as
 * its hook does.
 */
export async function engineFor(choice: Exclude<EngineChoice, 'all'>, policy?: ReplayedPolicy): Promise<Engine> {
  switch (choice) {
    case 'interpreter':
      return (await import('../replay/engine/interpreter.ts')).interpreterEngine;
    case 'javascript':
      return (await import('../replay/engine/javascript.ts')).javascriptEngine;
    case 'ebpf':
      return (await import('../replay/engine/ebpf.ts')).ebpfEngine;
    case 'kernel': {
      const { socket, xdp, tc } = await kernelEngines();
      if (policy === undefined) return socket;
      return policy.hook === 'xdp' ? xdp : tc;
    }
  }
}

/** Every engine; the first is what the others are compared with. Those that may not run say so. */
export async function everyEngine(): Promise<readonly Engine[]> {
  const [{ evaluatorEngine }, interpreter, javascript, ebpf, { socket, xdp, tc }] = await Promise.all([
    import('../replay/engine/evaluator.ts'),
    engineFor('interpreter'),
    engineFor('javascript'),
    engineFor('ebpf'),
    kernelEngines(),
  ]);
  return [evaluatorEngine, interpreter, javascript, ebpf, ...[socket, xdp, tc].map(whereAllowed)];
}

async function kernelEngines(): Promise<Record<'socket' | 'xdp' | 'tc', Engine>> {
  const [{ kernelSocketEngine }, { kernelTcEngine, kernelXdpEngine }, kernel] = await Promise.all([
    import('../replay/engine/kernel-socket.ts'),
    import('../replay/engine/kernel-test-run.ts'),
    openKernel({}),
  ]);
  return { socket: kernelSocketEngine(kernel), xdp: kernelXdpEngine(kernel), tc: kernelTcEngine(kernel) };
}

function whereAllowed(engine: Engine): Engine {
  return {
    name: engine.name,
    prepare(program, outcomes) {
      try {
        return engine.prepare(program, outcomes);
      } catch (error) {
        if (isSystemError(error) && (error.code === 'EPERM' || error.code === 'EACCES')) {
          return unable('this user may not load programs');
        }
        throw error;
      }
    },
  };
}
