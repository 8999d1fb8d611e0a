import { parseMac } from '../compiler/address.ts';
import { fieldsOf } from './fields.ts';

/** ethers(5): a MAC address and a name. The first line with a name counts. */
export function parseEthers(text: string): ReadonlyMap<string, Uint8Array> {
  const ethers = new Map<string, Uint8Array>();
  for (const [written = '', name] of fieldsOf(text)) {
    const address = parseMac(written);
    if (address !== undefined && name !== undefined && !ethers.has(name)) ethers.set(name, address);
  }
  return ethers;
}
