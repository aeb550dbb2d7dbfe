import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Command } from 'commander';

import { allCommands, createProgram } from '../program';

/** What `--help` prints, in 80 columns. */
function help(command: Command): string {
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  command.configureOutput({
    writeOut: write,
    getOutHelpWidth: () => 80,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trimEnd();
}

it('docs/cli.md shows what --help prints, of every command', () => {
  const page = readFileSync(join(__dirname, '../../../../docs/cli.md'), 'utf8');
  const commands = allCommands(createProgram('0.0.0')).filter(
    ({ command }) => command.name() !== 'help',
  );
  const sections = commands.map(
    ({ name, command }) => `## \`${name}\`\n\n\`\`\`text\n${help(command)}\n\`\`\`\n`,
  );
  for (const section of sections) expect(page).toContain(section);
  expect(page.match(/^## /gm)).toHaveLength(sections.length);
});

/** Where a page names commands: lines of its shell examples, and what it quotes in its text, such as `tenant show`. */
function examples(page: string): string[] {
  const nouns = createProgram('0.0.0').commands.map((command) => command.name());
  const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, text = '']) => text);
  const quoted = [...page.replace(/```.*?```|^#[^\n]*$/gms, '').matchAll(/`([^`\n]+)`/g)];
  return [
    ...blocks
      .flatMap((text) => text.split('\n'))
      .filter((line) => line.startsWith('hyperdx-tenancy ')),
    ...quoted
      .map(([, text = '']) => text.replace(/^hyperdx-tenancy /, ''))
      .filter((text) => nouns.includes(text.split(' ')[0] ?? '') && text.includes(' '))
      .map((text) => `hyperdx-tenancy ${text}`),
  ];
}

/** The command that a line names, and those of its options that it does not have. */
function misnamed(line: string): string[] {
  const words = line
    .replace(/\s#.*$/, '')
    .split(/\s+/)
    .slice(1);
  let command = createProgram('0.0.0');
  const known = new Set(command.options.map(({ long }) => long));
  for (const word of words) {
    const next = command.commands.find((one) => one.name() === word);
    if (!next) break;
    command = next;
    for (const { long } of command.options) known.add(long);
  }
  const unknown = words.filter((word) => word.startsWith('--') && !known.has(word));
  return command.commands.length > 0 ? [line, ...unknown] : unknown;
}

it('the examples of all pages name commands and options that there are', () => {
  const root = join(__dirname, '../../../..');
  const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const lines = [...pages.map((name) => join('docs', name)), 'README.md'].flatMap((path) =>
    examples(readFileSync(join(root, path), 'utf8')),
  );
  expect(lines.length).toBeGreaterThan(40);
  expect(lines.flatMap(misnamed)).toEqual([]);
});
