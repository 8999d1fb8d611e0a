const codes: Readonly<Record<string, (time: Date) => string>> = {
  Y: (time) => String(time.getFullYear()),
  y: (time) => padded(time.getFullYear() % 100, 2),
  m: (time) => padded(time.getMonth() + 1, 2),
  d: (time) => padded(time.getDate(), 2),
  H: (time) => padded(time.getHours(), 2),
  M: (time) => padded(time.getMinutes(), 2),
  S: (time) => padded(time.getSeconds(), 2),
  j: (time) => padded(dayOfYear(time), 3),
  s: (time) => String(Math.floor(time.getTime() / 1000)),
  F: (time) => formatCodes('%Y-%m-%d', time),
  T: (time) => formatCodes('%H:%M:%S', time),
  '%': () => '%',
};

/**
 * A text with strftime(3) codes, those that file names have use for, in local time as tcpdump has it; others stay as
 * they are.
 * @param seconds since 1970
 */
export function formatTime(text: string, seconds: number): string {
  return formatCodes(text, new Date(seconds * 1000));
}

function formatCodes(text: string, time: Date): string {
  return text.replaceAll(/%(.)/g, (whole, code: string) => codes[code]?.(time) ?? whole);
}

function dayOfYear(time: Date): number {
  // In UTC, so that the days are all equally long.
  const day = Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
  return (day - Date.UTC(time.getFullYear(), 0, 1)) / 86_400_000 + 1;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
