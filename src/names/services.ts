import type { ServicePort } from '../compiler/names.ts';
import { fieldsOf } from './fields.ts';

/**
 * services(5): a name, `port/transport`, aliases.
 * @returns what each name and alias stands for, in the order of the file; transports without ports in the filter
 * language are skipped
 */
export function parseServices(text: string): ReadonlyMap<string, readonly ServicePort[]> {
  const services = new Map<string, ServicePort[]>();
  for (const [name = '', written = '', ...aliases] of fieldsOf(text)) {
    const service = servicePort(written);
    if (service === undefined) continue;
    for (const each of [name, ...aliases]) services.set(each, [...(services.get(each) ?? []), service]);
  }
  return services;
}

function servicePort(text: string): ServicePort | undefined {
  const match = /^([0-9]+)\/(tcp|udp|sctp)$/.exec(text);
  const port = Number(match?.[1]);
  return match === null || port > 0xffff ? undefined : { port, transport: match[2] as ServicePort['transport'] };
}
