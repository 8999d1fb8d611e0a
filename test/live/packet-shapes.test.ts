import { expect } from 'chai';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { attachTc } from '../../src/tc/attach.ts';
import { attachXdp } from '../../src/xdp/attach.ts';
import { withNamespaces, type Namespaces } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { frameOfFlow, tag7 } from './frames.ts';
import { prepareForLargeFrames } from './large-frames.ts';
import { openSenders } from './senders.ts';
import { transmission } from './transmission.ts';
import { loadWitness, type PacketShape, type Witness } from './witness.ts';

const small = frameOfFlow('tcp[ack] 10.9.0.1:40000 > 10.9.0.2:22 len 300');
const large = frameOfFlow('tcp[ack] 10.9.0.1:40000 > 10.9.0.2:22 len 9014');
const huge = frameOfFlow('tcp[ack] 10.9.0.1:40000 > 10.9.0.2:22 len 62000');
const datagrams = frameOfFlow('udp 10.9.0.1:5000 > 10.9.0.2:53 len 30000');

const whole = (readable: number): PacketShape => ({ readable, segment: 0, tagInMetadata: false });
const merged = (readable: number): PacketShape => ({ readable, segment: 1448, tagInMetadata: false });
const tagged = (shape: PacketShape): PacketShape => ({ ...shape, tagInMetadata: true });

const atTc = [
  { sent: transmission('socket', small), egress: whole(300), ingress: whole(300) },
  { sent: transmission('ring', small), egress: whole(14), ingress: whole(14) },
  { sent: transmission('socket', large), egress: whole(14), ingress: whole(14) },
  { sent: transmission('merged', huge), egress: merged(54), ingress: merged(54) },
  { sent: transmission('merged', datagrams), egress: merged(42), ingress: merged(42) },
  { sent: transmission('socket', small, [tag7]), egress: tagged(whole(300)), ingress: tagged(whole(300)) },
  { sent: transmission('ring', small, [tag7]), egress: tagged(whole(14)), ingress: tagged(whole(16)) },
  { sent: transmission('merged', huge, [tag7]), egress: tagged(merged(54)), ingress: tagged(merged(54)) },
];

/** The frames that `compareLive` sends are of the kinds that it is there to send. */
describe('packets on their way', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  const withWitnesses = (action: (namespaces: Namespaces, witness: (hook: 'tc' | 'xdp') => Witness) => void) =>
    withNamespaces(kernel, (namespaces) => {
      const witnesses: Witness[] = [];
      prepareForLargeFrames(namespaces, false);
      try {
        action(namespaces, (hook) => {
          const witness = loadWitness(kernel, hook);
          witnesses.push(witness);
          return witness;
        });
      } finally {
        for (const witness of witnesses) witness.close();
      }
    });

  it('have 14 directly readable bytes at TC, or headers only, or all, and tags in metadata', () =>
    withWitnesses(({ a, b }, witness) => {
      const [egress, ingress] = [witness('tc'), witness('tc')];
      const senders = openSenders(kernel, a);
      for (const [end, direction, { descriptor }] of [
        [a, 'egress', egress],
        [b, 'ingress', ingress],
      ] as const)
        end.inside(() => attachTc(kernel, { ifindex: end.ifindex, direction, programDescriptor: descriptor }));
      for (const { sent, ...expected } of atTc) {
        senders.send(sent);
        expect({ egress: egress.look(), ingress: ingress.look() }, sent.name).to.deep.equal(expected);
      }
      senders.close();
    }));

  it('have more than one buffer at XDP', () =>
    withWitnesses(({ a, b }, witness) => {
      const native = witness('xdp');
      const senders = openSenders(kernel, a);
      b.inside(() => attachXdp(kernel, { ifindex: b.ifindex, mode: 'native', programDescriptor: native.descriptor }));
      for (const [sent, readable] of [
        [transmission('socket', small), 300],
        [transmission('socket', large), 3520],
      ] as const) {
        senders.send(sent);
        expect(native.look().readable, sent.name).to.equal(readable);
      }
      senders.close();
    }));
});
