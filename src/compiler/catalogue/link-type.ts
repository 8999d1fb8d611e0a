import type { Span } from '../../ir/span.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { foreignDescription, type ForeignFamily } from '../words.ts';
import { error, quoted } from './make.ts';

/** What a filter cannot ask on a link type. */

export function foreignPrimitive(span: Span, word: string, family: ForeignFamily): Diagnostic {
  return error(
    'foreign-primitive',
    span,
    `${quoted(word)} is about ${foreignDescription(family)}, which pktf does not filter`,
  );
}

export function notOnLinkType(span: Span, word: string, linkType: string): Diagnostic {
  return error('not-on-link-type', span, `${quoted(word)} has no meaning on link type ${linkType}`);
}

export function liveOnly(span: Span, word: string, linkType: string): Diagnostic {
  return error(
    'live-only',
    span,
    `${quoted(word)} asks what only a live interface knows; packets of link type ${linkType} do not carry it`,
    'attach the filter to an interface, or use a LINUX_SLL2 capture',
  );
}

export function notAfterMpls(span: Span, what: string): Diagnostic {
  return error(
    'not-after-mpls',
    span,
    `${what} cannot be matched behind 'mpls'`,
    "behind 'mpls' there is only ip or ip6",
  );
}

export function notInsideTunnel(span: Span, what: string): Diagnostic {
  return error('not-inside-tunnel', span, `${what} cannot be matched inside 'geneve' or 'vxlan'`);
}

export function chainAfterVariableHeader(span: Span): Diagnostic {
  return error(
    'chain-after-variable-header',
    span,
    "'protochain' cannot be used behind headers of variable length",
    "put it before 'geneve' or 'vxlan'",
  );
}

export function tooManyVariables(span: Span): Diagnostic {
  return error('too-many-variables', span, 'the filter needs more than 16 cells of scratch memory');
}
