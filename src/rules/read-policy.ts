import { basename, extname } from 'node:path';
import type { Diagnostic } from '../compiler/diagnostic.ts';
import { DiagnosticError } from '../compiler/diagnostic.ts';
import type { Names } from '../compiler/names.ts';
import type { LinkType } from '../ir/link-type.ts';
import type { Source } from '../ir/span.ts';
import * as diagnostics from './policy-diagnostics.ts';
import { readDocuments } from './policy-documents.ts';
import type { PolicySet } from './policy-set.ts';
import type { EndingAction, Policy } from './policy.ts';
import { policyGraph } from './policy-graph.ts';
import { readRules } from './read-rules.ts';
import { readSets } from './read-sets.ts';
import { knownBehind, tagCounts } from './shared-headers.ts';
import { valueAt } from './schema-problems.ts';
import { tablesOf } from './tables.ts';
import type { YamlDocument } from './yaml-document.ts';

export interface PolicyOptions {
  /** Of the packets that the policy will see. Default EN10MB. */
  readonly linkType?: LinkType;
  readonly names: Names;
  /** The interface's IPv4 netmask, host order, for `ip broadcast`. */
  readonly netmask?: number;
  /** The index of an interface to redirect to; undefined where there is none of that name. */
  interfaceIndex(name: string): number | undefined;
}

/** A policy file that was read with all that it includes. */
export interface PolicyFile {
  readonly policy: Policy;
  readonly hook: PolicyHook;
  /** XDP only; undefined: native, else generic. */
  readonly mode: PolicyMode | undefined;
  /** Names and patterns with `*` and `?`. */
  readonly interfaces: readonly string[];
  /** By name. */
  readonly sets: ReadonlyMap<string, PolicySet>;
  /** The policy file itself; its tests are in it. */
  readonly document: YamlDocument;
  /** All files whose text makes the policy, set files not among them. */
  readonly sources: readonly Source[];
}

export type PolicyHook = 'xdp' | 'tc' | 'tc-egress';
export type PolicyMode = 'native' | 'generic' | 'offload';

/** What came of reading: the policy as far as it could be understood, and all that is wrong with it. */
export interface PolicyReading {
  readonly file: PolicyFile;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a policy file and reports all problems of it, of the files that it includes and of its filters at once. Where
 * one of them is an error, the policy is good for checking its tests, not for enforcing.
 * @throws UnreadableFile
 */
export function readPolicy(path: string, options: PolicyOptions): PolicyReading {
  const problems: Diagnostic[] = [];
  const { main, all } = readDocuments(path, problems);
  const { linkType = 'EN10MB', names, netmask } = options;
  const hook = wordAt(main, 'hook', ['xdp', 'tc', 'tc-egress']) ?? 'xdp';
  const mode = wordAt(main, 'mode', ['native', 'generic', 'offload']);
  const sets = readSets(all, names, problems);
  const vlan = wordAt(main, 'vlan', ['any', 'exact']) ?? 'any';
  const extensionHeaders = wordAt(main, 'extension-headers', ['follow', 'fixed']) ?? 'follow';
  const tags = vlan === 'any' && linkType === 'EN10MB';
  const follows = extensionHeaders === 'follow';
  const { rules, readsTransport } = readRules(
    all,
    {
      hook,
      known: (tags ? tagCounts : follows ? [0] : []).map((count) => knownBehind(count, follows)),
      interfaceIndex: (name) => options.interfaceIndex(name),
      compile: {
        linkType,
        names,
        ...(netmask === undefined ? {} : { netmask }),
        live: true,
        sets: new Map([...sets.values()].map((set) => [set.name, set.type])),
        vlan,
        extensionHeaders,
      },
    },
    problems,
  );
  checkHeader(main, hook, problems);
  const policy: Policy = {
    name: nameOf(main),
    linkType,
    rules,
    defaultAction: wordAt<EndingAction>(main, 'default', ['pass', 'drop']) ?? 'pass',
    ...(tags || readsTransport
      ? { sharedHeaders: { tags, transport: readsTransport, span: main.spanAt(['name']) } }
      : {}),
  };
  // A rule with an error may have been the one that uses a set.
  if (!problems.some(({ severity }) => severity === 'error')) warnOfUnusedSets(policy, sets, problems);
  return {
    file: {
      policy,
      hook,
      mode,
      interfaces: readInterfaces(main, problems),
      sets,
      document: main,
      sources: all.map(({ source }) => source),
    },
    diagnostics: inOrder(problems),
  };
}

/**
 * A policy that can be enforced.
 * @throws DiagnosticError with all problems where one of them is an error; UnreadableFile
 */
export function loadPolicy(path: string, options: PolicyOptions): PolicyReading {
  const reading = readPolicy(path, options);
  if (reading.diagnostics.some(({ severity }) => severity === 'error')) throw new DiagnosticError(reading.diagnostics);
  return reading;
}

/** A word of a short list; undefined where there is none, or another, which the schema has reported. */
function wordAt<Word extends string>(document: YamlDocument, key: string, words: readonly Word[]): Word | undefined {
  const value = valueAt(document.value, [key]);
  return words.find((word) => word === value);
}

function nameOf(document: YamlDocument): string {
  const name = valueAt(document.value, ['name']);
  const { name: path } = document.source;
  return typeof name === 'string' ? name : basename(path, extname(path));
}

function readInterfaces(document: YamlDocument, problems: Diagnostic[]): readonly string[] {
  const written = valueAt(document.value, ['interfaces']);
  if (!Array.isArray(written)) return [];
  return written.filter((name: unknown, index): name is string => {
    if (typeof name !== 'string') return false;
    // IFNAMSIZ is 16 with the final NUL; the kernel refuses blanks and slashes (dev_valid_name).
    const isName = /^[^\s/:]{1,15}$/.test(name) && name !== '.' && name !== '..';
    if (!isName) problems.push(diagnostics.badInterface(document.spanAt(['interfaces', index]), name));
    return isName;
  });
}

/** What does not go together at the top of the file. */
function checkHeader(document: YamlDocument, hook: PolicyHook, problems: Diagnostic[]): void {
  if (hook !== 'xdp' && valueAt(document.value, ['mode']) !== undefined) {
    problems.push(diagnostics.modeNotAtHook(document.spanOfKey(['mode']), hook));
  }
  const isMapping = typeof document.value === 'object' && document.value !== null && !Array.isArray(document.value);
  const hasRules = ['rules', 'include'].some((key) => valueAt(document.value, [key]) !== undefined);
  if (isMapping && !hasRules) problems.push(diagnostics.emptyPolicy(document.spanAt(['rules'])));
}

function warnOfUnusedSets(policy: Policy, sets: ReadonlyMap<string, PolicySet>, problems: Diagnostic[]): void {
  const used = new Set(tablesOf(policyGraph(policy, { counters: false })).map(({ name }) => name));
  for (const { name, span } of sets.values()) if (!used.has(name)) problems.push(diagnostics.unusedSet(span, name));
}

/** File by file, in the order of the text; what is found twice at one place is told once. */
function inOrder(problems: readonly Diagnostic[]): readonly Diagnostic[] {
  const files = [...new Set(problems.map(({ span }) => span.source))];
  const sorted = problems.toSorted(
    (a, b) => files.indexOf(a.span.source) - files.indexOf(b.span.source) || a.span.start - b.span.start,
  );
  return sorted.filter((problem, index) => {
    const before = sorted[index - 1];
    return before === undefined || before.span.start !== problem.span.start || before.message !== problem.message;
  });
}
