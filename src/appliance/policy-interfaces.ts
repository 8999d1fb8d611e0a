import type { Names } from '../compiler/names.ts';
import { links, type Link } from '../kernel/netlink/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { systemNames } from '../names/system-names.ts';
import { loadPolicy, type PolicyFile, type PolicyReading } from '../rules/read-policy.ts';
import { ApplianceError } from './appliance-error.ts';
import { findInterface, linkTypeOf, netmaskOf } from './interface.ts';

/** A policy file and where it is to be enforced. */
export interface PolicyRequest {
  /** The policy file. */
  readonly path: string;
  /** Instead of the policy's own list. */
  readonly interfaces?: readonly string[];
  readonly names?: Names;
}

/** @throws DiagnosticError, UnreadableFile; ApplianceError where no interface here is one of the policy's */
export function interfacesOfPolicy(
  kernel: Kernel,
  request: PolicyRequest,
): { readonly reading: PolicyReading; readonly chosen: readonly Link[] } {
  const reading = readPolicyFor(kernel, request);
  const wanted = request.interfaces ?? reading.file.interfaces;
  const chosen = chooseInterfaces(kernel, links(kernel), wanted);
  if (chosen.length > 0) return { reading, chosen };
  throw new ApplianceError(
    'unknown-interface',
    'input',
    `${request.path}: no interface here is one that the policy is for${wanted.length === 0 ? '' : ` (${wanted.join(', ')})`}`,
    'list them under `interfaces:` or name one with --interface',
  );
}

/** The policy as it is for the frames of one interface, or of Ethernet in general. */
export function readPolicyFor(kernel: Kernel, request: PolicyRequest, link?: Link): PolicyReading {
  const all = links(kernel);
  const netmask = link === undefined ? undefined : netmaskOf(kernel, link);
  return loadPolicy(request.path, {
    names: request.names ?? systemNames(),
    interfaceIndex: (name) => all.find((each) => each.name === name)?.ifindex,
    ...(link === undefined ? {} : { linkType: linkTypeOf(link) }),
    ...(netmask === undefined ? {} : { netmask }),
  });
}

/** What is kept of a policy in the kernel: the text of its files, that of set files not among it. */
export function textOfPolicy({ sources }: PolicyFile): string {
  return sources.map(({ text }) => text).join('\n');
}

/** The interfaces that names and patterns mean, each once. A name must be there; a pattern may mean none. */
function chooseInterfaces(kernel: Kernel, all: readonly Link[], wanted: readonly string[]): readonly Link[] {
  const chosen = wanted.flatMap((name) => {
    if (!/[*?]/.test(name)) return [findInterface(kernel, name)];
    const pattern = patternOf(name);
    return all.filter((link) => pattern.test(link.name));
  });
  return [...new Map(chosen.map((link) => [link.ifindex, link])).values()];
}

function patternOf(text: string): RegExp {
  const escaped = text
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 's');
}
