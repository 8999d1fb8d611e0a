import { fieldsOf } from './fields.ts';

/** protocols(5): a name, a number, aliases. The first line with a name counts. */
export function parseProtocols(text: string): ReadonlyMap<string, number> {
  const protocols = new Map<string, number>();
  for (const [name = '', written = '', ...aliases] of fieldsOf(text)) {
    if (!/^[0-9]+$/.test(written) || Number(written) > 0xff) continue;
    for (const each of [name, ...aliases]) if (!protocols.has(each)) protocols.set(each, Number(written));
  }
  return protocols;
}
