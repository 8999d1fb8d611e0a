import { compile } from '../../src/compiler/compile.ts';
import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import type { Names } from '../../src/compiler/names.ts';
import { corpusNames, netmaskOf, testLines, type TestLine } from './corpus.ts';
import type { ConformanceReport } from './report.ts';

/** libpcap's optimiser turns a program that only rejects into an error; to pktf it is a filter with a warning. */
const rejectsAll = 'expression rejects all packets';

/** Every expression that libpcap's own tests reject is rejected with a diagnostic, or warned about. */
export function rejectedExpressions(corpus: string): ConformanceReport {
  const names = corpusNames(corpus);
  const rejected = testLines(corpus).filter((line) => line.expect === 'reject');
  const failures: string[] = [];
  let warned = 0;
  for (const line of rejected) {
    const result = tryToCompile(line, names);
    if (result === 'warned' && line.errstr === rejectsAll) warned++;
    else if (result !== 'rejected') failures.push(`${line.dlt} '${line.expr}' compiles; libpcap says: ${line.errstr}`);
  }
  return {
    title: 'expressions that libpcap rejects',
    compared: rejected.length,
    failures,
    notes: [`${warned} of them can never match, which is a warning`],
  };
}

function tryToCompile(line: TestLine, names: Names): 'rejected' | 'warned' | 'accepted' {
  try {
    const options = { linkType: line.dlt, names, live: line.linuxext === true, ...netmaskOf(line) };
    const { diagnostics } = compile({ name: 'filter', text: line.expr }, options);
    return diagnostics.some((diagnostic) => diagnostic.code === 'never-matches') ? 'warned' : 'accepted';
  } catch (error) {
    if (error instanceof DiagnosticError) return 'rejected';
    throw error;
  }
}
