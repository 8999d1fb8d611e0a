import { evaluate } from '../ir/evaluate.ts';
import { wholePacket } from '../ir/packet.ts';
import { noTables, type Tables } from '../ir/table.ts';
import { interfaceAddresses } from '../kernel/netlink/address.ts';
import { links, type Link } from '../kernel/netlink/link.ts';
import { neighbourAddress } from '../kernel/netlink/neighbour.ts';
import { routeTo } from '../kernel/netlink/route.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { parseAddress } from '../packet/address.ts';
import type { EbpfHook } from '../pipeline.ts';
import type { Policy } from '../rules/policy.ts';
import { policyGraph } from '../rules/policy-graph.ts';
import { ApplianceError } from './appliance-error.ts';
import { sessionFrames, type SessionEnds, type SessionFrame } from './session-frames.ts';
import { tagsBelow } from './session-path.ts';
import { findSshSession, type SshSession } from './ssh-session.ts';

/**
 * Nobody locks himself out unawares: the packets that keep the caller's own SSH session alive are run through the policy
 * before it is enforced. Looked at are the session's TCP segments, short and long, and the ARP or neighbour discovery
 * for the next hop, in the direction that the hook sees.
 * @param tables the policy's sets as they will be
 * @throws ApplianceError `lock-out`
 */
export function refuseLockOut(
  kernel: Kernel,
  link: Link,
  hook: EbpfHook,
  policy: Policy,
  tables: Tables = noTables,
): void {
  const session = findSshSession(kernel);
  if (session === undefined) return;
  const ends = endsOnInterface(kernel, link, session);
  if (ends === undefined) return;
  const { entry } = policyGraph(policy, { counters: false });
  const frames = sessionFrames(ends, hook === 'tc-egress' ? 'outgoing' : 'incoming', policy.linkType);
  const verdictOn = ({ bytes }: SessionFrame) => evaluate(entry, wholePacket(bytes), tables).verdict.kind;
  const cut = frames.find((frame) => verdictOn(frame) !== 'pass');
  if (cut === undefined) return;
  const { peer, local } = session;
  throw new ApplianceError(
    'lock-out',
    'input',
    `this would cut your own SSH session (${peer.address} port ${peer.port} to ${local.address} port ${local.port}): ` +
      `it ${verdictOn(cut) === 'drop' ? 'drops' : 'takes away'} ${cut.what}`,
    'let that through, or add --force if you have another way in',
  );
}

/**
 * The session's ends, if its packets go through the interface: because it is the session's own, or because that one is
 * a VLAN, bridge or bond that stands on it. In another network namespace than sshd's nobody has the
 * session's local address (or it is a laboratory that copies the real network, where --force is at hand).
 */
function endsOnInterface(kernel: Kernel, link: Link, session: SshSession): SessionEnds | undefined {
  const [peer, local] = [addressOf(session.peer.address), addressOf(session.local.address)];
  if (peer === undefined || local === undefined || peer.length !== local.length) return undefined;
  const holders = interfaceAddresses(kernel).filter(({ address }) => sameBytes(address, local));
  if (holders.length === 0) return undefined;
  const route = routeTo(kernel, peer);
  const all = links(kernel);
  const nextHop = route?.gateway ?? peer;
  for (const ifindex of new Set([route?.ifindex ?? 0, ...holders.map((holder) => holder.ifindex)])) {
    const tags = tagsBelow(all, ifindex, link.ifindex);
    if (tags === undefined) continue;
    return {
      peer: { address: peer, port: session.peer.port },
      local: { address: local, port: session.local.port },
      localMac: all.find((each) => each.ifindex === ifindex)?.address ?? link.address,
      nextHop,
      nextHopMac: neighbourAddress(kernel, ifindex, nextHop),
      tags,
    };
  }
  return undefined;
}

/** sshd writes `fe80::1%eth0` for link-local peers and plain IPv4 for mapped ones. */
function addressOf(text: string): Uint8Array | undefined {
  return parseAddress(text.replace(/%.*$/, ''));
}

function sameBytes(first: Uint8Array, second: Uint8Array): boolean {
  return first.length === second.length && first.every((byte, index) => byte === second[index]);
}
