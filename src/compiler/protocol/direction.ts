import { and, or, type Predicate } from '../../ir/predicate.ts';
import type { Direction } from '../qualifiers.ts';

/** A test of a source or destination field, or of both, joined as the direction says; none written means `or`. */
export function inDirection(direction: Direction | undefined, test: (side: 'src' | 'dst') => Predicate): Predicate {
  switch (direction) {
    case 'src':
    case 'dst':
      return test(direction);
    case 'src and dst':
      return and(test('src'), test('dst'));
    case 'src or dst':
    case undefined:
      return or(test('src'), test('dst'));
  }
}
