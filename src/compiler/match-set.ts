import { or, type Predicate } from '../ir/predicate.ts';
import type { KeySpace, TableReference } from '../ir/table.ts';
import * as diagnostics from './diagnostics.ts';
import type { Lowering, SetType } from './lowering.ts';
import { etherHost } from './protocol/ether.ts';
import { ipv4Host, ipv6Host } from './protocol/host.ts';
import { port } from './protocol/transport.ts';
import type { Qualifiers } from './qualifiers.ts';
import { transportOf } from './resolve.ts';
import type { WrittenSet } from './syntax.ts';

/**
 * `@name` where an address, a network, a port or a MAC address may stand: whether the field is in the set. A set of
 * addresses is a table for IPv4 and one for IPv6, both of the set's name.
 */
export function matchSet(lowering: Lowering, qualifiers: Qualifiers, set: WrittenSet): Predicate {
  const { protocol, direction, type = 'host' } = qualifiers;
  const table = (space: KeySpace): TableReference => ({ name: set.name, space });
  switch (type) {
    case 'host':
    case 'net':
      if (protocol === 'link') {
        requireType(lowering, set, 'mac');
        return etherHost(lowering, table('mac'), direction, 'ether host');
      }
      requireType(lowering, set, 'address');
      return or(
        ...(protocol === 'ip6' ? [] : [ipv4Host(lowering, [table('ipv4')], protocol, direction, 'a set')]),
        ...(protocol === undefined || protocol === 'ip6'
          ? [ipv6Host(lowering, [table('ipv6')], protocol, direction, 'a set')]
          : []),
      );
    case 'port':
    case 'portrange': {
      const transport = transportOf(lowering, qualifiers);
      requireType(lowering, set, 'port');
      return port(lowering, table('port'), transport, direction);
    }
    case 'gateway':
    case 'proto':
    case 'protochain':
      return diagnostics.fail(diagnostics.invalidQualifier(lowering.span, type, 'a set'));
  }
}

function requireType(lowering: Lowering, set: WrittenSet, wanted: SetType): void {
  const type = lowering.sets.get(set.name);
  if (type === undefined) diagnostics.fail(diagnostics.unknownSet(set.span, set.name, [...lowering.sets.keys()]));
  if (type !== wanted) diagnostics.fail(diagnostics.wrongSetType(set.span, set.name, type, wanted));
}
