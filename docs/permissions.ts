import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Permission, permissions } from '../api/permissions.ts';
import { roles } from '../db/members.ts';
import { staffRoles } from '../db/staff.ts';

/** Where the table of permissions stands: between two comments of this page. */
export const page = path.join(import.meta.dirname, 'permissions.md');
const markers = /(<!-- table: npm run docs:permissions -->\n)[\s\S]*?(<!-- end of table -->)/;

const openTo: Record<NonNullable<Permission['open']>, string> = {
  everybody: 'everybody',
  known: 'whoever is signed in, and every API key',
  signed_in: 'whoever is signed in, and no API key',
  provider: 'the mail provider, with a password of its own',
};

const tableOf = (rows: string[][]): string => {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const [head, ...body] = rows.map((row) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`);
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
};

/** The tables of docs/permissions.md, from the one that Usher asks. */
function tables(): string {
  const rows: Permission[] = Object.values(permissions);
  const mark = (yes: boolean | undefined) => (yes ? 'yes' : '');
  const who = tableOf([
    [
      'To …',
      ...[...roles].reverse().map((role) => `${role[0]!.toUpperCase()}${role.slice(1).replace('_', ' ')}`),
      'Key with scope',
      'Invited person',
      'Oneself',
      ...staffRoles.map((role) => `${role[0]!.toUpperCase()}${role.slice(1)}`),
    ],
    ...rows
      .filter((row) => !row.open)
      .map((row) => [
        row.may,
        ...[...roles].reverse().map((role) => mark(row.roles.includes(role))),
        row.scope ? `\`${row.scope}\`${row.keyNeedsRole ? ' and such a role' : ''}` : '',
        mark(row.invitee),
        mark(row.self),
        ...staffRoles.map((role) => mark(row.staff.includes(role))),
      ]),
  ]);
  const open = rows.filter((row) => row.open).map((row) => `- To ${row.may}: ${openTo[row.open!]}.`);
  const routes = tableOf([
    ['Route', 'To …'],
    ...rows.flatMap((row) => row.routes.map((route) => [`\`${route.replace(/:(\w+)/g, '{$1}')}\``, row.may])),
  ]);
  return [who, open.join('\n'), '## By route', routes].join('\n\n');
}

/** The page with the tables as they are now. @throws Error when the page has no place for them */
export function withPermissions(text: string): string {
  if (!markers.test(text)) throw new Error(`${page} has lost the comments between which the tables stand.`);
  return text.replace(markers, (_, begin, end) => `${begin}\n${tables()}\n\n${end}`);
}

if (import.meta.main) await writeFile(page, withPermissions(await readFile(page, 'utf8')));
