import type { Command } from './commands';
import { readHead } from './parseUser';
import type { ProfileElement, SettingElement, Writability } from './state';
import type { TokenReader } from './tokenReader';

export function parseCreateProfile(reader: TokenReader): Command {
  const { name, conditional } = readHead(reader, 'IF NOT EXISTS');
  const elements = readElements(reader) ?? [];
  return { kind: 'create profile', name, unlessExists: conditional, elements };
}

/** ALTER with a SETTINGS list: all that the profile has from then on. */
export function parseAlterProfile(reader: TokenReader): Command {
  const { name, conditional } = readHead(reader, 'IF EXISTS');
  const elements = readElements(reader);
  if (!elements) throw reader.unknown();
  return { kind: 'alter profile', name, ifExists: conditional, elements };
}

function readElements(reader: TokenReader): ProfileElement[] | undefined {
  if (!reader.takes('SETTINGS')) return undefined;
  return reader.list(() => {
    if (reader.takes('INHERIT') || reader.takes('PROFILE')) return { inherit: reader.name() };
    return readSetting(reader);
  });
}

const writabilities: Readonly<Record<string, Writability>> = {
  CONST: 'CONST',
  READONLY: 'CONST',
  WRITABLE: 'WRITABLE',
  CHANGEABLE_IN_READONLY: 'CHANGEABLE_IN_READONLY',
};

function readSetting(reader: TokenReader): SettingElement {
  const element: SettingElement = { setting: reader.name() };
  if (reader.takesSymbol('=')) element.value = reader.value();
  for (;;) {
    if (reader.takes('MIN')) element.min = readBound(reader);
    else if (reader.takes('MAX')) element.max = readBound(reader);
    else break;
  }
  for (const [word, writability] of Object.entries(writabilities)) {
    if (reader.takes(word)) element.writability = writability;
  }
  return element;
}

function readBound(reader: TokenReader): string {
  reader.takesSymbol('=');
  return reader.value();
}
