import { parseFlow } from '../../src/packet/flow.ts';
import { frameOf } from '../../src/packet/flow-frame.ts';

/** The Ethernet frame of a flow, `udp 10.0.0.1:53 > 10.0.0.2:999 len 100`. */
export function frame(flow: string): Uint8Array {
  return frameOf(parseFlow(flow));
}
