/**
 * The catalogue: one function per diagnostic of the filter language. Codes are stable; messages are one line and end
 * without a stop; text of the user's goes through `quoted`, which makes control characters visible.
 */
export * from './catalogue/link-type.ts';
export { fail } from './catalogue/make.ts';
export * from './catalogue/syntax.ts';
export * from './catalogue/value.ts';
export * from './catalogue/warnings.ts';
