/**
 * How an evaluation ends. A bare filter ends in `match` or `no-match`; a policy in an action. What an action is called
 * at a hook (XDP_DROP, TC_ACT_SHOT, …) is the hook's business.
 */
export type Verdict = FilterVerdict | ActionVerdict;

export type FilterVerdict = { readonly kind: 'match' } | { readonly kind: 'no-match' };

export type ActionVerdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'transmit' }
  | { readonly kind: 'redirect'; readonly interfaceIndex: number };

export const match: FilterVerdict = { kind: 'match' };
export const noMatch: FilterVerdict = { kind: 'no-match' };
export const pass: ActionVerdict = { kind: 'pass' };
export const drop: ActionVerdict = { kind: 'drop' };

export function verdictKey(verdict: Verdict): string {
  return verdict.kind === 'redirect' ? `redirect ${verdict.interfaceIndex}` : verdict.kind;
}
