import { and, not, or, type Predicate } from '../ir/predicate.ts';
import { behindTags } from './layers.ts';
import type { Lowering } from './lowering.ts';
import { locateTransport, newTransportPlace, withTransportLocated } from './protocol/extension-headers.ts';
import { anyTunnel } from './protocol/tunnel.ts';
import { isTagged } from './protocol/vlan.ts';
import type { ScopeName } from './syntax.ts';

/** Lowers what stands in the parentheses. Called again for each place where the scope looks. */
export type LowerOperand = () => Predicate;

/** Clauses in a scope: behind the closing parenthesis, text means again what it meant before. */
export function scoped(lowering: Lowering, scope: ScopeName, operand: LowerOperand): Predicate {
  const { layers } = lowering;
  const predicate = insideScope(lowering, scope, operand);
  lowering.layers = layers;
  return predicate;
}

function insideScope(lowering: Lowering, scope: ScopeName, operand: LowerOperand): Predicate {
  switch (scope) {
    case 'anyvlan':
      return behindAnyTags(lowering, operand);
    case 'ext':
      return pastExtensionHeaders(lowering, operand);
    case 'inner':
      return and(withTransportLocated(lowering, anyTunnel(lowering)), operand());
  }
}

/**
 * Where there is no tag, one, or two. Only Ethernet has tags; elsewhere the clauses stand as they are. So do they in
 * another `anyvlan`: three copies of three copies of … would be more than any memory holds.
 */
function behindAnyTags(lowering: Lowering, operand: LowerOperand): Predicate {
  const { layers, variables } = lowering;
  if (layers.linkType !== 'EN10MB' || layers.labels > 0 || layers.pastTags) return operand();
  const behind = (tags: number): { readonly clauses: Predicate; readonly tagged: Predicate } => {
    lowering.layers = behindTags(layers, tags);
    // A packet has one number of tags, so the variables of one copy are free for the others.
    const inUse = lowering.variables;
    lowering.variables = variables;
    const clauses = withTransportBefore(lowering, operand);
    lowering.variables = Math.max(lowering.variables, inUse);
    lowering.layers = behindTags(layers, tags);
    return { clauses, tagged: isTagged(lowering) };
  };
  const [none, one, two] = [behind(0), behind(1), behind(2)];
  return or(
    and(not(none.tagged), none.clauses),
    and(none.tagged, or(and(not(one.tagged), one.clauses), and(one.tagged, two.clauses))),
  );
}

/** In `ext (anyvlan (…))`, each copy looks for its own transport header. */
function withTransportBefore(lowering: Lowering, operand: LowerOperand): Predicate {
  const { transport } = lowering;
  if (transport === undefined) return operand();
  const located = locateTransport(lowering, transport);
  return and(located, operand());
}

/** The walk over the extension headers comes first, and only where some clause asks for what it finds. */
function pastExtensionHeaders(lowering: Lowering, operand: LowerOperand): Predicate {
  if (lowering.transport !== undefined) return operand();
  const { variables } = lowering;
  const place = newTransportPlace(lowering);
  const located = locateTransport(lowering, place);
  lowering.transport = place;
  const clauses = operand();
  lowering.transport = undefined;
  if (place.used) return and(located, clauses);
  if (lowering.variables === variables + 2) lowering.variables = variables;
  return clauses;
}
