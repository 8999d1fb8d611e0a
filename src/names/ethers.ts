import { parseMac } from '../compiler/address.ts';
import { fieldsOf } from './fields.ts';

/**
 * ethers(5): a MAC address and a name. Names are compared without regard to case; the first line with a name counts.
 * @returns the addresses, 6 bytes, by names in lower case
 */
export function parseEthers(text: string): ReadonlyMap<string, Uint8Array> {
  const ethers = new Map<string, Uint8Array>();
  for (const [written = '', name = ''] of fieldsOf(text)) {
    const address = parseMac(written);
    const lower = name.toLowerCase();
    if (address !== undefined && lower !== '' && !ethers.has(lower)) ethers.set(lower, address);
  }
  return ethers;
}
