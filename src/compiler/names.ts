/**
 * What a name stands for, asked while compiling. The compiler knows no files: `src/names` answers from the system's,
 * tests answer from a table.
 */
export interface Names {
  /** All IPv4 and IPv6 addresses of a host: 4 or 16 bytes each, network order; empty where it is unknown. */
  host(name: string): readonly Uint8Array[];
  /** Port numbers of a service by transport (`/etc/services`). */
  service(name: string): readonly ServicePort[];
  /** An IP protocol number (`/etc/protocols`). */
  protocol(name: string): number | undefined;
  /** A network number as getnetbyname(3) gives it, host order, not shifted (`/etc/networks`). */
  network(name: string): number | undefined;
  /** A MAC address, 6 bytes (`/etc/ethers`). */
  ethernet(name: string): Uint8Array | undefined;
}

export interface ServicePort {
  readonly port: number;
  readonly transport: 'tcp' | 'udp' | 'sctp';
}
