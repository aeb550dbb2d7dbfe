import { note, printFields, printJson, printTable } from './output';
import { keepInFile } from './secretFile';

/** How tokens of one kind are shown. */
export interface TokenForm<Token> {
  /** Of one token, field by field. */
  fields(token: Token): [name: string, value: string][];
  /** Of several, a line each. */
  head: string[];
  row(token: Token): string[];
  /** Who alone is to be able to read one. */
  holders: string;
}

/** Of an option `--output <file>`. */
export const tokenOutputHelp =
  'write it into this new file, which only you may read, instead of showing it';

/** What shows tokens of one kind, whose secrets are known at no time but when they are made. */
export interface Tokens<Token> {
  /** One token. @param secret shown this once, when it has just been made. */
  print(token: Token, json: boolean, secret?: string): void;
  printAll(tokens: readonly Token[], json: boolean): void;
  /**
   * Makes a token, and shows it this once or writes it into a file.
   * @throws CliError `usage` where the file cannot be made; then no token is made either.
   */
  make(
    make: () => Promise<Token & { token: string }>,
    output: string | undefined,
    json: boolean,
  ): Promise<void>;
}

/** What JSON leaves out. */
const NO_SECRET = { token: undefined };

export function tokensOf<Token extends object>(form: TokenForm<Token>): Tokens<Token> {
  function print(token: Token, json: boolean, secret?: string): void {
    if (json) {
      printJson(secret === undefined ? token : { ...token, token: secret });
      return;
    }
    const fields = form.fields(token);
    printFields(secret === undefined ? fields : [...fields, ['token', secret]]);
  }

  return {
    print,

    printAll(tokens, json) {
      if (json) printJson(tokens);
      else
        printTable(
          form.head,
          tokens.map((token) => form.row(token)),
        );
    },

    async make(make, output, json) {
      if (output === undefined) {
        const made = await make();
        print({ ...made, ...NO_SECRET }, json, made.token);
        note(`The token is shown this once: keep it where only ${form.holders} can read it.`);
        return;
      }
      const made = await keepInFile(output, make, ({ token }) => token);
      print({ ...made, ...NO_SECRET }, json);
      note(`The token is in ${output}.`);
    },
  };
}
