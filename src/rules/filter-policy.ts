import type { LinkType } from '../ir/link-type.ts';
import type { Predicate } from '../ir/predicate.ts';
import type { Policy, FilterAction } from './policy.ts';

/** The name of the one rule of a bare filter. */
export const filterRuleName = 'match';

/**
 * A bare filter as the policy of one rule that `attach` enforces: `drop` drops what matches, `pass` drops what does
 * not, `count` drops nothing.
 */
export function filterPolicy(linkType: LinkType, match: Predicate, action: FilterAction): Policy {
  return {
    name: 'filter',
    linkType,
    rules: [{ name: filterRuleName, match, action }],
    defaultAction: action === 'pass' ? 'drop' : 'pass',
  };
}
