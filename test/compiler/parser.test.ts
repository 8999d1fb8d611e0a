import { expect } from 'chai';
import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import { parse } from '../../src/compiler/parser.ts';
import type { Arithmetic, Expression } from '../../src/compiler/syntax.ts';
import { textOf } from '../../src/ir/span.ts';

function tree(text: string): string {
  const expression = parse({ name: 'filter', text });
  return expression === undefined ? '' : show(expression);
}

/** A tree with all its parentheses, and with every value's qualifiers, inherited ones too. */
function show(expression: Expression): string {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return `(${expression.operands.map(show).join(` ${expression.kind} `)})`;
    case 'not':
      return `not ${show(expression.operand)}`;
    case 'match': {
      const { protocol, direction, type } = expression.qualifiers;
      return [protocol, direction, type ?? '*', textOf(expression.value.span)].filter((word) => word).join(' ');
    }
    case 'relation':
      return `${calculation(expression.left)} ${expression.relation} ${calculation(expression.right)}`;
    default:
      return textOf(expression.span);
  }
}

function calculation(node: Arithmetic): string {
  switch (node.kind) {
    case 'number':
      return String(node.value);
    case 'length':
      return 'len';
    case 'negation':
      return `-${calculation(node.operand)}`;
    case 'accessor':
      return `${node.protocol}[${calculation(node.index)}:${node.size}]`;
    case 'operation':
      return `(${calculation(node.left)} ${node.operator} ${calculation(node.right)})`;
  }
}

function errorOf(text: string): string {
  try {
    parse({ name: 'filter', text });
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics.map((diagnostic) => diagnostic.code).join(' ');
    throw error;
  }
  return 'no error';
}

function expectTrees(cases: Readonly<Record<string, string>>): void {
  for (const [text, expected] of Object.entries(cases)) expect(tree(text), text).to.equal(expected);
}

describe('parser', () => {
  it('gives and and or one precedence, to the left, and not the tightest', () => {
    expectTrees({
      'tcp or udp and icmp': '((tcp or udp) and icmp)',
      'tcp and udp or icmp and arp': '(((tcp and udp) or icmp) and arp)',
      'not tcp or udp': '(not tcp or udp)',
      'not (tcp or udp)': 'not (tcp or udp)',
      'not not tcp': 'tcp',
      '! ! ! tcp && udp || arp': '((not tcp and udp) or arp)',
      'tcp or (udp and icmp)': '(tcp or (udp and icmp))',
    });
  });

  it('keeps a run of one operator in one list', () => {
    expectTrees({
      'tcp or udp or icmp or arp': '(tcp or udp or icmp or arp)',
      'ip and (tcp and udp)': '(ip and (tcp and udp))',
    });
  });

  it('lets values inherit qualifiers over and, or and not', () => {
    expectTrees({
      'port 80 or 443': '(port 80 or port 443)',
      'tcp dst port 80 or 443 and not 22': '((tcp dst port 80 or tcp dst port 443) and not tcp dst port 22)',
      'not port 80 or 443': '(not port 80 or port 443)',
      'port not 22': 'not port 22',
      'not host a and b': '(not host a and host b)',
      'src or dst net 10.0.0.0/8 or 192.168': '(src or dst net 10.0.0.0/8 or src or dst net 192.168)',
      'dst and src host a': 'src and dst host a',
      'src port 80 or dst 443': '(src port 80 or dst * 443)',
      'ip proto 6 or 17': '(ip proto 6 or ip proto 17)',
    });
  });

  it('distributes qualifiers over values in parentheses', () => {
    expectTrees({
      'port (80 or 443)': '(port 80 or port 443)',
      'port (80)': 'port 80',
      'port ((80 or not 443) and 22)': '((port 80 or not port 443) and port 22)',
      'host a and (b or c)': '(host a and (host b or host c))',
      'host a and not (b or not c)': '(host a and not (host b or not host c))',
    });
  });

  it('gives back the earlier qualifiers behind parentheses around clauses', () => {
    expectTrees({
      'host a and (port 80 or 443) and b': '(host a and (port 80 or port 443) and host b)',
      'host a and (tcp) and b': '(host a and tcp and host b)',
      'host a and not (port 80) and b': '(host a and not port 80 and host b)',
    });
  });

  it('lets nothing inherit past a primitive without qualifiers or out of leading parentheses', () => {
    for (const text of [
      'tcp or 443',
      '(port 80) or 443',
      'ip[0] = 1 or 10.1',
      'not 80',
      '80',
      '(80 or 443)',
      '10.0.0.1',
    ]) {
      expect(errorOf(text), text).to.equal('nothing-to-inherit');
    }
    expect(errorOf('port 80 and vlan 5 and 22')).to.equal('nothing-to-inherit');
  });

  it('refuses qualifiers and clauses inside a list of values', () => {
    expect(errorOf('host a and (b or port 80)')).to.equal('value-list-only');
    expect(errorOf('port (80 or tcp)')).to.equal('value-list-only');
    expect(errorOf('tcp port 80 or udp 53')).to.equal('missing-operator');
    expect(errorOf('port (tcp)')).to.equal('value-expected');
  });

  it('groups arithmetic as libpcap does, oddities included', () => {
    expectTrees({
      'ip[0] + 1 * 2 = 3': '(ip[0:1] + (1 * 2)) = 3',
      'ip[0] - 1 - 2 = 3': '((ip[0:1] - 1) - 2) = 3',
      'ip[0] & 0xf << 2 | 1 = 3': '((ip[0:1] & (15 << 2)) | 1) = 3',
      'ip[0] & 0xf = 5': '(ip[0:1] & 15) = 5',
      '5 = ip[0] & 0xf': '5 = (ip[0:1] & 15)',
      'ip[0] % 2 + 1 = 1': '(ip[0:1] % (2 + 1)) = 1',
      'ip[0] % 3 * 2 = 1': '(ip[0:1] % (3 * 2)) = 1',
      'ip[0] ^ 1 + 2 = 1': '(ip[0:1] ^ (1 + 2)) = 1',
      '1 + ip[0] % 2 = 2': '(1 + (ip[0:1] % 2)) = 2',
      '2 * ip[0] % 3 + 4 = 2': '(2 * (ip[0:1] % (3 + 4))) = 2',
      '-ip[0] + 1 = 0': '(-ip[0:1] + 1) = 0',
      '-ip[0] % 2 = 0': '-(ip[0:1] % 2) = 0',
      '- - 1 = 1': '--1 = 1',
      '(ip[0] + 1) * 2 = 3': '((ip[0:1] + 1) * 2) = 3',
      '((ip[0])) + (1) = (3)': '(ip[0:1] + 1) = 3',
      'tcp[(tcp[12] >> 2):4] = 0x47455420': 'tcp[(tcp[12:1] >> 2):4] = 1195725856',
    });
  });

  it('tells a number that is a value from one that begins a comparison', () => {
    expectTrees({
      'port 80 or 443 = tcp[0]': '(port 80 or 443 = tcp[0:1])',
      'port 80 or (443) = len': '(port 80 or 443 = len)',
      'port 80 or (443 + 1) = len': '(port 80 or (443 + 1) = len)',
      'port 80 or not 5 = len': '(port 80 or not 5 = len)',
      '(5 = len)': '5 = len',
    });
  });

  it('takes keywords before names, and names behind a backslash', () => {
    expectTrees({ 'host \\tcp': 'host \\tcp', 'ip proto \\udp or \\tcp': '(ip proto \\udp or ip proto \\tcp)' });
    expect(errorOf('host tcp')).to.equal('value-expected');
  });

  it('is stopped neither by ten thousand clauses nor by ten thousand signs', () => {
    const hosts = Array.from({ length: 10_000 }, (_, i) => `host 10.${i >> 8}.${i & 255}.1`);
    expect(parse({ name: 'filter', text: hosts.join(' or ') }))
      .to.have.property('operands')
      .with.length(10_000);
    const mixed = hosts.map((host, i) => `${host} ${i % 2 === 0 ? 'or' : 'and'}`).join(' ');
    expect(parse({ name: 'filter', text: `${mixed} arp` })).to.have.property('kind');
    expect(tree(`${'not '.repeat(10_000)}tcp`)).to.equal('tcp');
    for (const deep of [
      '('.repeat(10_000),
      `port ${'('.repeat(10_000)}80`,
      `${'-'.repeat(10_000)}1 = 1`,
      'ip['.repeat(10_000),
      '1 %'.repeat(10_000),
    ]) {
      expect(errorOf(deep)).to.equal('nested-too-deep');
    }
  });
});
