import type { SetType } from '../compiler/compile.ts';
import type { Span } from '../ir/span.ts';
import type { TableContents } from '../ir/table-contents.ts';

/** A named set of a policy, shared by its rules and interfaces. */
export interface PolicySet {
  readonly name: string;
  readonly type: SetType;
  /** Its live elements outlast an apply. */
  readonly dynamic: boolean;
  /** What the file says, in its order. */
  readonly elements: readonly SetElement[];
  readonly span: Span;
}

export type SetElement =
  /** An address is a network with all its bits; 4 or 16 bytes, none of them set behind the prefix. */
  | { readonly kind: 'network'; readonly address: Uint8Array; readonly prefixLength: number }
  /** Both ends included. */
  | { readonly kind: 'ports'; readonly first: number; readonly last: number }
  /** 6 bytes. */
  | { readonly kind: 'mac'; readonly address: Uint8Array };

/** What the sets hold, by their names, as tables of a graph have it. */
export function contentsOfSets(sets: ReadonlyMap<string, PolicySet>): TableContents {
  return new Map([...sets.values()].map(({ name, elements }) => [name, elements]));
}

/** What sets of a type hold, in words. */
export const setContents: Readonly<Record<SetType, string>> = {
  address: 'addresses and networks',
  port: 'ports',
  mac: 'MAC addresses',
};

export function typeOfElement(element: SetElement): SetType {
  switch (element.kind) {
    case 'network':
      return 'address';
    case 'ports':
      return 'port';
    case 'mac':
      return 'mac';
  }
}
