import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const dockerFolder = resolve(__dirname, '../../../../docker/collector');

/** What a collector has before it is offered anything, as HyperDX's image does. */
export const bootstrapConfig = join(dockerFolder, 'bootstrap.yaml');

/** What a supervisor runs as its collector: the program that `OTELCOL_EXECUTABLE` names, with a fault of the supervisor put right. */
export const agentProgram = join(dockerFolder, 'agent.sh');

/** What makes the bootstrap a whole config until there is an offer. */
export const idleConfig = join(dockerFolder, 'idle.yaml');

/** Changes nothing: what a supervisor reads where another has a file. */
export const emptyConfig = join(dockerFolder, 'local.yaml');

/** The supervisor's file; its values come from the environment. */
export const supervisorConfig = join(dockerFolder, 'supervisor.yaml');

/** A text of several lines or of JSON is a config itself, anything else the path of one. */
function isText(config: string): boolean {
  return config.includes('\n') || config.trimStart().startsWith('{');
}

/** Writes the configs that came as texts into `folder` and answers the paths of all of them, in order. */
export function configPaths(configs: readonly string[], folder: string): Promise<string[]> {
  return Promise.all(
    configs.map(async (config, index) => {
      if (!isText(config)) return resolve(config);
      const path = join(folder, `config-${index}.yaml`);
      // Configs carry passwords.
      await writeFile(path, config, { mode: 0o600 });
      return path;
    }),
  );
}

/** `--config a --config b`: later ones win. */
export function configArgs(paths: readonly string[]): string[] {
  return paths.flatMap((path) => ['--config', path]);
}
