import { expect } from 'chai';
import { AttachError } from '../../src/kernel/attach-error.ts';
import type { AttachErrorCode } from '../../src/kernel/attach-error.ts';

/** Expects an AttachError of this code, with something to do about it. @returns the error */
export function expectRefusal(code: AttachErrorCode, action: () => unknown): AttachError {
  let refusal: unknown;
  try {
    action();
  } catch (error) {
    refusal = error;
  }
  if (!(refusal instanceof AttachError)) throw new Error(`not refused, or not in words: ${String(refusal)}`);
  expect(refusal.code, refusal.message).to.equal(code);
  expect(refusal.remedy).to.not.equal('');
  return refusal;
}
