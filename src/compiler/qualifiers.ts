import type { Span } from '../ir/span.ts';
import type { Protocol } from './protocols.ts';

export type Direction = 'src' | 'dst' | 'src or dst' | 'src and dst';

export type ValueType = 'host' | 'net' | 'port' | 'portrange' | 'gateway' | 'proto' | 'protochain';

/** What stands before a value and says what it is compared with. */
export interface Qualifiers {
  readonly protocol: Protocol | undefined;
  /** Undefined where none was written; it then means `src or dst`. */
  readonly direction: Direction | undefined;
  /** Undefined where none was written; it then means `host`. */
  readonly type: ValueType | undefined;
  /** Where they were written: elsewhere than the value, if it inherited them. */
  readonly span: Span;
}
