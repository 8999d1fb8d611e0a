import type { Diagnostic } from '../compiler/diagnostic.ts';
import type { Source } from '../ir/span.ts';
import { besides, largestPolicy, readTextFile, UnreadableFile } from './policy-files.ts';
import * as diagnostics from './policy-diagnostics.ts';
import { includedSchema, policySchema } from './policy-schema.ts';
import { schemaProblems, valueAt } from './schema-problems.ts';
import { readYaml, type Path, type YamlDocument } from './yaml-document.ts';

/** A policy file with those that it includes; what comes from the included ones comes first. */
export interface PolicyDocuments {
  readonly main: YamlDocument;
  /** All of them, in the order in which their rules are tried; the main one is last. */
  readonly all: readonly YamlDocument[];
}

const mostIncludes = 64;

/**
 * Reads a policy and what it includes, each file checked against the schema.
 * @throws UnreadableFile for the policy file itself; included ones are among the problems
 */
export function readDocuments(path: string, problems: Diagnostic[]): PolicyDocuments {
  const all: YamlDocument[] = [];
  const known = new Set<string>([path]);
  const main = readDocument({ name: path, text: readTextFile(path, largestPolicy) }, true, problems);

  const visit = (document: YamlDocument, open: readonly string[]): void => {
    for (const at of includePaths(document)) {
      const written = document.textAt(at)?.text as string;
      const file = besides(document.source.name, written);
      const span = document.spanAt(at);
      if (open.includes(file)) problems.push(diagnostics.includeLoop(span, written));
      else if (known.has(file)) problems.push(diagnostics.includedTwice(span, written));
      else if (known.size > mostIncludes) problems.push(diagnostics.tooManyIncludes(span, mostIncludes));
      else {
        known.add(file);
        const source = readSource(file, largestPolicy, (reason) =>
          problems.push(diagnostics.unreadableFile(span, written, reason)),
        );
        if (source !== undefined) visit(readDocument(source, false, problems), [...open, file]);
      }
    }
    all.push(document);
  };
  visit(main, [path]);
  return { main, all };
}

/** A file that a policy names; undefined where it cannot be read, once that is reported. */
export function readSource(file: string, largest: number, report: (reason: string) => void): Source | undefined {
  try {
    return { name: file, text: readTextFile(file, largest) };
  } catch (failure) {
    if (!(failure instanceof UnreadableFile)) throw failure;
    report(failure.reason);
    return undefined;
  }
}

function readDocument(source: Source, isMain: boolean, problems: Diagnostic[]): YamlDocument {
  const document = readYaml(source);
  problems.push(...document.problems);
  // What is no YAML has no values to look at.
  if (document.value !== undefined || document.problems.length === 0) {
    problems.push(...schemaProblems(isMain ? policySchema : includedSchema, document));
  }
  return document;
}

function includePaths(document: YamlDocument): readonly Path[] {
  const include = valueAt(document.value, ['include']);
  if (typeof include === 'string') return [['include']];
  if (!Array.isArray(include)) return [];
  return include.flatMap((item, index) => (typeof item === 'string' ? [['include', index]] : []));
}
