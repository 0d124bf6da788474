import { styleText } from 'node:util';
import stringWidth from 'string-width';

/** How things look in a terminal, and in what is not one. */

type Format = Parameters<typeof styleText>[0];

/** Text with a style where the output is a terminal that shows it: not in a pipe, not with NO_COLOR. */
export const styled = (format: Format, text: string): string => styleText(format, text, { stream: process.stdout });

/** Text from elsewhere as it is safe for a terminal: without what moves its cursor or turns its writing round. */
export const plain = (text: string): string =>
  text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');

/** Lines in columns as wide as what is in them, with a head; the last column is as long as it is. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const safe = rows.map((row) => row.map(plain));
  const widths = head.map((_, i) => Math.max(...[head, ...safe].map((row) => stringWidth(row[i] ?? ''))));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell + ' '.repeat(widths[i]! - stringWidth(cell)))).join('  ');
  return [styled('dim', line(head)), ...safe.map(line)].join('\n');
}

/** Names and what they are, one a line; those without are left out. */
export function facts(entries: readonly (readonly [name: string, value: string | undefined])[]): string {
  const told = entries.filter((entry): entry is [string, string] => Boolean(entry[1]));
  const width = Math.max(...told.map(([name]) => name.length));
  return told.map(([name, value]) => `${styled('dim', name.padEnd(width))}  ${plain(value)}`).join('\n');
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;
const relative = new Intl.RelativeTimeFormat('en');

/** A time (ISO 8601) in UTC to the minute, and how far off that is. */
export function moment(iso: string, now = Date.now()): string {
  const ms = Date.parse(iso) - now;
  if (Math.abs(ms) < 60_000) return `${minute(iso)} (now)`;
  const [unit, length] = units.find(([, length]) => Math.abs(ms) >= length) ?? units[2];
  return `${minute(iso)} (${relative.format(Math.trunc(ms / length), unit)})`;
}

/** A time (ISO 8601) in UTC to the minute. */
export const minute = (iso: string): string => `${new Date(iso).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
