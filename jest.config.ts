/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

/** Sources run as they are: no build between an edit and its test. Only `e2e` and `load` run the built API. */
const shared: Partial<Config> = {
  rootDir: '.',
  testEnvironment: 'node',
  transform: {
    '^.+\\.(ts|js|mjs)$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^@hyperdx-tenancy/(domain|devkit)/(.*)$': '<rootDir>/packages/$1/src/$2',
    // HyperDX's own alias for its API's sources: a test written there runs here.
    '^@/(.*)$': '<rootDir>/packages/api/src/$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/packages/[^/]+/dist/'],
};

/** Scenarios with collectors under load, or with figures: they have the machine for themselves. All others wait, mostly. */
const loaded = [
  'bench[A-Za-z]*',
  'collectorCanary',
  'collectorFaults',
  'collectorFleet',
  'collectorFragments',
  'collectorMany',
  'collectorQuarantine',
  'dedicatedCollector',
  'demo',
  'sharedCollector',
  'twoProcesses',
].join('|');

const config: Config = {
  // Real engines on a busy machine take their time; a test that hangs still ends.
  testTimeout: 30_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/packages/*/src/**/__tests__/*.test.ts'],
      testPathIgnorePatterns: ['\\.int\\.test\\.ts$'],
    },
    {
      ...shared,
      displayName: 'int',
      testMatch: ['<rootDir>/packages/*/src/**/__tests__/*.int.test.ts'],
    },
    {
      ...shared,
      displayName: 'e2e',
      testMatch: ['<rootDir>/packages/e2e/scenarios/**/*.test.ts'],
      testPathIgnorePatterns: [`/scenarios/(${loaded})\\.test\\.ts$`],
    },
    {
      ...shared,
      displayName: 'load',
      testRegex: [`/packages/e2e/scenarios/(${loaded})\\.test\\.ts$`],
    },
  ],
};

export default config;
