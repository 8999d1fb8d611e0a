import type { LinkType } from '../ir/link-type.ts';
import type { Predicate } from '../ir/predicate.ts';
import type { Source } from '../ir/span.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Names } from './names.ts';

export interface CompileOptions {
  readonly linkType: LinkType;
  readonly names: Names;
  /** The interface's IPv4 netmask, host order, for `ip broadcast`; undefined where it is unknown. */
  readonly netmask?: number;
  /** Whether the program will meet live packets (`inbound`, `ifindex` have an answer there). */
  readonly live?: boolean;
}

export interface CompiledFilter {
  readonly predicate: Predicate;
  /** Warnings only: errors are thrown. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * A filter expression as a predicate over the wire frame of a link type.
 * @throws DiagnosticError where the text is not a filter, or not one for this link type
 */
export declare function compile(source: Source, options: CompileOptions): CompiledFilter;
