import { add, and, mov, rsh } from '../alu.ts';
import { helper } from '../helper.ts';
import { call, jump, jumpIf } from '../jump.ts';
import { load, loadMap, loadMapValue, store } from '../memory.ts';
import { expiringValue, keyBits, type TableLayout, type TableMap } from '../table-map.ts';
import type { Emitter } from './emitter.ts';
import { keyPlace, type TableMaps } from './lookup.ts';
import type { StackFrame } from './stack-frame.ts';

interface Asking {
  readonly emitter: Emitter;
  readonly frame: StackFrame;
  readonly table: TableMap;
  readonly tables: TableMaps;
  /** Of the key, from r10. */
  readonly key: number;
  /** Behind the lookup; whoever goes there has the answer in r0. */
  readonly done: string;
}

/** Asks the table for the key whose parts are on the stack; the answer is in r0. A call: r1–r5 are lost. */
export function emitLookup(
  emitter: Emitter,
  frame: StackFrame,
  tables: TableMaps,
  table: TableMap,
  depth: number,
): void {
  const { layout } = table;
  const asking = { emitter, frame, table, tables, key: keyPlace(layout, frame, depth), done: emitter.freshLabel() };
  if (layout.kind === 'bitmap') askBitmap(asking);
  else {
    emitRestOfKey(asking);
    if (!layout.expiring) askPlain(asking);
    else if (layout.kind === 'hash') askExpiringHash(asking);
    else askExpiringTrie(asking);
  }
  emitter.place(asking.done);
}

/** The length of the prefix before the parts, the zeros behind them. */
function emitRestOfKey({ emitter, key, table: { layout } }: Asking): void {
  const end = layout.keyOffset + layout.keyBytes;
  if (layout.kind === 'trie') emitter.emit(store(4, 'r10', key, keyBits(layout.space)));
  if (end < layout.keySize) emitter.emit(store(2, 'r10', key + end, 0));
}

function askPlain(asking: Asking): void {
  emitMap(asking);
  emitSearch(asking);
  asking.emitter.emit(load(4, 'r0', 'r0', 0));
}

function askExpiringHash(asking: Asking): void {
  const { emitter, done } = asking;
  const expired = emitter.freshLabel();
  emitMap(asking);
  emitSearch(asking);
  emitLive(asking, expired);
  emitter.emit(jump(done));
  emitter.place(expired);
  emitter.emit(mov('r0', 0));
}

/**
 * An expired element must not hide a wider one that lives: so the search is a loop, which mostly ends after one round.
 * Where the longest match has expired, the next round asks with a prefix that is one bit shorter than its own. The
 * verifier follows the way that does not jump first, so that is the one out of the loop: otherwise each lookup of a
 * program would add all its rounds to the jumps that wait (8,192 at most). It also goes round the loop as often as can be,
 * so that many lookups have fewer rounds each; whoever nests more expired networks than that hides what lives outside.
 */
function askExpiringTrie(asking: Asking): void {
  const { emitter, frame, key, done, table, tables } = asking;
  const mostRounds = Math.min(keyBits(table.layout.space), tables.mostRounds);
  const rounds = frame.slot('rounds', 8);
  const again = emitter.freshLabel();
  const expired = emitter.freshLabel();
  const absent = emitter.freshLabel();
  const contents = emitKeptContents(asking);
  emitter.emit(store(8, 'r10', rounds, 0));
  emitter.place(again);
  if (contents === undefined) emitMap(asking);
  else emitter.emit(load(8, 'r1', 'r10', contents));
  emitSearch(asking);
  emitLive(asking, expired);
  emitter.emit(jump(done));

  emitter.place(expired);
  emitter.emit(load(4, 'r2', 'r1', expiringValue.prefixLength), jumpIf('r2', '==', 0, absent));
  emitter.emit(add('r2', -1), store(4, 'r10', key, 'r2'));
  emitter.emit(load(8, 'r2', 'r10', rounds), jumpIf('r2', '>=', mostRounds, absent));
  emitter.emit(add('r2', 1), store(8, 'r10', rounds, 'r2'), jump(again));
  emitter.place(absent);
  emitter.emit(mov('r0', 0));
}

/** Puts the map with the elements in r1. A swappable table that holds none is an empty one. */
function emitMap(asking: Asking): void {
  const { emitter, table } = asking;
  if (!table.layout.swappable) {
    emitter.emit(loadMap('r1', table.map));
    return;
  }
  emitCurrentMap(asking);
  emitter.emit(mov('r1', 'r0'));
}

/** Keeps what a swappable table holds now: a search of several rounds is one in the old contents or in the new ones. */
function emitKeptContents(asking: Asking): number | undefined {
  if (!asking.table.layout.swappable) return undefined;
  const place = asking.frame.slot('contents', 8);
  emitCurrentMap(asking);
  asking.emitter.emit(store(8, 'r10', place, 'r0'));
  return place;
}

/** The inner map of a swappable table in r0. The kernel inlines the lookup. */
function emitCurrentMap({ emitter, frame, table, done }: Asking): void {
  const index = frame.slot('first', 4);
  emitter.emit(store(4, 'r10', index, 0), mov('r2', 'r10'), add('r2', index), loadMap('r1', table.map));
  emitter.emit(call(helper.mapLookup), jumpIf('r0', '==', 0, done));
}

/** Looks the key up in the map in r1: the value's address in r0, or the end with 0. */
function emitSearch({ emitter, key, done }: Asking): void {
  emitter.emit(mov('r2', 'r10'), add('r2', key), call(helper.mapLookup), jumpIf('r0', '==', 0, done));
}

/** The number of the value at r0, unless its time is over: then goes to `expired` with the value's address in r1. */
function emitLive({ emitter, frame }: Asking, expired: string): void {
  const value = frame.slot('value', 8);
  const live = emitter.freshLabel();
  emitter.emit(store(8, 'r10', value, 'r0'), call(helper.jiffies64), load(8, 'r1', 'r10', value));
  emitter.emit(load(8, 'r2', 'r1', expiringValue.expires), jumpIf('r2', '==', 0, live));
  emitter.emit(jumpIf('r0', '>=', 'r2', expired));
  emitter.place(live);
  emitter.emit(load(4, 'r0', 'r1', expiringValue.number));
}

/** A shift by a register takes its count modulo 64, so that the port itself selects its bit in a word of eight bytes. */
function askBitmap(asking: Asking): void {
  const { emitter, frame, table, key, done } = asking;
  if (table.layout.swappable) {
    emitCurrentMap(asking);
    const index = frame.slot('first', 4);
    emitter.emit(mov('r1', 'r0'), mov('r2', 'r10'), add('r2', index), call(helper.mapLookup));
    emitter.emit(jumpIf('r0', '==', 0, done));
  } else emitter.emit(loadMapValue('r0', table.map));
  emitter.emit(load(4, 'r1', 'r10', key), mov('r2', 'r1'), rsh('r2', 3), and('r2', wordOffsets(table.layout)));
  emitter.emit(add('r0', 'r2'), load(8, 'r0', 'r0', 0), rsh('r0', 'r1'), and('r0', 1));
}

/** A mask of the offsets of 8-byte words in a bitmap. */
function wordOffsets({ valueSize }: TableLayout): number {
  return valueSize - 8;
}
