import { and, not, type Predicate } from '../../ir/predicate.ts';
import * as diagnostics from '../diagnostics.ts';
import { loadAt } from '../layers.ts';
import { hasAnyBit, hasBits, isAtMost, isEqual, type Lowering } from '../lowering.ts';
import { largestFrameLength } from '../protocols.ts';
import type { WrittenName } from '../syntax.ts';

/** Control field values of IEEE 802.2, each with the bits that it fixes. */
const kinds: ReadonlyMap<string, { readonly mask: number; readonly value: number }> = new Map([
  ['s', { mask: 0x03, value: 0x01 }],
  ['u', { mask: 0x03, value: 0x03 }],
  ['rr', { mask: 0x0f, value: 0x01 }],
  ['rnr', { mask: 0x0f, value: 0x05 }],
  ['rej', { mask: 0x0f, value: 0x09 }],
  ['ui', { mask: 0xef, value: 0x03 }],
  ['ua', { mask: 0xef, value: 0x63 }],
  ['disc', { mask: 0xef, value: 0x43 }],
  ['dm', { mask: 0xef, value: 0x0f }],
  ['sabme', { mask: 0xef, value: 0x6f }],
  ['test', { mask: 0xef, value: 0xe3 }],
  ['xid', { mask: 0xef, value: 0xaf }],
  ['frmr', { mask: 0xef, value: 0x87 }],
]);

/** `llc`: a frame with an 802.2 header, and of which kind. Names of kinds may be in any case. */
export function llc(lowering: Lowering, type: WrittenName | undefined): Predicate {
  const { layers, span } = lowering;
  const { linkType, typeField, payload } = layers;
  if (linkType !== 'EN10MB' || typeField === undefined) {
    return diagnostics.fail(diagnostics.notOnLinkType(span, 'llc', linkType));
  }
  const isFrame = and(
    isAtMost(lowering, loadAt(typeField, 0, 2), largestFrameLength),
    // NetWare puts IPX directly behind the length; it begins with ffff, which are no service access points.
    not(isEqual(lowering, loadAt(payload, 0, 2), 0xffff)),
  );
  if (type === undefined) return isFrame;

  const control = loadAt(payload, 2, 1);
  const name = type.name.toLowerCase();
  // Information frames have only their lowest bit fixed, at 0.
  if (name === 'i') return and(isFrame, not(hasAnyBit(lowering, control, 0x01)));
  const kind = kinds.get(name);
  if (kind === undefined) {
    return diagnostics.fail(diagnostics.unknownLlcType(type.span, type.name, ['i', ...kinds.keys()]));
  }
  return and(isFrame, hasBits(lowering, control, kind.mask, kind.value));
}
