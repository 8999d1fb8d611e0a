import { tableLayout } from '../ebpf/table-map.ts';
import { elementsOf, type TableElement } from '../ir/table-contents.ts';
import type { Link } from '../kernel/netlink/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { listElements, openContents } from '../loader/table.ts';
import type { PolicyFile } from '../rules/read-policy.ts';
import { printElement } from '../rules/set-element.ts';
import { withPermission } from './permission.ts';
import { interfacesOfPolicy, textOfPolicy, type PolicyRequest } from './policy-interfaces.ts';
import { withPoliciesHere } from './policies-here.ts';
import { findPredecessor, type Predecessor } from './predecessor.ts';
import type { RecordedTable } from './record.ts';

/** Where an interface is not as a policy file says. */
export interface Drift {
  readonly interface: string;
  /** What differs, part of a sentence. */
  readonly difference: string;
}

/**
 * Compares what is attached with a policy file: the policy and its text on every interface, that it is on no other, and
 * the elements of the sets that are not dynamic.
 * @throws DiagnosticError, UnreadableFile, ApplianceError
 */
export function driftFrom(kernel: Kernel, request: PolicyRequest): readonly Drift[] {
  const { reading, chosen } = interfacesOfPolicy(kernel, request);
  const { file } = reading;
  return withPermission(kernel, 'looking at what is attached', ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN'], () => [
    ...chosen.flatMap((link) => {
      const found = findPredecessor(kernel, { ifindex: link.ifindex, hook: file.hook });
      if (found === undefined) return [{ interface: link.name, difference: `nothing is attached at ${file.hook}` }];
      try {
        return differences(kernel, file, found).map((difference) => ({ interface: link.name, difference }));
      } finally {
        found.objects.close();
      }
    }),
    ...(request.interfaces === undefined ? elsewhere(kernel, file, chosen) : []),
  ]);
}

/** Where the policy is, besides where it is to be. */
function elsewhere(kernel: Kernel, { policy, hook }: PolicyFile, chosen: readonly Link[]): readonly Drift[] {
  const wanted = new Set(chosen.map(({ ifindex }) => ifindex));
  return withPoliciesHere(kernel, (present) =>
    present
      .filter(({ found: { record } }) => record?.kind === 'policy' && record.name === policy.name)
      .filter((each) => !(wanted.has(each.link.ifindex) && each.hook === hook))
      .map((each) => ({ interface: each.link.name, difference: `the policy is attached at ${each.hook} besides` })),
  );
}

function differences(kernel: Kernel, file: PolicyFile, found: Predecessor): readonly string[] {
  const { record } = found;
  if (record === undefined) return ["the program that is attached is not pktf's"];
  if (record.kind !== 'policy') return [`the filter ${JSON.stringify(record.text)} is attached, not a policy`];
  if (record.name !== file.policy.name) return [`the policy ${record.name} is attached, not ${file.policy.name}`];
  const text = record.text === textOfPolicy(file) ? [] : ['the policy that is attached has another text'];
  const waiting = found.objects.deadline === undefined ? [] : ['the policy is not confirmed'];
  return [...text, ...waiting, ...(record.tables ?? []).flatMap((table) => setDifferences(kernel, file, found, table))];
}

function setDifferences(
  kernel: Kernel,
  file: PolicyFile,
  { objects }: Predecessor,
  table: RecordedTable,
): readonly string[] {
  const set = file.sets.get(table.set);
  const outer = objects.tables.get(table.map);
  if (set === undefined || set.dynamic || outer === undefined) return [];
  const contents = openContents(kernel, outer);
  if (contents === undefined) return [`the set ${table.set} is empty`];
  try {
    const stored = listElements(kernel, contents, tableLayout(table.space, table.shape)).map(({ element }) => element);
    const wanted = elementsOf(new Map([[set.name, set.elements]]), { name: set.name, space: table.space });
    const [live, said] = [printed(stored), printed(wanted)];
    return [
      ...[...said]
        .filter((element) => !live.has(element))
        .map((element) => `${element} is missing in the set ${set.name}`),
      ...[...live]
        .filter((element) => !said.has(element))
        .map((element) => `${element} is in the set ${set.name} besides`),
    ];
  } finally {
    kernel.close(contents);
  }
}

/** Ports one by one: the same ports may be written as other ranges. */
function printed(elements: readonly TableElement[]): ReadonlySet<string> {
  return new Set(
    elements.flatMap((element) => {
      if (element.kind !== 'ports') return [printElement(element)];
      return Array.from({ length: element.last - element.first + 1 }, (_, index) => String(element.first + index));
    }),
  );
}
