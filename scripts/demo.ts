// npm run demo: the main job on a network of its own. As root on real interfaces, else on a bundled capture.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const pktf = fileURLToPath(new URL('../../bin/pktf', import.meta.url));
const capture = fileURLToPath(new URL('../../test/pcaps/ssh.pcap', import.meta.url));
const [client, server] = [`pktf-demo-${process.pid}-c`, `pktf-demo-${process.pid}-s`];
const serverAddress = '192.0.2.1';
const children: ChildProcess[] = [];

function say(text: string): void {
  process.stdout.write(`\n${text}\n`);
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Runs pktf as a user would and shows both the command and what it prints. */
function show(...args: string[]): void {
  process.stdout.write(`  $ pktf ${args.map((arg) => (/[^\w./@:=-]/.test(arg) ? `'${arg}'` : arg)).join(' ')}\n`);
  const printed = execFileSync(process.execPath, [pktf, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (const line of printed.trimEnd().split('\n')) process.stdout.write(`    ${line}\n`);
}

/** `ip` is part of nearly every Debian; where it is not, the demo may install it because it is root. */
function provideIp(): boolean {
  const present = (): boolean =>
    ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'].some((path) => existsSync(path));
  if (present()) return true;
  say('There is no ip(8) here; installing the package iproute2.');
  try {
    run('apt-get', ['update', '-qq']);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'iproute2']);
  } catch {
    return false;
  }
  return present();
}

/** Whether network namespaces can be made at all: root in a container may lack the capability. */
function mayBuildNetworks(): boolean {
  try {
    execFileSync('ip', ['netns', 'add', client], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'delete', client], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function buildNetwork(): void {
  run('ip', ['netns', 'add', client]);
  run('ip', ['netns', 'add', server]);
  run('ip', ['-n', client, 'link', 'add', 'va', 'type', 'veth', 'peer', 'name', 'vb', 'netns', server]);
  run('ip', ['-n', client, 'address', 'add', '192.0.2.2/24', 'dev', 'va']);
  run('ip', ['-n', server, 'address', 'add', `${serverAddress}/24`, 'dev', 'vb']);
  run('ip', ['-n', client, 'link', 'set', 'va', 'up']);
  run('ip', ['-n', server, 'link', 'set', 'vb', 'up']);
}

function removeNetwork(): void {
  for (const child of children) child.kill('SIGKILL');
  for (const namespace of [client, server]) {
    try {
      execFileSync('ip', ['netns', 'delete', namespace], { stdio: 'ignore' });
    } catch {
      // Never made, or gone already.
    }
  }
}

/** Servers on both ports that greet and hang up. */
async function startServers(): Promise<void> {
  const program = `
    const net = require('node:net');
    let ready = 0;
    for (const port of [22, 80]) {
      net.createServer((socket) => socket.end('hello from port ' + port)).listen(port, '${serverAddress}', () => {
        if (++ready === 2) process.stdout.write('ready');
      });
    }
    setTimeout(() => process.exit(), 120000);`;
  const child = spawn('ip', ['netns', 'exec', server, process.execPath, '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', () => reject(new Error('the servers did not start')));
  });
}

/** What a real TCP client gets from a port: the greeting, or nothing in time. */
function connect(port: number): string {
  const program = `
    const socket = require('node:net').connect({ host: '${serverAddress}', port: ${port} });
    socket.on('data', (data) => process.stdout.write(data));
    socket.on('end', () => process.exit());
    socket.on('error', (error) => { process.stdout.write(error.code); process.exit(); });
    setTimeout(() => { process.stdout.write('no answer'); process.exit(); }, 1500);`;
  const answer = run('ip', ['netns', 'exec', client, process.execPath, '-e', program]);
  process.stdout.write(`    port ${port}: ${answer}\n`);
  return answer;
}

function expectAnswers(ssh: string, http: string): void {
  const answers = [connect(22), connect(80)];
  if (answers[0] !== ssh || answers[1] !== http) throw new Error(`expected "${ssh}" and "${http}"`);
}

async function demonstrate(): Promise<void> {
  say('Two network namespaces, joined by a veth pair; servers on ports 22 and 80.');
  buildNetwork();
  await startServers();
  expectAnswers('hello from port 22', 'hello from port 80');

  say('The filter goes to XDP on the server’s interface:');
  show('attach', 'vb', 'tcp port 22', '--action', 'drop', '--netns', server);

  say('Port 22 is cut and port 80 is not:');
  expectAnswers('no answer', 'hello from port 80');

  say('What the kernel counted:');
  show('counters', 'vb', '--netns', server);

  say('Detached, all is as before:');
  show('detach', 'vb', '--netns', server);
  expectAnswers('hello from port 22', 'hello from port 80');
}

function replayOnly(reason: string): void {
  say(`${reason} So here is the same filter over a bundled capture:`);
  show('replay', capture, 'tcp port 22', '--count');
  show('compile', '-d', 'tcp port 22');
  say('As root, the demo builds a network of its own, cuts port 22 in it at XDP and shows the kernel’s counters.');
}

if (process.getuid?.() !== 0) {
  replayOnly('Attaching to interfaces needs root.');
} else if (!provideIp()) {
  replayOnly('There is no ip(8) here to build a network with.');
} else if (!mayBuildNetworks()) {
  replayOnly('This root may not make network namespaces (CAP_SYS_ADMIN is missing).');
} else {
  process.once('SIGINT', () => {
    removeNetwork();
    process.exit(130);
  });
  try {
    await demonstrate();
  } finally {
    removeNetwork();
  }
  say('Done; everything is taken down again.');
}
