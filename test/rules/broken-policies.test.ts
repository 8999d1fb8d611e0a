import { expect } from 'chai';
import { render } from '../../src/compiler/render.ts';
import { textOf } from '../../src/ir/span.ts';
import { seededRandom } from '../support/random.ts';
import { problemsOf, readText } from './policy-text.ts';

/**
 * Broken policy files, made by hand and by generators: each gives a diagnostic at the right place, and nothing else
 * happens. `«…»` marks the place where the first diagnostic belongs, and is taken out of the text.
 */
interface Broken {
  readonly name: string;
  readonly text: string;
  /** The code of the diagnostic; any where a filter is wrong, whose codes are the compiler's. */
  readonly code?: string;
}

const rule = 'rules:\n  - name: ssh\n    match: tcp port 22\n    action: drop\n';

const byHand: readonly Broken[] = [
  { name: 'an empty file', text: '', code: 'wrong-type' },
  { name: 'only a comment', text: '# nothing here\n', code: 'wrong-type' },
  { name: 'a list', text: '«- a»\n', code: 'wrong-type' },
  { name: 'a word', text: '«hello»\n', code: 'wrong-type' },
  { name: 'no rules', text: '«name: edge»\n', code: 'empty-policy' },
  { name: 'two documents', text: `${rule}«---\n${rule.trimEnd()}»\n`, code: 'yaml-syntax' },
  { name: 'tabs for indentation', text: 'rules:\n«\t»- name: a\n', code: 'yaml-syntax' },
  { name: 'an open bracket', text: `interfaces: [eth0\n«rules»: []\n`, code: 'yaml-syntax' },
  { name: 'an open quote', text: `name: "edge\nrules: []\n«»`, code: 'yaml-syntax' },
  { name: 'a key twice', text: `name: a\n«name»: b\n${rule}`, code: 'duplicate-key' },
  { name: 'an anchor', text: `name: «&x edge»\n${rule}`, code: 'yaml-alias' },
  { name: 'an alias', text: `interfaces: [a, «*x»]\n${rule}`, code: 'yaml-alias' },
  { name: 'a tag', text: `name: «!!binary aGVsbG8=»\n${rule}`, code: 'yaml-tag' },
  { name: 'a mapping as a key', text: `«{ a: b }»: c\n${rule}`, code: 'yaml-key' },
  { name: 'nested too deep', text: `name: [[[[[[[[[[[[[[[«[]»]]]]]]]]]]]]]]]\n${rule}`, code: 'yaml-too-deep' },
  { name: 'an address that ends in a colon', text: `sets: { a: [«2001:db8::»] }\n${rule}` },
  {
    name: 'a duplicate rule',
    text: `${rule}  - name: «ssh»\n    match: udp\n    action: drop\n`,
    code: 'duplicate-rule',
  },
  { name: 'a rule called default', text: rule.replace('ssh', '«default»'), code: 'reserved-name' },
  { name: 'a rule called malformed', text: rule.replace('ssh', '«malformed»'), code: 'reserved-name' },
  { name: 'a rule without a name', text: rule.replace('ssh', '«""»'), code: 'bad-size' },
  { name: 'a rule with a long name', text: rule.replace('ssh', `«${'x'.repeat(65)}»`), code: 'bad-size' },
  { name: 'a rule whose name has a quote', text: rule.replace('ssh', `«'a"b'»`), code: 'bad-name' },
  { name: 'tx at TC', text: `hook: tc\n${rule.replace('drop', '«tx»')}`, code: 'action-not-at-hook' },
  { name: 'a mode at TC', text: `hook: tc-egress\n«mode»: native\n${rule}`, code: 'mode-not-at-hook' },
  { name: 'an unknown interface', text: rule.replace('drop', '«redirect eth9»'), code: 'unknown-interface' },
  { name: 'a redirect to nowhere', text: rule.replace('drop', '«redirect»'), code: 'unknown-word' },
  { name: 'a mark that is too large', text: rule.replace('drop', '«mark 4294967296»'), code: 'mark-too-large' },
  { name: 'an interface with a slash', text: `interfaces: [eth0, «a/b»]\n${rule}`, code: 'bad-interface' },
  { name: 'an interface with a long name', text: `interfaces: [«abcdefghijklmnop»]\n${rule}`, code: 'bad-interface' },
  { name: 'a missing include', text: `include: «none.yaml»\n${rule}`, code: 'unreadable-file' },
  { name: 'a directory as include', text: `include: «.»\n${rule}`, code: 'unreadable-file' },
  { name: 'a device as include', text: `include: [«/dev/zero»]\n${rule}`, code: 'unreadable-file' },
  { name: 'an include of itself', text: `include: «policy.yaml»\n${rule}`, code: 'include-loop' },
  { name: 'an include of itself by another way', text: `include: «./policy.yaml»\n${rule}`, code: 'include-loop' },
  { name: 'a path with a NUL', text: `include: «"a\\0b"»\n${rule}`, code: 'unreadable-file' },
  { name: 'a missing set file', text: `sets:\n  a: { file: «none.txt» }\n${rule}`, code: 'unreadable-file' },
  { name: 'a set file without end', text: `sets:\n  a: { file: «/dev/zero» }\n${rule}`, code: 'unreadable-file' },
  { name: 'an empty set', text: `sets:\n  «a»: []\n${rule}`, code: 'untyped-set' },
  { name: 'a dynamic set without a type', text: `sets:\n  «a»: { dynamic: true }\n${rule}`, code: 'untyped-set' },
  { name: 'a set of a bad name', text: `sets:\n  «a b»: [1]\n${rule}`, code: 'bad-name' },
  { name: 'a set of two types', text: `sets:\n  a: [80, «10.0.0.1»]\n${rule}`, code: 'mixed-elements' },
  {
    name: 'a set against its type',
    text: `sets:\n  a: { type: mac, elements: [«80»] }\n${rule}`,
    code: 'mixed-elements',
  },
  { name: 'an unknown set', text: rule.replace('port 22', 'port «@web»'), code: 'unknown-set' },
  { name: 'a set of another type', text: `sets: { a: [80] }\n${rule.replace('tcp port 22', 'net «@a»')}` },
  ...[
    '300',
    '80-',
    '90-80',
    '70000',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.0/33',
    '010.0.0.1',
    '2001:db8::/129',
    ':::',
    'web!',
    '1:2:3',
  ].map((element): Broken => ({
    name: `an element ${element}`,
    text: `sets:\n  a: [«"${element === '300' ? '300 301' : element}"»]\n${rule}`,
    code: 'bad-element',
  })),
  ...['10.0.0.1/8', '192.0.2.1/24', '2001:db8::1/64', '0.0.0.1/0'].map((element): Broken => ({
    name: `a network ${element}`,
    text: `sets:\n  a: [10.0.0.0/8, «${element}»]\n${rule}`,
    code: 'host-bits-set',
  })),
];

/** Filters with the word that is wrong in them. */
const brokenFilters = [
  'tcp port «99999»',
  'udp and «foo»',
  'host «300.1.2.3»',
  'net «10.0.0.1/8»',
  'tcp «prot» 22',
  'ether host «00:11:22:33:44»',
  'tcp[«nonsense»] = 1',
  'not «)» tcp',
  'tcp and «(»udp',
  'vlan «5000»',
  'port 22 or port «70000»',
  'dst port «nosuchservice»',
  '«ip proto 300»',
  'src net «@nosuchset»',
];

/** The ways in which YAML writes a text. */
const styles: readonly (readonly [name: string, write: (filter: string) => string])[] = [
  ['plain', (filter) => filter],
  ['plain on two lines', (filter) => filter.replace(/ (?=\S*«)/, '\n      ')],
  ['single quotes', (filter) => `'${filter}'`],
  ['double quotes', (filter) => `"${filter}"`],
  ['double quotes with escapes', (filter) => `"${filter.replace(' ', '\\t ').replace(/^(.)/, '\\x20$1')}"`],
  ['double quotes over lines', (filter) => `"${filter.replace(/ (?=\S*«)/, ' \\\n      ')}"`],
  ['a literal block', (filter) => `|\n      arp\n      or ${filter}`],
  ['a folded block', (filter) => `>-   # why not\n      arp or\n\n      ${filter}`],
];

function* inEveryStyle(): Generator<Broken> {
  for (const filter of brokenFilters) {
    for (const [name, write] of styles) {
      yield { name: `${filter} in ${name}`, text: rule.replace('tcp port 22', write(filter)) };
    }
  }
}

const keys: readonly (readonly [key: string, text: string])[] = [
  ['interfaces', `KEY: [eth0]\n${rule}`],
  ['hook', `KEY: xdp\n${rule}`],
  ['mode', `KEY: native\n${rule}`],
  ['default', `KEY: pass\n${rule}`],
  ['vlan', `KEY: any\n${rule}`],
  ['extension-headers', `KEY: follow\n${rule}`],
  ['include', `KEY: []\n${rule}`],
  ['sets', `KEY: {}\n${rule}`],
  ['tests', `KEY: []\n${rule}`],
  ['audit', `${rule}    KEY: true\n`],
  ['file', `sets:\n  a: { type: port, KEY: x }\n${rule}`],
  ['elements', `sets:\n  a: { type: port, KEY: [] }\n${rule}`],
  ['dynamic', `sets:\n  a: { type: port, KEY: true }\n${rule}`],
  ['pass', `${rule}tests:\n  - flow: udp 10.0.0.1:1 > 10.0.0.2:2\n    expect: { drop: 1, KEY: 1 }\n`],
];

function* misspeltKeys(): Generator<Broken> {
  const ways: readonly ((key: string) => string)[] = [
    (key) => `${key}s`,
    (key) => key.slice(0, -1),
    (key) => key.toUpperCase(),
    (key) => `x-${key}`,
  ];
  for (const [key, text] of keys) {
    for (const way of ways) {
      yield { name: `${way(key)} for ${key}`, text: text.replace('KEY', `«${way(key)}»`), code: 'unknown-key' };
    }
  }
}

const values: readonly (readonly [text: string, wrong: readonly string[]])[] = [
  [`name: VALUE\n${rule}`, ['[a]', '7', 'true', '{ a: b }']],
  [`interfaces: VALUE\n${rule}`, ['eth0', '7', '{ a: b }']],
  [`interfaces: [eth0, VALUE]\n${rule}`, ['[a]', '7', 'true']],
  [`hook: VALUE\n${rule}`, ['xpd', 'ingress', '[xdp]', '7']],
  [`mode: VALUE\n${rule}`, ['fast', 'true', '{}']],
  [`default: VALUE\n${rule}`, ['accept', 'reject', 'false', '[drop]']],
  [`vlan: VALUE\n${rule}`, ['all', '7', '[any]']],
  [`extension-headers: VALUE\n${rule}`, ['follows', 'true']],
  [`sets: VALUE\n${rule}`, ['[a]', 'a', '7']],
  [`sets:\n  a: VALUE\n${rule}`, ['80', 'a', 'true']],
  [`sets:\n  a: [VALUE]\n${rule}`, ['true', '[80]', '{ a: 1 }']],
  [`sets:\n  a: { type: VALUE, dynamic: true }\n${rule}`, ['adress', 'ports', '7', '[mac]']],
  [`sets:\n  a: { type: port, dynamic: VALUE }\n${rule}`, ['yes', '1']],
  [`rules: VALUE\n`, ['x', '7', '{ a: b }']],
  [`rules:\n  - VALUE\n`, ['x', '7', '[a]']],
  [rule.replace('ssh', 'VALUE'), ['7', '[a]', 'true']],
  [rule.replace('tcp port 22', 'VALUE'), ['22', '[tcp]', '{ tcp: 22 }', 'true']],
  [rule.replace('drop', 'VALUE'), ['drip', 'accept', 'Drop', 'mark x', '7', '[drop]', 'redirect a b']],
  [`${rule}    audit: VALUE\n`, ['yes', '1', '[]']],
  [`${rule}tests: VALUE\n`, ['x', '{ a: b }']],
  [`${rule}tests:\n  - flow: VALUE\n    expect: drop\n`, ['7', '[a]']],
  [`${rule}tests:\n  - packet: 00\n    expect: VALUE\n`, ['fail', 'pass with "ssh"', '7', '[drop]', 'Drop']],
  [`${rule}tests:\n  - packet: 00\n    expect: { pass: VALUE }\n`, ['many', '-1', '1.5', 'true']],
];

function* wrongValues(): Generator<Broken> {
  for (const [text, wrong] of values) {
    for (const value of wrong)
      yield { name: `${value} in ${text.split('\n')[0]}`, text: text.replace('VALUE', `«${value}»`) };
  }
}

function* missingKeys(): Generator<Broken> {
  yield { name: 'a rule without name', text: 'rules:\n  - «match»: tcp\n    action: drop\n', code: 'missing-key' };
  yield { name: 'a rule without match', text: 'rules:\n  - «name»: a\n    action: drop\n', code: 'missing-key' };
  yield { name: 'a rule without action', text: 'rules:\n  - «name»: a\n    match: tcp\n', code: 'missing-key' };
  yield { name: 'a test without expectation', text: `${rule}tests:\n  - «packet»: "00"\n`, code: 'missing-key' };
}

const all: readonly Broken[] = [...byHand, ...inEveryStyle(), ...misspeltKeys(), ...wrongValues(), ...missingKeys()];

function place(marked: string): { readonly text: string; readonly start: number | undefined } {
  const start = marked.indexOf('«');
  return { text: marked.replace(/[«»]/g, ''), start: start < 0 ? undefined : start };
}

describe('rules/broken policies', () => {
  it('are more than 300', () => {
    expect(all.length).to.be.above(300);
  });

  for (const { name, text: marked, code } of all) {
    it(name, () => {
      const { text, start } = place(marked);
      const { diagnostics } = readText(text);
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      expect(errors, 'no error').not.to.deep.equal([]);
      for (const diagnostic of diagnostics)
        expect(render(diagnostic)).to.match(/policy\.yaml:\d+:\d+: (error|warning): /);
      if (code !== undefined) expect(errors.map((error) => error.code)).to.include(code);
      if (start === undefined) return;
      const places = errors.filter((error) => code === undefined || error.code === code).map(({ span }) => span.start);
      expect(places, errors.map(render).join('\n')).to.include(start);
    });
  }

  it('all problems of a file are told at once, in the order of the text', () => {
    expect(
      problemsOf(
        'nam: x\nhook: xpd\nsets: { a: [10.0.0.1/8] }\nrules:\n  - name: a\n    match: port foo or host 1.2.3.400\n    action: drip\n',
      ),
    ).to.deep.equal([
      "1:1 unknown-key 'nam'",
      "2:7 unknown-word 'xpd'",
      "3:13 host-bits-set '10.0.0.1/8'",
      "6:17 unknown-port 'foo'",
      "6:29 invalid-ipv4-address '1.2.3.400'",
      "7:13 unknown-word 'drip'",
    ]);
  });

  it('texts cut off anywhere, and with a character too many or too few, are refused or read, never thrown', () => {
    const random = seededRandom(4711);
    const text = `name: edge\nsets: { a: [80, 443] }\n${rule}tests:\n  - flow: udp 10.0.0.1:1 > 10.0.0.2:2\n    expect: pass\n`;
    for (let round = 0; round < 100; round++) {
      const at = Math.floor(random() * text.length);
      const inserted = '\'"[]{}:,-#&*!|>%@`\t\n\0\u2028é'[Math.floor(random() * 24)] ?? '';
      const broken = [
        text.slice(0, at),
        text.slice(0, at) + text.slice(at + 1),
        text.slice(0, at) + inserted + text.slice(at),
      ];
      for (const each of broken) {
        for (const { span } of readText(each).diagnostics) {
          expect(span.end).to.be.at.most(span.source.text.length);
          expect(textOf(span).length).to.equal(span.end - span.start);
        }
      }
    }
  });
});

describe('rules/hostile policies', () => {
  const hostile: Readonly<Record<string, string>> = {
    'an alias bomb': `a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n${rule}`,
    'a merge key': `x: &x { name: a }\n<<: *x\n${rule}`,
    'a hundred thousand open brackets': '['.repeat(100_000),
    'a hundred thousand open braces': '{a: '.repeat(100_000),
    'a hundred thousand dashes': '- '.repeat(100_000),
    'a list in a list in a list': `${'['.repeat(500)}${']'.repeat(500)}`,
    'a filter of parentheses': rule.replace('tcp port 22', '('.repeat(50_000)),
    'a prototype for a key': `__proto__: { name: x }\nconstructor: 7\n${rule}`,
    'a set called __proto__': `sets: { __proto__: [] }\n${rule}`,
  };
  for (const [name, text] of Object.entries(hostile)) {
    it(`${name} is refused`, () => {
      const { diagnostics } = readText(text);
      expect(diagnostics.some(({ severity }) => severity === 'error')).to.equal(true);
      for (const diagnostic of diagnostics) render(diagnostic);
    });
  }

  it('a policy of more than a megabyte is not read', () => {
    expect(() => readText(`${rule}# ${'x'.repeat(1 << 20)}`)).to.throw('it is larger than 1 MiB');
  });

  it('what is no UTF-8 is not read', () => {
    const { diagnostics } = readText(`include: b.yaml\n${rule}`, { 'b.yaml': Uint8Array.of(0x72, 0xff) });
    expect(diagnostics.map(({ message }) => message)).to.deep.equal(["cannot read 'b.yaml': it is no UTF-8 text"]);
  });
});
