import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { Namespace } from '../support/netns.ts';

/** A program of Node that answers on a port with nothing, and says that it is there. */
const server = (port: number) => `
  const { createServer } = require('node:net');
  const accept = (socket) => socket.resume().on('end', () => socket.end()).on('error', () => {});
  createServer({ allowHalfOpen: true }, accept).listen(${port}, '::', () => console.log('listening'));`;

const client = (host: string, port: number, bytes: number) => `
  const { connect } = require('node:net');
  const socket = connect(${port}, '${host}', () => socket.end(Buffer.alloc(${bytes}, 0x5a)));
  socket.resume();`;

/** Sends bytes by TCP over IPv4, then over IPv6, and comes back when both connections are closed. */
export async function transfer(from: Namespace, to: Namespace, port: number, bytes: number): Promise<void> {
  const listening = to.start(process.execPath, '-e', server(port));
  await once(listening.stdout as NonNullable<typeof listening.stdout>, 'data');
  for (const host of [to.ipv4, to.ipv6]) from.run(process.execPath, '-e', client(host, port, bytes));
  const ended = once(listening, 'exit');
  listening.kill();
  await ended;
}

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;

/**
 * Sends one buffer by UDP that the kernel cuts into datagrams (UDP GSO, Linux 4.18).
 * @param segment bytes of each
 */
export async function sendSegmentedDatagrams(
  kernel: Kernel,
  from: Namespace,
  to: { readonly address: string; readonly port: number },
  bytes: number,
  segment: number,
): Promise<void> {
  const descriptor = from.inside(() => {
    const socket = kernel.socket(AF_INET, SOCK_DGRAM, 0);
    kernel.setSocketOption(socket, SOL_UDP, UDP_SEGMENT, new Uint8Array(Int32Array.of(segment).buffer));
    kernel.bind(socket, new Uint8Array(Uint16Array.of(AF_INET, 0, 0, 0, 0, 0, 0, 0).buffer));
    return socket;
  });
  // Node takes the descriptor over, and closes it.
  const socket = createSocket('udp4');
  socket.bind({ fd: descriptor });
  await new Promise<void>((resolve, reject) => {
    const sent = (error: Error | null): void => (error === null ? resolve() : reject(error));
    socket.send(new Uint8Array(bytes).fill(0x5a), to.port, to.address, sent);
  });
  socket.close();
}
