import type { MetadataField } from '../../ir/value.ts';
import type { MemorySize } from '../instruction.ts';
import type { ProgramType } from '../program.ts';
import { held, InterpreterError, setNumber, setPointer, type Machine } from './machine.ts';

type Field = (machine: Machine, destination: number) => void;

/** Reads a field of the context. */
export function readContext(machine: Machine, destination: number, offset: number, size: MemorySize): void {
  const field = fields[machine.type].get(offset);
  if (field === undefined || size !== 4) {
    throw new InterpreterError(`the context has no field of ${size} bytes at ${offset} that the interpreter knows`);
  }
  field(machine, destination);
}

const data: Field = (machine, destination) => setPointer(machine, destination, held.packet, 0);

const dataEnd: Field = (machine, destination) => setPointer(machine, destination, held.packetEnd, machine.linear);

function number(numberOf: (machine: Machine) => number): Field {
  return (machine, destination) => setNumber(machine, destination, numberOf(machine) | 0, 0);
}

function metadata(field: MetadataField): Field {
  return number(({ packet }) => packet.metadata?.[field] ?? 0);
}

/** `vlan_proto` holds two bytes as on the wire. */
const vlanProtocol: Field = number(({ packet }) => {
  const protocol = packet.metadata?.['vlan-protocol'] ?? 0;
  return ((protocol & 0xff) << 8) | (protocol >>> 8);
});

/** By their offsets in `struct xdp_md` and `struct __sk_buff` (uapi/linux/bpf.h). */
const fields: Readonly<Record<ProgramType, ReadonlyMap<number, Field>>> = {
  xdp: new Map([
    [0, data],
    [4, dataEnd],
    [12, metadata('interface-index')],
  ]),
  'sched-cls': new Map([
    [0, number(({ packet }) => packet.length)],
    [8, metadata('mark')],
    [20, metadata('vlan-present')],
    [24, metadata('vlan-tci')],
    [28, vlanProtocol],
    [40, metadata('interface-index')],
    [76, data],
    [80, dataEnd],
    [160, number(({ packet }) => packet.length)],
    [164, number(({ segments }) => segments)],
  ]),
};
