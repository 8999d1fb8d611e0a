import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { insideNetns } from '../../src/kernel/netns.ts';
import { linkByName } from '../../src/kernel/netlink/link.ts';

/** One of two network namespaces that a veth pair joins. */
export interface Namespace {
  readonly name: string;
  /** Its end of the pair. */
  readonly interface: string;
  readonly ifindex: number;
  /** `02:00:00:00:00:0a`, say. */
  readonly ethernetAddress: string;
  readonly ipv4: string;
  readonly ipv6: string;
  /** Runs a command here and gives what it printed; throws when it fails. Mind the private bpffs of `ip netns exec`. */
  run(command: string, ...words: readonly string[]): string;
  /** Starts a command here; it is ended with the namespace. */
  start(command: string, ...words: readonly string[]): ChildProcess;
  /** Runs a synchronous action of this process here, with the pins of the machine in sight. */
  inside<Result>(action: () => Result): Result;
  /** Sends frames as they are, from the interface here. */
  send(...frames: readonly Uint8Array[]): void;
}

export interface Namespaces {
  readonly a: Namespace;
  readonly b: Namespace;
}

interface End {
  readonly letter: 'a' | 'b';
  readonly name: string;
  readonly children: Set<ChildProcess>;
}

const offloads = [
  'rx',
  'tx',
  'sg',
  'tso',
  'gso',
  'gro',
  'rxvlan',
  'txvlan',
  'tx-vlan-stag-hw-insert',
  'rx-vlan-stag-hw-parse',
];
const ethernetAddresses = { a: '02:00:00:00:00:0a', b: '02:00:00:00:00:0b' };
const ipv4Addresses = { a: '10.77.0.1', b: '10.77.0.2' };
const ipv6Addresses = { a: 'fd77::1', b: 'fd77::2' };

let lastNumber = 0;
const standing = new Set<End>();

/**
 * Builds namespaces `a` and `b` with interfaces `va` and `vb` (IPv4, IPv6, offloads off), gives them to `action` and
 * takes them down again, whatever happens: failure, SIGINT and SIGTERM included.
 */
export async function withNamespaces<Result>(
  kernel: Kernel,
  action: (namespaces: Namespaces) => Result | Promise<Result>,
): Promise<Result> {
  lastNumber += 1;
  const end = (letter: 'a' | 'b'): End => ({
    letter,
    name: `pktf-${process.pid}-${lastNumber}${letter}`,
    children: new Set(),
  });
  const a = end('a');
  const b = end('b');
  try {
    build(a, b);
    return await action({ a: namespace(kernel, a), b: namespace(kernel, b) });
  } finally {
    try {
      takeDown(a);
    } finally {
      takeDown(b);
    }
  }
}

function build(a: End, b: End): void {
  for (const end of [a, b]) {
    ip(`netns add ${end.name}`);
    standing.add(end);
  }
  ip(`link add va netns ${a.name} type veth peer name vb netns ${b.name}`);
  for (const { letter, name } of [a, b]) {
    const device = `v${letter}`;
    ip(
      `-n ${name} -batch -`,
      [
        'link set lo up',
        `link set ${device} address ${ethernetAddresses[letter]} addrgenmode none`,
        `address add ${ipv4Addresses[letter]}/24 dev ${device}`,
        `address add ${ipv6Addresses[letter]}/64 dev ${device} nodad`,
        `link set ${device} up`,
      ].join('\n'),
    );
    const switches = offloads.flatMap((offload) => [offload, 'off']);
    execFileSync('ip', ['netns', 'exec', name, 'ethtool', '-K', device, ...switches], { stdio: 'pipe' });
  }
}

function namespace(kernel: Kernel, end: End): Namespace {
  const { letter, name, children } = end;
  const device = `v${letter}`;
  const inside = <Result>(action: () => Result) => insideNetns(kernel, name, action);
  const ifindex = inside(() => linkByName(kernel, device))!.ifindex;
  return {
    name,
    interface: device,
    ifindex,
    ethernetAddress: ethernetAddresses[letter],
    ipv4: ipv4Addresses[letter],
    ipv6: ipv6Addresses[letter],
    inside,
    run: (command, ...words) =>
      execFileSync('ip', ['netns', 'exec', name, command, ...words], { encoding: 'utf8', stdio: 'pipe' }),
    start(command, ...words) {
      const child = spawn('ip', ['netns', 'exec', name, command, ...words], { stdio: 'pipe' });
      children.add(child);
      child.once('exit', () => children.delete(child));
      return child;
    },
    send: (...frames) => inside(() => sendFrames(kernel, ifindex, frames)),
  };
}

/** Whether a ping gets an answer in 0.3 s. */
export function pings(from: Namespace, to: Namespace): boolean {
  try {
    from.run('ping', '-c1', '-W0.3', to.ipv4);
    return true;
  } catch {
    return false;
  }
}

const AF_PACKET = 17;
const SOCK_RAW = 3;

/** Sends through a packet socket of protocol 0, which receives nothing. */
function sendFrames(kernel: Kernel, ifindex: number, frames: readonly Uint8Array[]): void {
  const address = new Uint8Array(20);
  new DataView(address.buffer).setUint16(0, AF_PACKET, true);
  new DataView(address.buffer).setInt32(4, ifindex, true);
  const descriptor = kernel.socket(AF_PACKET, SOCK_RAW, 0);
  try {
    kernel.bind(descriptor, address);
    for (const frame of frames) kernel.send(descriptor, frame, 0);
  } finally {
    kernel.close(descriptor);
  }
}

function takeDown(end: End): void {
  if (!standing.has(end)) return;
  for (const child of end.children) child.kill('SIGKILL');
  ip(`netns delete ${end.name}`);
  standing.delete(end);
}

function ip(words: string, input?: string): void {
  execFileSync('ip', words.split(' '), { stdio: ['pipe', 'pipe', 'pipe'], ...(input !== undefined && { input }) });
}

function takeAllDown(): void {
  for (const end of standing) takeDown(end);
}

process.on('exit', takeAllDown);
for (const [signal, number] of [['SIGINT', 2] as const, ['SIGTERM', 15] as const])
  process.once(signal, () => process.exit(128 + number));
