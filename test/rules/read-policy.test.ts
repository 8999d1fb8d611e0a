import { expect } from 'chai';
import { readText } from './policy-text.ts';

const whole = `name: edge
interfaces: [eth0, 'wan*']
hook: tc
default: drop
vlan: exact
extension-headers: fixed
sets:
  office: [198.51.100.0/24, 2001:db8:1::/48, 203.0.113.9]
  web: [80, 443, 8080-8090, domain, ssh]
  cameras: ["02:00:5e:10:00:01"]
  banned: { type: address, dynamic: true, elements: [192.0.2.1] }
rules:
  - name: office ssh
    match: tcp dst port 22 and src net @office
    action: pass
  - name: banned
    match: src host @banned or ether host @cameras or port @web
    action: drop
    audit: true
  - name: elsewhere
    match: udp
    action: redirect eth1
`;

describe('rules/read-policy', () => {
  it('reads everything that a policy can say', () => {
    const { file, diagnostics } = readText(whole);
    expect(diagnostics).to.deep.equal([]);
    const { policy, hook, mode, interfaces, sets } = file;
    expect([policy.name, policy.defaultAction, hook, mode, interfaces]).to.deep.equal([
      'edge',
      'drop',
      'tc',
      undefined,
      ['eth0', 'wan*'],
    ]);
    expect(policy.rules.map(({ name, action, audit }) => [name, action, audit])).to.deep.equal([
      ['office ssh', 'pass', undefined],
      ['banned', 'drop', true],
      ['elsewhere', 'redirect', undefined],
    ]);
    expect(policy.rules[2]).to.have.deep.property('target', { interface: 'eth1', interfaceIndex: 2 });
    expect(
      [...sets.values()].map(({ name, type, dynamic, elements }) => [name, type, dynamic, elements.length]),
    ).to.deep.equal([
      ['office', 'address', false, 3],
      ['web', 'port', false, 5],
      ['cameras', 'mac', false, 1],
      ['banned', 'address', true, 1],
    ]);
  });

  it('has a name, a hook and a default of its own', () => {
    const { file } = readText('rules: []\n');
    expect([file.policy.name, file.hook, file.policy.defaultAction]).to.deep.equal(['policy', 'xdp', 'pass']);
  });

  it('includes files: their rules come first, each file once, paths relative to the file that names them', () => {
    const rule = (name: string): string => `rules:\n  - { name: ${name}, match: "net @${name}", action: drop }\n`;
    const set = (name: string): string => `sets: { ${name}: { file: ${name}.txt } }\n`;
    const { file, diagnostics } = readText(`include: [parts/a.yaml, b.yaml]\n${set('own')}${rule('own')}`, {
      'parts/a.yaml': `include: ../c.yaml\n${set('a')}${rule('a')}`,
      'b.yaml': `${set('b')}${rule('b')}`,
      'c.yaml': `${set('c')}${rule('c')}`,
      'own.txt': '# nothing\n',
      'parts/a.txt': '10.0.0.0/8   # private\n\n  2001:db8::1\r\n',
      'b.txt': '192.0.2.1',
      'c.txt': '192.0.2.0/25',
    });
    expect(diagnostics.map(({ message }) => message)).to.deep.equal(["nothing tells what the set 'own' holds"]);
    expect(file.policy.rules.map(({ name }) => name)).to.deep.equal(['c', 'a', 'b', 'own']);
    expect(file.sets.get('a')?.elements).to.have.length(2);
  });

  it('knows a policy by all of its text', () => {
    const { file } = readText('include: b.yaml\nrules: []\n', { 'b.yaml': 'rules: []' });
    expect(file.sources.map(({ text }) => text)).to.deep.equal(['rules: []', 'include: b.yaml\nrules: []\n']);
  });

  it('warns of sets that no rule uses, and of matches that never match', () => {
    const { diagnostics } = readText(
      'sets: { a: [1] }\nrules: [{ name: x, match: tcp and udp and ip, action: drop }]\n',
    );
    expect(diagnostics.map(({ severity, code }) => [severity, code])).to.deep.include(['warning', 'unused-set']);
    expect(diagnostics.every(({ severity }) => severity === 'warning')).to.equal(true);
  });
});
