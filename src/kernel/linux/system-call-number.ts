/** Numbers of system calls that the C library has no function for, by `process.arch`. */
const numbers = {
  bpf: { x64: 321, arm64: 280, riscv64: 280 },
} as const;

export function systemCallNumber(name: keyof typeof numbers): number {
  const byArchitecture: Readonly<Record<string, number>> = numbers[name];
  const number = byArchitecture[process.arch];
  if (number === undefined)
    throw new Error(`pktf runs on ${Object.keys(byArchitecture).join(', ')}; this is ${process.arch}`);
  return number;
}
