import type { Diagnostic } from '../compiler/diagnostic.ts';
import { FlowError, parseFlow } from '../packet/flow.ts';
import { FlowFrameError, frameOf } from '../packet/flow-frame.ts';
import { counterNames } from '../rules/policy.ts';
import { besides } from '../rules/policy-files.ts';
import * as diagnostics from '../rules/policy-diagnostics.ts';
import type { PolicyFile } from '../rules/read-policy.ts';
import { valueAt } from '../rules/schema-problems.ts';
import type { Path, WrittenText, YamlDocument } from '../rules/yaml-document.ts';
import { PacketTextError, parsePacketText } from './packet-text.ts';
import { printCounts, type Expectation, type PolicyTest, type TestSubject } from './policy-test.ts';

export interface TestReading {
  readonly tests: readonly PolicyTest[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The tests inside a policy, and what is wrong with them. One with a problem is left out. */
export function readTests({ document, policy }: PolicyFile): TestReading {
  const written = valueAt(document.value, ['tests']);
  const problems: Diagnostic[] = [];
  const tests: PolicyTest[] = [];
  const counters = counterNames(policy);
  for (const index of Array.isArray(written) ? written.keys() : []) {
    const path: Path = ['tests', index];
    const subject = readSubject(document, path, problems);
    const expectation = readExpectation(document, [...path, 'expect'], counters, problems);
    if (subject === undefined || expectation === undefined) continue;
    const name = valueAt(document.value, [...path, 'name']);
    const title = typeof name === 'string' ? name : subject.title;
    tests.push({ title, subject: subject.subject, expectation, span: document.spanAt(path) });
  }
  return { tests, diagnostics: problems };
}

interface Subject {
  readonly subject: TestSubject;
  readonly title: string;
}

const subjects: Readonly<Record<string, (text: string, document: YamlDocument) => TestSubject>> = {
  flow: (text) => ({ kind: 'frame', bytes: frameOf(parseFlow(text)) }),
  packet: (text) => ({ kind: 'frame', bytes: parsePacketText(text) }),
  capture: (text, document) => ({ kind: 'capture', path: besides(document.source.name, text) }),
};

const longestTitle = 80;

function readSubject(document: YamlDocument, path: Path, problems: Diagnostic[]): Subject | undefined {
  const value = valueAt(document.value, path);
  if (typeof value !== 'object' || value === null) return undefined;
  const keys = Object.keys(subjects).filter((key) => key in value);
  const [key] = keys;
  if (key === undefined || keys.length > 1) {
    problems.push(diagnostics.testSubject(document.spanOfKey([...path, keys[1] ?? Object.keys(value)[0] ?? ''])));
    return undefined;
  }
  const isText = typeof valueAt(document.value, [...path, key]) === 'string';
  // The schema has reported what is no text; digits alone are a number to YAML, and a packet all the same.
  const written = isText || key === 'packet' ? document.textAt([...path, key]) : undefined;
  const read = subjects[key];
  if (written === undefined || read === undefined) return undefined;
  try {
    const title = written.text.trim().replace(/\s+/g, ' ').slice(0, longestTitle);
    return { subject: read(written.text, document), title };
  } catch (failure) {
    problems.push(subjectProblem(failure, written));
    return undefined;
  }
}

function subjectProblem(failure: unknown, written: WrittenText): Diagnostic {
  if (failure instanceof FlowError || failure instanceof PacketTextError) {
    return diagnostics.badSubject(written.span(failure.start, failure.end), failure.message);
  }
  if (failure instanceof FlowFrameError) {
    return diagnostics.badSubject(written.span(0, written.text.length), failure.message);
  }
  throw failure;
}

function readExpectation(
  document: YamlDocument,
  path: Path,
  counters: readonly string[],
  problems: Diagnostic[],
): Expectation | undefined {
  const value = valueAt(document.value, path);
  if (typeof value === 'string') return readVerdict(document.textAt(path) as WrittenText, counters, problems);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const counts = Object.entries(value).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  if (counts.length === 0) problems.push(diagnostics.badExpectation(document.spanAt(path), printCounts({})));
  return { kind: 'counts', counts: Object.fromEntries(counts) };
}

/** `drop`, `drop by default`, `pass by "office ssh"`. */
function readVerdict(
  written: WrittenText,
  counters: readonly string[],
  problems: Diagnostic[],
): Expectation | undefined {
  const parts = /^(?<verdict>pass|drop|tx|redirect \S+)(?<by> by "?(?<rule>.+?)"?)?$/s.exec(written.text);
  if (parts === null) return undefined;
  const { verdict = '', by = '', rule } = parts.groups as Record<string, string | undefined>;
  if (rule !== undefined && !counters.includes(rule)) {
    const start = verdict.length + by.indexOf(rule, 4);
    problems.push(diagnostics.unknownRule(written.span(start, start + rule.length), rule, counters));
    return undefined;
  }
  return { kind: 'verdict', verdict, rule };
}
