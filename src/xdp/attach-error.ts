import { AttachError, noInterface, notPermitted, wrongProgramType } from '../kernel/attach-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { linkByIndex } from '../kernel/netlink/link.ts';
import type { XdpMode } from '../kernel/netlink/link.ts';
import { SystemError } from '../kernel/system-error.ts';
import { inspectXdp } from './inspect.ts';

/** What was tried. */
export interface XdpAttempt {
  readonly ifindex: number;
  readonly mode: XdpMode;
  readonly programDescriptor?: number;
}

/**
 * Puts a refusal into words. The kernel's own texts tell EEXIST from EEXIST and EBUSY from EBUSY; where it says
 * nothing (offload, a bad ifindex, bpf_link), the words are ours.
 */
export function xdpError(kernel: Kernel, error: unknown, attempt: XdpAttempt): unknown {
  if (!(error instanceof SystemError)) return error;
  const link = linkByIndex(kernel, attempt.ifindex);
  if (link === undefined) return noInterface(`interface ${attempt.ifindex}`, error);
  if (error.code === 'EINVAL' && attempt.programDescriptor !== undefined) {
    const wrongType = wrongProgramType(kernel, attempt.programDescriptor, 'xdp', error);
    if (wrongType !== undefined) return wrongType;
  }
  if (error.code === 'EBUSY' && link.xdp.length > 0) {
    // Netlink says so; LINK_CREATE has no words for it.
    const held =
      error.kernelText?.includes('XDP link') === true ||
      inspectXdp(kernel, attempt.ifindex).some(({ heldBy }) => heldBy.kind === 'link');
    return held ? heldByLink(link.name, error) : occupied(link.name, error);
  }
  return refusal(error, link.name, attempt.mode, link.xdp[0]?.mode);
}

function refusal(error: SystemError, name: string, mode: XdpMode, activeMode: XdpMode | undefined): AttachError {
  const text = error.kernelText ?? '';
  switch (error.code) {
    case 'EPERM':
    case 'EACCES':
      return notPermitted(name, error);
    case 'ENODEV':
      return noInterface(name, error);
    case 'EEXIST':
      if (text.includes('Native and generic')) return otherMode(name, mode, activeMode, error);
      return changed(name, error);
    case 'ERANGE':
      return mtuTooLarge(name, error);
    case 'EOPNOTSUPP':
      return modeNotSupported(name, mode, error);
    case 'EINVAL':
      if (text.toLowerCase().includes('mtu')) return mtuTooLarge(name, error);
      if (mode === 'offload') return modeNotSupported(name, mode, error);
  }
  return new AttachError(
    'refused',
    `${name}: the kernel refuses the XDP program: ${error.message}`,
    'see `pktf features` for what this kernel can do, and `dmesg` for what the driver says',
    error,
  );
}

function occupied(name: string, error: SystemError): AttachError {
  return new AttachError(
    'occupied',
    `${name} has an XDP program already`,
    '`pktf status` tells which; --replace takes its place',
    error,
  );
}

function heldByLink(name: string, error: SystemError): AttachError {
  return new AttachError(
    'held-by-link',
    `${name} has an XDP program that a bpf_link holds; the kernel lets nobody replace it from outside`,
    'ask the program that made the link to let go (`bpftool link show` lists links with their processes)',
    error,
  );
}

/** "Native and generic XDP can't be active at the same time". */
function otherMode(name: string, mode: XdpMode, activeMode: XdpMode | undefined, error: SystemError): AttachError {
  const active = activeMode ?? (mode === 'generic' ? 'native' : 'generic');
  return new AttachError(
    'other-mode',
    `${name} has an XDP program in ${active} mode; one in ${mode} mode cannot be beside it`,
    `detach that one first, or use --mode ${active}`,
    error,
  );
}

function changed(name: string, error: SystemError): AttachError {
  return new AttachError(
    'changed',
    `${name}: another XDP program than the expected one is attached; nothing was changed`,
    'somebody else changed it meanwhile: look at `pktf status` and try again',
    error,
  );
}

function mtuTooLarge(name: string, error: SystemError): AttachError {
  return new AttachError(
    'mtu-too-large',
    `${name}: the MTU is too large for XDP here: ${error.message}`,
    `make it smaller (\`ip link set ${name} mtu 1500\`; of a veth pair also the other end), or use --mode generic`,
    error,
  );
}

function modeNotSupported(name: string, mode: XdpMode, error: SystemError): AttachError {
  const reasons: Readonly<Record<XdpMode, string>> = {
    offload: 'its card cannot run XDP programs itself',
    native: 'its driver cannot run XDP programs',
    generic: 'it cannot run XDP programs',
  };
  const remedies: Readonly<Record<XdpMode, string>> = {
    offload: 'use --mode native or --mode generic',
    native: 'use --mode generic',
    generic: 'use --hook tc',
  };
  return new AttachError('mode-not-supported', `${name}: ${reasons[mode]} (--mode ${mode})`, remedies[mode], error);
}
