import { AttachError, noInterface, notPermitted, wrongProgramType } from '../kernel/attach-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { TcDirection } from '../kernel/netlink/filter.ts';
import { linkByIndex } from '../kernel/netlink/link.ts';
import { SystemError } from '../kernel/system-error.ts';

/** Which side of an interface. */
export interface TcPlace {
  readonly ifindex: number;
  readonly direction: TcDirection;
}

/** What was tried. */
export interface TcAttempt extends TcPlace {
  readonly programDescriptor?: number;
}

/** Puts a refusal into words. */
export function tcError(kernel: Kernel, error: unknown, attempt: TcAttempt): unknown {
  if (!(error instanceof SystemError)) return error;
  const name = linkByIndex(kernel, attempt.ifindex)?.name;
  if (name === undefined) return noInterface(`interface ${attempt.ifindex}`, error);
  if (error.code === 'EPERM' || error.code === 'EACCES') return notPermitted(name, error);
  if (error.code === 'EINVAL' && attempt.programDescriptor !== undefined) {
    const wrongType = wrongProgramType(kernel, attempt.programDescriptor, 'sched-cls', error);
    if (wrongType !== undefined) return wrongType;
  }
  if (error.code === 'EEXIST') return occupied(name, attempt.direction, error);
  return new AttachError(
    'refused',
    `${name}: the kernel refuses the TC ${attempt.direction} program: ${error.message}`,
    `see \`pktf features\` for what this kernel can do, and \`tc filter show dev ${name} ${attempt.direction}\``,
    error,
  );
}

function occupied(name: string, direction: TcDirection, cause: SystemError): AttachError {
  return new AttachError(
    'occupied',
    `${name} has a filter at TC ${direction} in our place already`,
    '`pktf status` tells which; --replace takes its place',
    cause,
  );
}

export function changed(name: string, direction: TcDirection): AttachError {
  return new AttachError(
    'changed',
    `${name}: another program than the expected one is attached at TC ${direction}; nothing was changed`,
    'somebody else changed it meanwhile: look at `pktf status` and try again',
  );
}

export function nothingAttached(name: string, direction: TcDirection): AttachError {
  return new AttachError(
    'nothing-attached',
    `${name} has no filter of ours at TC ${direction}`,
    '`pktf status` tells what is attached',
  );
}

/** The old `ingress` qdisc stands where `clsact` would, and takes filters for egress as filters for ingress. */
export function noEgressSide(name: string): AttachError {
  return new AttachError(
    'no-egress-side',
    `${name} has the old ingress qdisc, which cannot filter what goes out`,
    `replace it: \`tc qdisc del dev ${name} ingress\` (this removes its filters), then try again`,
  );
}
