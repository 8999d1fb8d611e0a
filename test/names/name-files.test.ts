import { expect } from 'chai';
import { namesFrom, type NameFile } from '../../src/names/name-files.ts';

const texts: Record<NameFile, string> = {
  hosts: `# static table
127.0.0.1	localhost
::1	localhost ip6-localhost   # loopback
10.0.0.1 Router.example router
10.0.0.1 router
10.0.0.2 router
fe80::1%lo0 scoped
300.1.1.1 broken
10.1 short
`,
  services: `ssh 22/tcp
domain 53/tcp
domain 53/udp  nameserver
http 80/tcp www www-http # WorldWideWeb
tftp 69/udp
odd 1/ddp
big 70000/tcp
diameter 3868/sctp
`,
  protocols: `ip 0 IP
tcp 6 TCP
ipv6-icmp 58 IPv6-ICMP
broken x y
big 300 BIG
tcp 99
`,
  networks: 'loopback 127.0.0.0\nlab 10.20 Lab-Net\nbroken 1.2.3.4.5\nbad 1.2.300\n',
  ethers: '00:11:22:aa:bb:cc  Camera\n0:1:2:3:4:5 door\n00:00:00:00:00:01 door\nnonsense here\n',
};

const names = namesFrom((file) => texts[file]);

describe('names from the texts of the system files', () => {
  it('finds all addresses of a host, IPv4 and IPv6, once each and in any case', () => {
    expect(names.host('LOCALHOST').map((address) => [...address])).to.deep.equal([
      [127, 0, 0, 1],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    ]);
    expect(names.host('router').map((address) => [...address])).to.deep.equal([
      [10, 0, 0, 1],
      [10, 0, 0, 2],
    ]);
  });

  it('skips host lines without a valid whole address', () => {
    for (const name of ['scoped', 'broken', 'short', 'static', '']) expect(names.host(name), name).to.deep.equal([]);
  });

  it('finds services by name and alias with their transports', () => {
    expect(names.service('www')).to.deep.equal([{ port: 80, transport: 'tcp' }]);
    expect(names.service('domain')).to.deep.equal([
      { port: 53, transport: 'tcp' },
      { port: 53, transport: 'udp' },
    ]);
    expect(names.service('nameserver')).to.deep.equal([{ port: 53, transport: 'udp' }]);
    expect(names.service('diameter')).to.deep.equal([{ port: 3868, transport: 'sctp' }]);
    for (const name of ['odd', 'big', 'SSH', 'WorldWideWeb', '__proto__']) {
      expect(names.service(name), name).to.deep.equal([]);
    }
  });

  it('takes the first line of a protocol, and no number above 255', () => {
    expect(names.protocol('tcp')).to.equal(6);
    expect(names.protocol('IPv6-ICMP')).to.equal(58);
    for (const name of ['broken', 'big', 'Tcp', 'constructor']) expect(names.protocol(name), name).to.equal(undefined);
  });

  it('fills network numbers with zero bytes on the right', () => {
    expect(names.network('loopback')).to.equal(0x7f000000);
    expect(names.network('lab-net')).to.equal(0x0a140000);
    for (const name of ['broken', 'bad']) expect(names.network(name), name).to.equal(undefined);
  });

  it('takes the first line of an Ethernet host', () => {
    expect([...(names.ethernet('camera') ?? [])]).to.deep.equal([0, 0x11, 0x22, 0xaa, 0xbb, 0xcc]);
    expect([...(names.ethernet('Door') ?? [])]).to.deep.equal([0, 1, 2, 3, 4, 5]);
    expect(names.ethernet('here')).to.equal(undefined);
  });

  it('reads each file once, and only when a name of its kind is asked for', () => {
    const read: NameFile[] = [];
    const lazy = namesFrom((file) => {
      read.push(file);
      return texts[file];
    });
    expect(read).to.deep.equal([]);
    lazy.service('ssh');
    lazy.service('http');
    lazy.host('router');
    expect(read).to.deep.equal(['services', 'hosts']);
  });
});
