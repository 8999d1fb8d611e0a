import type { Names } from '../compiler/names.ts';
import { parseEthers } from './ethers.ts';
import { parseHosts } from './hosts.ts';
import { parseNetworks } from './networks.ts';
import { parseProtocols } from './protocols.ts';
import { parseServices } from './services.ts';

export type NameFile = 'hosts' | 'services' | 'protocols' | 'networks' | 'ethers';

/**
 * Names as the texts of the five files give them.
 * @param read called at most once for each file, when a name of its kind is first asked for
 */
export function namesFrom(read: (file: NameFile) => string): Names {
  const hosts = once(() => parseHosts(read('hosts')));
  const services = once(() => parseServices(read('services')));
  const protocols = once(() => parseProtocols(read('protocols')));
  const networks = once(() => parseNetworks(read('networks')));
  const ethers = once(() => parseEthers(read('ethers')));
  return {
    host: (name) => hosts().get(name.toLowerCase()) ?? [],
    service: (name) => services().get(name) ?? [],
    protocol: (name) => protocols().get(name),
    network: (name) => networks().get(name.toLowerCase()),
    ethernet: (name) => ethers().get(name.toLowerCase()),
  };
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
