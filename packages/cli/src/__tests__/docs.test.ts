import { readFileSync } from 'node:fs';
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
