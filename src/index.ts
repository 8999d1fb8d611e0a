/**
 * pktf as a library: filters in tcpdump's language, compiled, attached to interfaces, replayed over captures.
 * Everything here is documented at its definition; what is not exported here may change at any time.
 */
export { version } from './version.ts';

// Filters and programs.
export { captureProgram, compileFilter, filterGraph, hookProgram, policyOfFilter, socketProgram } from './pipeline.ts';
export type { EbpfHook, Filter, HookOptions, HookProgram } from './pipeline.ts';
export type { CompileOptions } from './compiler/compile.ts';
export { DiagnosticError } from './compiler/diagnostic.ts';
export type { Diagnostic } from './compiler/diagnostic.ts';
export { render as renderDiagnostic } from './compiler/render.ts';
export type { Names, ServicePort } from './compiler/names.ts';
export { systemNames } from './names/system-names.ts';
export type { LinkType } from './ir/link-type.ts';
export type { Packet } from './ir/packet.ts';
export type { Source, Span } from './ir/span.ts';
export { listAsC, listAsNumbers, listProgram } from './cbpf/listing.ts';
export { run as runClassic } from './cbpf/interpret.ts';
export { disassemble } from './ebpf/disassemble.ts';

// Interfaces.
export { openKernel } from './library.ts';
export type { Kernel } from './kernel/kernel.ts';
export { attachFilter } from './appliance/attach.ts';
export type { Attached, AttachRequest } from './appliance/attach.ts';
export { detachFilter } from './appliance/detach.ts';
export type { Detached, DetachRequest } from './appliance/detach.ts';
export { readCounterReports, resetCounters } from './appliance/counters.ts';
export type { CounterReport } from './appliance/counters.ts';
export { readStatus } from './appliance/status.ts';
export type { Status } from './appliance/status.ts';
export { openFilteredCapture } from './appliance/capture.ts';
export type { CaptureRequest, FilteredCapture } from './appliance/capture.ts';
export { enterNetns } from './kernel/netns.ts';
export { attachFilter as attachSocketFilter, detachFilter as detachSocketFilter } from './socket/attach.ts';

// Captures.
export { replayFilter } from './library.ts';
export type { ReplayedPacket, ReplaySummary } from './library.ts';
export { openCapture } from './capture/open.ts';

// What goes wrong.
export { ApplianceError } from './appliance/appliance-error.ts';
export { AttachError } from './kernel/attach-error.ts';
export { CaptureError } from './capture/capture-error.ts';
export { SystemError } from './kernel/system-error.ts';
