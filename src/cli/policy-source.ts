import type { LinkType } from '../ir/link-type.ts';
import type { InterfaceNumbers } from '../verify/interface-numbers.ts';
import type { PolicyReading } from '../rules/read-policy.ts';
import { InputError } from './input-error.ts';

/** Reads policy files where no interface is at hand, for `check`, `test` and `explain`. */
export interface PolicySource {
  readonly interfaces: InterfaceNumbers;
  /** All problems are in what it gives. @throws InputError where the file itself cannot be read */
  read(path: string, linkType?: LinkType): PolicyReading;
}

export async function openPolicySource(): Promise<PolicySource> {
  const [{ readPolicy }, { UnreadableFile }, { systemNames }, { createInterfaceNumbers }] = await Promise.all([
    import('../rules/read-policy.ts'),
    import('../rules/policy-files.ts'),
    import('../names/system-names.ts'),
    import('../verify/interface-numbers.ts'),
  ]);
  const names = systemNames();
  const interfaces = createInterfaceNumbers();
  return {
    interfaces,
    read(path, linkType = 'EN10MB') {
      try {
        return readPolicy(path, { linkType, names, interfaceIndex: (name) => interfaces.numberOf(name) });
      } catch (failure) {
        if (failure instanceof UnreadableFile) throw new InputError(failure.message);
        throw failure;
      }
    },
  };
}
