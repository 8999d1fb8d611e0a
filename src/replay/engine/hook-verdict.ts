import { topologicalOrder, type Graph } from '../../ir/graph.ts';
import { drop, match, noMatch, pass, verdictKey, type Verdict } from '../../ir/verdict.ts';
import { tcAction } from '../../tc/program.ts';
import { xdpAction } from '../../xdp/program.ts';
import { notExpressed, type OutcomeTable } from '../outcome.ts';

/** What a hook's program returned, translated back to what the graph said. */
export interface HookVerdicts {
  /**
   * The outcome number for a return code.
   * @param redirectedTo the interface of a redirect, where it is known
   * @returns `notExpressed` where the code stands for several verdicts of the graph and nothing tells which
   */
  outcomeOf(code: number, redirectedTo?: number): number;
}

export function xdpVerdicts(graph: Graph, table: OutcomeTable): HookVerdicts {
  return verdictsBy(graph, table, {
    [xdpAction.XDP_PASS]: 'pass',
    [xdpAction.XDP_DROP]: 'drop',
    [xdpAction.XDP_TX]: 'transmit',
    [xdpAction.XDP_REDIRECT]: 'redirect',
  });
}

export function tcVerdicts(graph: Graph, table: OutcomeTable): HookVerdicts {
  // Sending back out of the same interface is a redirect, too.
  return verdictsBy(graph, table, {
    [tcAction.TC_ACT_UNSPEC]: 'pass',
    [tcAction.TC_ACT_SHOT]: 'drop',
    [tcAction.TC_ACT_REDIRECT]: 'redirect-or-transmit',
  });
}

type CodeMeaning = 'pass' | 'drop' | 'transmit' | 'redirect' | 'redirect-or-transmit';

function verdictsBy(graph: Graph, table: OutcomeTable, meanings: Readonly<Record<number, CodeMeaning>>): HookVerdicts {
  const verdicts = new Map<string, Verdict>();
  for (const node of topologicalOrder(graph.entry)) {
    if (node.kind === 'exit') verdicts.set(verdictKey(node.verdict), node.verdict);
  }
  const isFilter = verdicts.has(match.kind) || verdicts.has(noMatch.kind);
  const elsewhere = [...verdicts.values()].filter(({ kind }) => kind === 'redirect' || kind === 'transmit');
  const among = (meaning: CodeMeaning): readonly Verdict[] => {
    switch (meaning) {
      // As generateXdp and generateTc translate a bare filter: a match drops.
      case 'pass':
        return [isFilter ? noMatch : pass];
      case 'drop':
        return [isFilter ? match : drop];
      case 'transmit':
      case 'redirect':
        return elsewhere.filter(({ kind }) => kind === meaning);
      case 'redirect-or-transmit':
        return elsewhere;
    }
  };
  return {
    outcomeOf(code, redirectedTo) {
      const meaning = meanings[code];
      if (meaning === undefined) throw new Error(`the program returned ${code}, which stands for nothing`);
      const candidates = among(meaning).filter((verdict) => {
        return verdict.kind !== 'redirect' || redirectedTo === undefined || verdict.interfaceIndex === redirectedTo;
      });
      const [only] = candidates;
      return candidates.length === 1 && only !== undefined ? table.numberOf(only) : notExpressed;
    },
  };
}
