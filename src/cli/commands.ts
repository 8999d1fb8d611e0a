/** Every command; each by itself, so that a bundle can leave out the others. */
export { attachCommand } from './command/attach.ts';
export { detachCommand } from './command/detach.ts';
export { applyCommand } from './command/apply.ts';
export { confirmCommand } from './command/confirm.ts';
export { rollbackCommand } from './command/confirm.ts';
export { statusCommand } from './command/status.ts';
export { countersCommand } from './command/counters.ts';
export { setCommand } from './command/set.ts';
export { checkCommand } from './command/check.ts';
export { testCommand } from './command/test.ts';
export { explainCommand } from './command/explain.ts';
export { replayCommand } from './command/replay.ts';
export { captureCommand } from './command/capture.ts';
export { compileCommand } from './command/compile.ts';
export { featuresCommand } from './command/features.ts';
