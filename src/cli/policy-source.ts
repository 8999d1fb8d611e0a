import type { LinkType } from '../ir/link-type.ts';
import type { InterfaceNumbers } from '../verify/interface-numbers.ts';
import type { PolicyReading } from '../rules/read-policy.ts';

/** Reads policy files where no interface is at hand, for `check`, `test` and `explain`. */
export interface PolicySource {
  readonly interfaces: InterfaceNumbers;
  /** All problems are in what it gives. @throws UnreadableFile */
  read(path: string, linkType?: LinkType): PolicyReading;
}

export async function openPolicySource(): Promise<PolicySource> {
  const [{ readPolicy }, { systemNames }, { createInterfaceNumbers }] = await Promise.all([
    import('../rules/read-policy.ts'),
    import('../names/system-names.ts'),
    import('../verify/interface-numbers.ts'),
  ]);
  const names = systemNames();
  const interfaces = createInterfaceNumbers();
  return {
    interfaces,
    read(path, linkType = 'EN10MB') {
      return readPolicy(path, { linkType, names, interfaceIndex: (name) => interfaces.numberOf(name) });
    },
  };
}
