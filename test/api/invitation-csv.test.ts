import { describe, expect, test } from 'vitest';
import { readInvitationCsv } from '../../api/invitation-csv.ts';
import type { Problem } from '../../api/problem.ts';

/** CSV as people and their spreadsheets write it. */

const rowsOf = (text: string) => readInvitationCsv(text, 5).map(({ input }) => input);
const ada = { email: 'ada@example.com' };

test.each([
  ['commas', 'email,role\nada@example.com,admin\n'],
  ['semicolons', 'email;role\nada@example.com;admin\n'],
  ['tabs', 'email\trole\nada@example.com\tadmin\n'],
  ['a byte order mark and lines of Windows', '\ufeffemail,role\r\nada@example.com,admin\r\n'],
  ['no line break at the end', 'email,role\nada@example.com,admin'],
  ['quotes and blanks', '"email" , "role"\n "ada@example.com" , admin \n'],
  ['names of columns as people write them', 'E-Mail,ROLE\nada@example.com,admin\n'],
  ['another order', 'role,email\nadmin,ada@example.com\n'],
  ['empty lines and rows', '\nemail,role\n\n,\nada@example.com,admin\n,,,\n\n'],
  ['more empty cells than columns', 'email,role\nada@example.com,admin,,\n'],
])('%s are read', (_, text) => expect(rowsOf(text)).toEqual([{ ...ada, role: 'admin' }]));

test('cells that hold separators, quotes and line breaks are read as they are', () => {
  expect(rowsOf('email,message\nada@example.com,"Hello, ""Ada""\nsee you"\n')).toEqual([
    { ...ada, message: 'Hello, "Ada"\nsee you' },
  ]);
});

test('several teams and licences stand in one cell; an empty cell says nothing; metadata has a column a name', () => {
  expect(
    rowsOf(
      'email,teams,licenses,expires in,redirect_url,metadata.Ticket,metadata.cost-centre\n' +
        'ada@example.com,Design | Research,studio,P3D,https://acme.example/,HR-1,\nbob@example.com,,,,,,\n',
    ),
  ).toEqual([
    {
      ...ada,
      teams: ['Design', 'Research'],
      licenses: ['studio'],
      expiresIn: 'P3D',
      redirectUrl: 'https://acme.example/',
      metadata: { Ticket: 'HR-1' },
    },
    { email: 'bob@example.com' },
  ]);
});

test('a row knows the line on which it ends', () => {
  const rows = readInvitationCsv('email,message\n\nada@example.com,"two\nlines"\nbob@example.com,\n', 5);
  expect(rows.map(({ line }) => line)).toEqual([4, 5]);
});

test('columns called like what every object has are none of ours', () => {
  expect(() => rowsOf('email,constructor\nada@example.com,1\n')).toThrow();
  expect(Object.keys(rowsOf('email,metadata.__proto__\nada@example.com,1\n')[0]!.metadata!)).toEqual(['__proto__']);
});

describe('what is wrong with a file is said with its line', () => {
  test.each([
    ['', /no header row/],
    ['\n\n', /no header row/],
    ['email\n', /nobody to invite/],
    ['name,role\nada,admin\n', /Line 1: column 1 is called "name"; there are email, role/],
    ['role\nadmin\n', /Line 1: there is no column email/],
    ['email,E-mail\na@b.example,c@d.example\n', /Line 1: there are two columns email/],
    ['ada@example.com\nbob@example.com\n', /Line 1: column 1 is called "ada@example.com"/],
    ['email,role\na@b.example,admin\nc@d.example,admin,more\n', /Line 3: it has 3 cells, the header 2/],
    ['email,role\na@b.example,"admin\n', /Line 2: a quote that was opened is not closed/],
    ['email,role\na@b.example,ad"min\n', /Line 2: a quote stands where none may/],
    [`email\n${'a@b.example\n'.repeat(6)}`, /more than 5 rows/],
    [`email,message\na@b.example,${'x'.repeat(70_000)}\n`, /Line 2: a row has 64 KiB at most/],
  ])('%j', (text, expected) => {
    let problem: Problem | undefined;
    try {
      rowsOf(text);
    } catch (error) {
      problem = error as Problem;
    }
    expect(problem?.code).toBe('invalid_csv');
    expect(problem?.detail).toMatch(expected);
  });
});
