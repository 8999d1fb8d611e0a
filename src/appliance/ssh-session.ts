import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';

/** The two ends of the SSH connection that the user types in, as `SSH_CONNECTION` names them. */
export interface SshSession {
  readonly peer: Endpoint;
  readonly local: Endpoint;
}

export interface Endpoint {
  /** As sshd writes it: IPv4 or IPv6, perhaps with a `%interface`. */
  readonly address: string;
  readonly port: number;
}

/** More ancestors than any login has; a bound against a /proc that lies. */
const mostAncestors = 64;

/**
 * The SSH session of this process or of its nearest ancestor that has one: sudo clears the variable for its child, but
 * the shell above it still has it.
 */
export function findSshSession(kernel: Kernel): SshSession | undefined {
  let process = 'self';
  for (let depth = 0; depth < mostAncestors; depth++) {
    const connection = environmentOf(kernel, process).get('SSH_CONNECTION');
    const ends = connection === undefined ? undefined : parseConnection(connection);
    if (ends !== undefined) return ends;
    const parent = parentOf(kernel, process);
    if (parent === undefined || parent === '0') return undefined;
    process = parent;
  }
  return undefined;
}

/** `client-address client-port server-address server-port` (sshd(8)). */
export function parseConnection(text: string): SshSession | undefined {
  const [peer, peerPort, local, localPort, more] = text.trim().split(' ');
  if (peer === undefined || local === undefined || more !== undefined) return undefined;
  const ports = [Number(peerPort), Number(localPort)] as const;
  if (!ports.every((port) => Number.isInteger(port) && port > 0 && port < 65536)) return undefined;
  return { peer: { address: peer, port: ports[0] }, local: { address: local, port: ports[1] } };
}

function environmentOf(kernel: Kernel, process: string): ReadonlyMap<string, string> {
  const entries = (readProcess(kernel, process, 'environ') ?? '').split('\0').map((entry): [string, string] => {
    const sign = entry.indexOf('=');
    return [entry.slice(0, sign), entry.slice(sign + 1)];
  });
  return new Map(entries);
}

/** The parent's number is the second field behind the command, which stands in parentheses and may hold any character. */
function parentOf(kernel: Kernel, process: string): string | undefined {
  const stat = readProcess(kernel, process, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
}

function readProcess(kernel: Kernel, process: string, file: string): string | undefined {
  try {
    return kernel.readTextFile(`/proc/${process}/${file}`);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
