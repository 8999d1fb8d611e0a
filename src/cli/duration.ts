import { InputError } from './input-error.ts';

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

/** A time such as `90s`, `10m`, `1h`, `2d`; a bare number is seconds. @returns seconds @throws InputError */
export function durationFlag(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number = '', unit = 's'] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
  const seconds = Number(number) * (units[unit === '' ? 's' : unit] ?? 1);
  if (seconds > 0) return seconds;
  throw new InputError(`${flag} takes a time such as 30s, 10m, 1h or 2d, not "${text}"`);
}
