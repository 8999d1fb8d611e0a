import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Namespace } from '../support/netns.ts';

const server = `
  const net = require('node:net');
  const ports = process.argv.slice(1).map(Number);
  let waiting = ports.length;
  for (const port of ports)
    net.createServer((socket) => socket.on('error', () => {}).pipe(socket))
      .listen(port, '::', () => { if (--waiting === 0) console.log('ready'); });
`;

/** Reads commands as JSON lines and answers each with one: opens a session, or says something and waits for the echo. */
const client = `
  const net = require('node:net');
  const sessions = new Map();
  const answer = (question, text) => console.log(JSON.stringify([question, text]));
  const within = (milliseconds, action) => new Promise((resolve) => {
    setTimeout(() => resolve(undefined), milliseconds);
    action(resolve);
  });
  require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
    const { question, id, host, port, text, milliseconds } = JSON.parse(line);
    if (host !== undefined) {
      const socket = net.connect({ host, port });
      socket.on('error', () => {});
      sessions.set(id, socket);
      answer(question, await within(milliseconds, (resolve) => socket.once('connect', () => resolve('open'))));
    } else {
      const socket = sessions.get(id);
      let echoed = '';
      const take = (data) => (echoed += data);
      socket.on('data', take);
      socket.write(text);
      answer(question, await within(milliseconds, (resolve) => socket.on('data', () => { if (echoed === text) resolve('echoed'); })));
      socket.off('data', take);
    }
  });
  console.log('ready');
`;

/** Starts servers that send back what they get, over IPv4 and IPv6. */
export async function startEchoServers(at: Namespace, ...ports: readonly number[]): Promise<void> {
  await ready(at.start(process.execPath, '-e', server, ...ports.map(String)));
}

/** A TCP session that stays open. */
export interface Session {
  /** Whether the handshake came about. */
  readonly open: boolean;
  /** Whether what is said comes back in time. */
  echoes(text: string): Promise<boolean>;
}

export interface Client {
  connect(host: string, port: number): Promise<Session>;
}

/** Milliseconds: a lost segment is sent again within 200, and nothing is lost here by chance. */
const patience = 300;

/** A process that holds many sessions at a time. */
export async function startClient(at: Namespace): Promise<Client> {
  const child = at.start(process.execPath, '-e', client);
  await ready(child);
  const waiting = new Map<number, (answer: string | null) => void>();
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const [question, answer] = JSON.parse(line) as [number, string | null];
    waiting.get(question)?.(answer);
  });
  let lastQuestion = 0;
  const ask = (command: object): Promise<string | null> => {
    const question = (lastQuestion += 1);
    child.stdin!.write(`${JSON.stringify({ ...command, question, milliseconds: patience })}\n`);
    return new Promise((resolve) => waiting.set(question, resolve));
  };
  let lastId = 0;
  return {
    async connect(host, port) {
      const id = (lastId += 1);
      const open = (await ask({ id, host, port })) === 'open';
      return { open, echoes: async (text) => (await ask({ id, text })) === 'echoed' };
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout!.once('data', () => resolve());
    child.once('exit', () => reject(new Error('it did not start')));
  });
}
