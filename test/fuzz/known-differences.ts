/**
 * Filters that only one of pktf and libpcap 1.10.3 accepts, and why that is right. All others are disagreements.
 */
interface KnownDifference {
  readonly reason: string;
  /** Whether the words of the one that rejects, and the filter, are this case. */
  readonly isThis: (rejection: string, filter: string) => boolean;
}

export const rejectedByPktfOnly: readonly KnownDifference[] = [
  {
    reason: 'only the development version of libpcap checks how large the number of an IS-IS packet type is',
    isThis: (rejection) => rejection.includes('IS-IS packet type'),
  },
  {
    reason: "only the development version of libpcap rejects 'gateway' behind labels and in tunnels",
    isThis: (rejection) => /'gateway' cannot be matched (behind|inside)/.test(rejection),
  },
];

export const rejectedByLibpcapOnly: readonly KnownDifference[] = [
  {
    reason: 'libpcap takes the first number of a second operand for the whole of it',
    isThis: (rejection) => /^(shift by more than 31 bits|division by zero|modulus by zero)$/.test(rejection),
  },
];
