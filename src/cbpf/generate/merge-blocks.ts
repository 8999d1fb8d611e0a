import { encode } from '../raw.ts';
import { goTo, labelled, type Branch, type GoTo, type Item, type Label } from './code.ts';

/**
 * Makes blocks with the same instructions and the same targets one. The graph has no equal nodes, but its tests ask for
 * values where code asks for A: `jeq #1` behind `ld [26]` and behind `ld [28]` is the same code.
 */
export function mergeBlocks(items: readonly Item[]): readonly Item[] {
  const [entry, ...others] = splitBlocks(items);
  if (entry === undefined) return [];
  const standIns = new Map<Label, Label>();
  const labelOfContent = new Map<string, Label>();
  const kept: Block[] = [];
  // From the end, so that targets are settled before those that jump to them; of two equal blocks the later one stays,
  // which all jumps reach forwards.
  for (const block of others.toReversed()) {
    const settled = redirect(block, standIns);
    const content = contentOf(settled);
    const same =
      settled.body.length === 0 && settled.end?.kind === 'go-to' ? settled.end.target : labelOfContent.get(content);
    if (same === undefined) {
      labelOfContent.set(content, block.label);
      kept.push(settled);
    } else {
      standIns.set(block.label, same);
    }
  }
  return [redirect(entry, standIns), ...kept.reverse()].flatMap(itemsOf);
}

/** Instructions between a label and the next jump or label. */
interface Block {
  readonly label: Label;
  readonly body: readonly Plain[];
  /** Absent where the body ends in a return. */
  readonly end: End | undefined;
}

type Plain = Extract<Item, { kind: 'plain' }>;
type End = Branch | GoTo;

/** All code stands behind a label, and a label behind every jump. */
function splitBlocks(items: readonly Item[]): readonly Block[] {
  const blocks: Block[] = [];
  let label: Label | undefined;
  let body: Plain[] = [];
  const finish = (end: End | undefined) => {
    if (label !== undefined) blocks.push({ label, body, end });
    label = undefined;
    body = [];
  };
  for (const item of items) {
    switch (item.kind) {
      case 'label':
        finish(goTo(item.label));
        label = item.label;
        break;
      case 'plain':
        body.push(item);
        if (item.instruction.kind === 'return-constant') finish(undefined);
        break;
      case 'branch':
      case 'go-to':
        finish(item);
    }
  }
  return blocks;
}

function redirect(block: Block, standIns: ReadonlyMap<Label, Label>): Block {
  const { end } = block;
  if (end === undefined) return block;
  const settle = (label: Label) => standIns.get(label) ?? label;
  if (end.kind === 'go-to') return { ...block, end: goTo(settle(end.target)) };
  const whenTrue = settle(end.whenTrue);
  const whenFalse = settle(end.whenFalse);
  return { ...block, end: whenTrue === whenFalse ? goTo(whenTrue) : { ...end, whenTrue, whenFalse } };
}

/** A text that is equal for blocks that do the same, whatever words they serve. */
function contentOf({ body, end }: Block): string {
  const numbers = body.map(({ instruction }) => encode(instruction)).map(({ code, k }) => `${code} ${k}`);
  const last =
    end?.kind === 'branch'
      ? `${end.condition} ${end.operand} ${end.whenTrue} ${end.whenFalse}`
      : `go to ${end?.target ?? 'nowhere'}`;
  return [...numbers, last].join('; ');
}

function itemsOf({ label, body, end }: Block): readonly Item[] {
  return end === undefined ? [labelled(label), ...body] : [labelled(label), ...body, end];
}
