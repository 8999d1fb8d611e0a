/** Frames of the shortest length and a little above, as filters meet them; checksums are left out. */
export const benchPackets: Readonly<Record<string, Uint8Array>> = {
  ssh: ipv4(6, tcp(40000, 22, 2), 0),
  web: ipv4(6, tcp(40001, 443, 16), 0),
  'ssh over IPv6': ipv6(6, tcp(40000, 22, 2)),
  dns: ipv4(17, [...word(40000), ...word(53), ...word(26), 0, 0, ...Array<number>(18).fill(0)], 0),
  ping: ipv4(1, [8, 0, 0, 0, 0, 1, 0, 1, ...Array<number>(18).fill(0)], 0),
  arp: frame('ffffffffffff', 0x0806, [
    ...Buffer.from('00010800060400010200000000010a0000010000000000000a000002', 'hex'),
  ]),
  tagged: frame('020000000002', 0x8100, [0, 7, 0x08, 0, ...ipv4(6, tcp(40000, 22, 2), 0).subarray(14)]),
};

function frame(destination: string, etherType: number, payload: readonly number[]): Uint8Array {
  const addresses = [...Buffer.from(destination, 'hex'), 2, 0, 0, 0, 0, 1];
  const bytes = [...addresses, ...word(etherType), ...payload];
  return Uint8Array.from([...bytes, ...Array<number>(Math.max(0, 60 - bytes.length)).fill(0)]);
}

function ipv4(protocol: number, payload: readonly number[], fragment: number): Uint8Array {
  const length = 20 + payload.length;
  const header = [0x45, 0, ...word(length), 0, 1, ...word(fragment), 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 9];
  return frame('020000000002', 0x0800, [...header, ...payload]);
}

function ipv6(nextHeader: number, payload: readonly number[]): Uint8Array {
  const address = (last: number): readonly number[] => [0x20, 1, 0x0d, 0xb8, ...Array<number>(11).fill(0), last];
  const header = [0x60, 0, 0, 0, ...word(payload.length), nextHeader, 64, ...address(1), ...address(2)];
  return frame('020000000002', 0x86dd, [...header, ...payload]);
}

function tcp(source: number, destination: number, flags: number): readonly number[] {
  return [...word(source), ...word(destination), 0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 3, 232, 0, 0, 0, 0];
}

function word(value: number): readonly number[] {
  return [value >> 8, value & 0xff];
}
