import js from '@eslint/js';
import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import tseslint from 'typescript-eslint';

const tests = ['**/__tests__/**', 'packages/e2e/scenarios/**', 'packages/api/src/fixtures.ts'];
const src = 'packages/api/src';
/** A zone: files under `target` may not import from `from`, and why. */
const zone = (target, from, message) => ({ target, from, message });

/** Who may import whom among the packages. Tests of `api` may use `devkit`; nothing else crosses. */
const packageRules = [
  {
    files: ['packages/domain/src/**'],
    patterns: [
      {
        regex: '^(?!\\.|zod($|/))',
        message: 'domain is pure and depends on zod alone: no other package, no Node built-ins',
      },
    ],
  },
  {
    files: ['packages/domain/src/**/__tests__/**'],
    patterns: [
      {
        regex: '^(?!\\.|(zod|fast-check)($|/))',
        message: 'tests of domain need nothing but zod and fast-check',
      },
    ],
  },
  {
    files: ['packages/cli/src/**', 'packages/console/src/**'],
    patterns: [
      {
        group: ['@hyperdx-tenancy/api*', '@hyperdx-tenancy/devkit/*', '@hyperdx-tenancy/e2e*'],
        message: 'cli and console import domain and speak HTTP',
      },
    ],
  },
  {
    files: ['packages/devkit/src/**', 'packages/e2e/**'],
    patterns: [
      { group: ['@hyperdx-tenancy/api*', '@/*'], message: 'start the built API as a process' },
    ],
  },
];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/gen/**', 'coverage/**', '.yarn/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: './packages/tsconfig.check.json',
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // What is taken out of an object to have the rest.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: true },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        require: 'readonly',
        module: 'writable',
        __dirname: 'readonly',
      },
    },
  },
  ...packageRules.map(({ files, patterns }) => ({
    files,
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  })),
  {
    files: [`${src}/**`],
    ignores: tests,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@hyperdx-tenancy/devkit/*', '@hyperdx-tenancy/cli*'],
              message: 'devkit is for tests',
            },
          ],
        },
      ],
    },
  },
  {
    files: [`${src}/**`],
    ignores: [...tests, `${src}/clickhouse/**`],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@clickhouse/client',
              message: 'the ClickHouse client is used in clickhouse/ alone',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['packages/**/*.ts'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [
        createTypeScriptImportResolver({ project: './packages/tsconfig.check.json' }),
      ],
    },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': [
        'error',
        {
          zones: [
            zone(
              `./${src}/models`,
              [`./${src}/controllers`, `./${src}/routers`, `./${src}/opamp`, `./${src}/middleware`],
              'models are below controllers',
            ),
            zone(
              `./${src}/clickhouse`,
              [
                `./${src}/controllers`,
                `./${src}/routers`,
                `./${src}/opamp`,
                `./${src}/models`,
                `./${src}/middleware`,
              ],
              'clickhouse is below controllers',
            ),
            zone(
              `./${src}/controllers`,
              [`./${src}/routers`, `./${src}/middleware`, `./${src}/opamp`],
              'controllers know no HTTP',
            ),
            zone(
              `./${src}/utils`,
              [
                `./${src}/controllers`,
                `./${src}/routers`,
                `./${src}/opamp`,
                `./${src}/models`,
                `./${src}/middleware`,
                `./${src}/metrics`,
                `./${src}/configFiles`,
              ],
              'utils are leaves',
            ),
            zone(
              `./${src}/middleware`,
              [`./${src}/routers`, `./${src}/opamp`],
              'middleware is below what mounts it',
            ),
            zone(
              [`./${src}/opamp`, `./${src}/tasks`, `./${src}/gateway`, `./${src}/door`],
              `./${src}/routers`,
              'OpAMP, gateway, door and tasks call controllers',
            ),
            zone(
              [`./${src}/controllers`, `./${src}/models`, `./${src}/clickhouse`, `./${src}/utils`],
              [`./${src}/gateway`, `./${src}/door`],
              'gateway and door are above controllers',
            ),
            zone(
              [`./${src}/metrics`, `./${src}/configFiles`],
              [
                `./${src}/controllers`,
                `./${src}/routers`,
                `./${src}/opamp`,
                `./${src}/models`,
                `./${src}/clickhouse`,
                `./${src}/middleware`,
              ],
              'metrics and configuration files know nothing of what uses them',
            ),
            zone(`./${src}/routers/admin`, `./${src}/routers/api`, 'no router imports a router'),
            zone(`./${src}/routers/api`, `./${src}/routers/admin`, 'no router imports a router'),
          ],
        },
      ],
    },
  },
  {
    // HyperDX's own default exports, kept so that its code finds them; tools' configs need theirs.
    files: [
      `${src}/models/**`,
      `${src}/routers/**`,
      `${src}/server.ts`,
      `${src}/api-app.ts`,
      'jest.config.ts',
      `${src}/opamp/app.ts`,
    ],
    rules: { 'import-x/no-default-export': 'off' },
  },
  {
    // A mongoose schema is written as object literals, which its types call instances of its classes.
    files: [`${src}/models/**`],
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  {
    // What people read on a terminal is printed by these alone.
    files: [
      'packages/cli/src/output.ts',
      'packages/e2e/demo/**',
      'packages/e2e/bench/**',
      'packages/devkit/src/**/main.ts',
      'packages/devkit/src/**/*Main.ts',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    files: tests,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
