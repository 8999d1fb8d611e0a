import type { Kernel } from '../kernel.ts';
import { isSystemError } from '../system-error.ts';
import {
  encodeAttributes,
  joinBytes,
  listAttributes,
  nested,
  parseAttributes,
  textAttribute,
  textOf,
  u32Attribute,
} from './attribute.ts';
import type { Attribute, Attributes } from './attribute.ts';
import { request } from './request.ts';

/** `struct genlmsghdr` */
const genericHeaderSize = 4;
/** The family that knows the numbers of the others. */
const controller = { family: 0x10, getFamily: 3, version: 2, familyId: 1, familyName: 2 };
/** ETHTOOL_MSG_FEATURES_GET (Linux 5.7) and its attributes. */
const features = { get: 11, version: 1, header: 1, active: 4 };
const ETHTOOL_A_HEADER_DEV_INDEX = 1;
/** A set of bits, as a list of names. */
const bitset = { bits: 3, bit: 1, bitName: 2 };

/**
 * The offloads and other features that are on for an interface, by the kernel's names (`ethtool -k` shows some by
 * older ones: `rxvlan` is `rx-vlan-hw-parse`, `txvlan` is `tx-vlan-hw-insert`).
 * @returns undefined where the kernel does not tell (no ethtool netlink, or no such interface)
 */
export function activeFeatures(kernel: Kernel, ifindex: number): ReadonlySet<string> | undefined {
  try {
    const header = { type: features.header, content: [u32Attribute(ETHTOOL_A_HEADER_DEV_INDEX, ifindex)] };
    const attributes = ask(kernel, {
      name: 'ETHTOOL_MSG_FEATURES_GET',
      family: ethtoolFamily(kernel),
      command: features.get,
      version: features.version,
      attributes: [header],
    });
    return namesOf(nested(attributes, features.active));
  } catch (error) {
    if (['ENOENT', 'ENODEV', 'EOPNOTSUPP'].some((code) => isSystemError(error, code))) return undefined;
    throw error;
  }
}

/** Families of generic netlink get their number at run time. */
function ethtoolFamily(kernel: Kernel): number {
  const attributes = ask(kernel, {
    name: 'CTRL_CMD_GETFAMILY',
    family: controller.family,
    command: controller.getFamily,
    version: controller.version,
    attributes: [textAttribute(controller.familyName, 'ethtool')],
  });
  const id = attributes.get(controller.familyId);
  return id === undefined ? 0 : new DataView(id.buffer, id.byteOffset).getUint16(0, true);
}

interface GenericRequest {
  readonly name: string;
  readonly family: number;
  readonly command: number;
  readonly version: number;
  readonly attributes: readonly Attribute[];
}

/** @returns the attributes of the answer; none where there is no answer */
function ask(kernel: Kernel, { name, family, command, version, attributes }: GenericRequest): Attributes {
  const body = joinBytes([Uint8Array.of(command, version, 0, 0), encodeAttributes(attributes)]);
  const [answer] = request(kernel, { protocol: 'generic', name, type: family, body });
  return parseAttributes(answer?.body.subarray(genericHeaderSize) ?? new Uint8Array());
}

function namesOf(set: Attributes): ReadonlySet<string> {
  const bits = listAttributes(set.get(bitset.bits) ?? new Uint8Array());
  const names = bits
    .filter(([type]) => type === bitset.bit)
    .map(([, bit]) => textOf(parseAttributes(bit), bitset.bitName));
  return new Set(names.filter((name) => name !== undefined));
}
