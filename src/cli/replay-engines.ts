import type { Engine } from '../replay/engine.ts';

/** What `--engine` takes. */
export const engineChoices = ['interpreter', 'javascript', 'all'] as const;

export type EngineChoice = (typeof engineChoices)[number];

/** The engines of a choice, loaded when asked for. For `all`, the first is what the others are compared with. */
export async function enginesFor(choice: EngineChoice): Promise<readonly Engine[]> {
  switch (choice) {
    case 'interpreter':
      return [(await import('../replay/engine/interpreter.ts')).interpreterEngine];
    case 'javascript':
      return [(await import('../replay/engine/javascript.ts')).javascriptEngine];
    case 'all': {
      const { evaluatorEngine } = await import('../replay/engine/evaluator.ts');
      const others = await Promise.all((['interpreter', 'javascript'] as const).map((name) => enginesFor(name)));
      return [evaluatorEngine, ...others.flat()];
    }
  }
}
