/** What one line can say of a DNS message: RFC 1035, sections 4.1.1 to 4.1.4. */
export interface DnsMessage {
  readonly identifier: number;
  readonly isResponse: boolean;
  /** RCODE; 0 is no error. */
  readonly responseCode: number;
  readonly questions: number;
  readonly answers: number;
  /** The first question, where it is whole. */
  readonly question?: { readonly name: string; readonly type: string };
}

const headerLength = 12;

const typeNames: ReadonlyMap<number, string> = new Map([
  [1, 'A'],
  [2, 'NS'],
  [5, 'CNAME'],
  [6, 'SOA'],
  [12, 'PTR'],
  [15, 'MX'],
  [16, 'TXT'],
  [28, 'AAAA'],
  [33, 'SRV'],
  [35, 'NAPTR'],
  [43, 'DS'],
  [46, 'RRSIG'],
  [48, 'DNSKEY'],
  [64, 'SVCB'],
  [65, 'HTTPS'],
  [255, 'ANY'],
]);

/** @returns undefined where not even the message's header was captured */
export function parseDns(bytes: Uint8Array): DnsMessage | undefined {
  if (bytes.length < headerLength) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(2);
  const message: DnsMessage = {
    identifier: view.getUint16(0),
    isResponse: (flags & 0x8000) !== 0,
    responseCode: flags & 0x000f,
    questions: view.getUint16(4),
    answers: view.getUint16(6),
  };
  const question = message.questions > 0 ? parseQuestion(view) : undefined;
  return question === undefined ? message : { ...message, question };
}

function parseQuestion(view: DataView): DnsMessage['question'] {
  const labels: string[] = [];
  let position = headerLength;
  for (;;) {
    if (position >= view.byteLength) return undefined;
    const length = view.getUint8(position);
    if (length === 0) break;
    // A pointer cannot stand in the first name of a message, for it could only point at itself.
    if (length > 63 || position + 1 + length > view.byteLength) return undefined;
    labels.push(printable(view, position + 1, length));
    position += 1 + length;
  }
  if (position + 3 > view.byteLength) return undefined;
  const type = view.getUint16(position + 1);
  return { name: `${labels.join('.')}.`, type: typeNames.get(type) ?? `Type${type}` };
}

/** Bytes that a terminal could take for something else become question marks. */
function printable(view: DataView, offset: number, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) {
    const byte = view.getUint8(offset + i);
    text += byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
  }
  return text;
}
