import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import stringWidth from 'string-width';
import { exitCodes } from '../cli/exit-codes.ts';
import { createProgram } from '../cli/program.ts';
import { variables } from '../cli/settings.ts';

/** The reference of `usher`, from the program itself: between two comments of this page. */
export const page = path.join(import.meta.dirname, 'commands.md');
const markers = /(<!-- commands: npm run docs:commands -->\n)[\s\S]*?(<!-- end of commands -->)/;

/** A page with the commands as they are now. @throws Error when the page has no place for them */
export function withCommands(text: string): string {
  if (!markers.test(text)) throw new Error(`${page} has lost the comments between which the commands stand.`);
  return text.replace(markers, (_, begin: string, end: string) => `${begin}\n${reference()}\n\n${end}`);
}

/** Aligned, as the formatter would have it. */
function table(head: [string, string], rows: (readonly [string, string])[]): string {
  const cells = [head, ...rows.map(([a, b]) => [a, b.replaceAll('|', '\\|')] as const)];
  const widths = [0, 1].map((column) => Math.max(3, ...cells.map((row) => stringWidth(row[column]!))));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => cell + ' '.repeat(widths[i]! - stringWidth(cell))).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.slice(1).map(line)].join('\n');
}

function reference(): string {
  const program = createProgram();
  return [
    '## Commands',
    ...program.commands.flatMap((command) => described(command, program)),
    '## Options of every command',
    table(['Option', 'What it does'], optionsOf(program)),
    '## Settings',
    table(
      ['Variable', 'What it says'],
      Object.entries(variables).map(([name, says]) => [`\`${name}\``, says]),
    ),
    '## Exit codes',
    table(
      ['Code', 'What it means'],
      Object.values(exitCodes).map(({ code, means }) => [String(code), means]),
    ),
  ].join('\n\n');
}

const choicesOf = ({ argChoices }: { argChoices?: string[] }) =>
  argChoices && `(${argChoices.map((choice) => `\`${choice}\``).join(', ')})`;

const optionsOf = (command: Command): [string, string][] =>
  command.options.map((option) => [
    `\`${option.flags}\``,
    [
      option.description,
      choicesOf(option),
      option.defaultValue !== undefined && `(${String(option.defaultValue)} if left out)`,
    ]
      .filter(Boolean)
      .join(' '),
  ]);

/** A command, or each of those below it. */
function described(command: Command, parent: Command): string[] {
  const helper = command.createHelp();
  if (command.commands.length > 0) return command.commands.flatMap((below) => described(below, command));
  const name = parent.parent ? `${parent.name()} ${command.name()}` : command.name();
  const examples: string[] = [];
  command.configureOutput({ writeOut: (text) => examples.push(text) });
  command.outputHelp();
  const shown = examples.join('').split('\nExamples:\n')[1];
  const args = command.registeredArguments.filter((argument) => argument.description);
  return [
    `### ${name}`,
    `${helper.commandDescription(command)}.`,
    `\`usher ${name}${command.usage() ? ` ${command.usage()}` : ''}\``,
    ...(args.length > 0
      ? [
          table(
            ['Argument', 'What it is'],
            args.map((a) => [`\`${a.name()}\``, [a.description, choicesOf(a)].filter(Boolean).join(' ')]),
          ),
        ]
      : []),
    ...(command.options.length > 0 ? [table(['Option', 'What it does'], optionsOf(command))] : []),
    ...(shown ? [['```text', shown.replace(/^ {2}/gm, '').trimEnd(), '```'].join('\n')] : []),
  ];
}

if (import.meta.main) await writeFile(page, withCommands(await readFile(page, 'utf8')));
