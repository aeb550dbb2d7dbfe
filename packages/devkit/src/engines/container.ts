import { setTimeout as sleep } from 'node:timers/promises';
import {
  GenericContainer,
  getContainerRuntimeClient,
  Wait,
  type ContainerRuntimeClient,
} from 'testcontainers';
import { freePort, waitFor } from '../process';
import type { Image } from './images';

export interface ContainerOptions {
  /** How errors name it. */
  name: string;
  image: Image;
  /** What it listens on, inside. */
  port: number;
  env?: Readonly<Record<string, string>>;
  command?: readonly string[];
  /** Copied into the container before it starts. A copy and not a mount: the daemon may be on another machine. */
  files?: readonly { source: string; target: string }[];
  /** Whether it serves. Asked from outside: an image need not hold a shell. */
  serves: (host: string, port: number) => Promise<boolean>;
}

export interface EngineContainer {
  readonly host: string;
  readonly port: number;
  /** Its address among containers, where `options.port` is open; another after `restart`, perhaps. */
  readonly address: string;
  /** SIGKILL; the data stay. */
  kill(): Promise<void>;
  /** Starts again on the same port and data, ending what runs first. */
  restart(): Promise<void>;
  /** Removes the container with its data. Idempotent. */
  stop(): Promise<void>;
}

/** Until it serves, milliseconds; the image is there by then. */
const startMs = 120_000;
/** Bytes of log kept for error messages. */
const kept = 16_384;
const loopback = '127.0.0.1';

/**
 * Publishes its ports on one address; testcontainers publishes on all of them. Knows its id as soon as it has one: a container
 * that ends while it starts must be removed as well.
 */
class PublishedContainer extends GenericContainer {
  id: string | undefined;

  constructor(
    image: string,
    private readonly address: string | undefined,
  ) {
    super(image);
  }

  protected override beforeContainerCreated(): Promise<void> {
    const bindings = this.hostConfig.PortBindings as Record<string, { HostIp?: string }[]>;
    for (const binding of Object.values(bindings).flat()) {
      if (this.address !== undefined) binding.HostIp = this.address;
    }
    return Promise.resolve();
  }

  protected override containerCreated(id: string): Promise<void> {
    this.id = id;
    return Promise.resolve();
  }
}

async function removeContainer({ container }: ContainerRuntimeClient, id: string): Promise<void> {
  try {
    await container.getById(id).remove({ force: true, v: true });
  } catch (error) {
    // Gone, or somebody else removes it now: both are what was wanted.
    const status = (error as { statusCode?: number }).statusCode;
    if (status !== 404 && status !== 409) throw error;
  }
}

/**
 * Starts a container and waits until it serves. Its port on this machine is fixed, so that it is the same after `restart`,
 * and is published on 127.0.0.1 alone where the daemon is on this machine.
 * @throws Error naming the image and the variable that names another, with the end of the container's log.
 */
export async function startContainer(options: ContainerOptions): Promise<EngineContainer> {
  const { name, image } = options;
  const client = await getContainerRuntimeClient();
  const isLocal = ['localhost', loopback].includes(client.info.containerRuntime.host);
  const host = isLocal ? loopback : client.info.containerRuntime.host;
  const port = await freePort();
  let log = '';
  const definition = new PublishedContainer(image.name, isLocal ? loopback : undefined)
    .withExposedPorts({ container: options.port, host: port })
    .withEnvironment({ ...options.env })
    .withCopyFilesToContainer([...(options.files ?? [])])
    .withLogConsumer((stream) => {
      stream.on('error', () => undefined);
      stream.on('data', (chunk: Buffer | string) => {
        log = (log + chunk.toString()).slice(-kept);
      });
    })
    // `serves` is asked below.
    .withWaitStrategy(Wait.forAll([]));
  if (options.command) definition.withCommand([...options.command]);

  const started = await definition.start().catch(async (cause: unknown) => {
    if (definition.id !== undefined) await removeContainer(client, definition.id);
    const message = `${name} did not start from the image ${image.name} (${image.variable} names another)`;
    const why = cause instanceof Error ? cause.message : String(cause);
    const tail = log.trim() === '' ? '' : `\n--- end of its log ---\n${log.trim().slice(-2_000)}`;
    throw new Error(`${message}: ${why}${tail}`, { cause });
  });
  const container = client.container.getById(started.getId());
  const isRunning = async (): Promise<boolean> => (await container.inspect()).State.Running;

  let ended = false;
  const untilItServes = async (): Promise<void> => {
    await waitFor(
      async () => {
        // Refused while it starts; whether it has ended is asked below.
        if (await options.serves(host, port).catch(() => false)) return true;
        ended = !(await isRunning());
        return false;
      },
      {
        timeoutMs: startMs,
        what: `${name} (${image.name}) to serve`,
        intervalMs: 200,
        process: { hasExited: () => ended, logTail: () => log },
      },
    );
  };
  const remove = (): Promise<void> => removeContainer(client, started.getId());

  try {
    await untilItServes();
  } catch (error) {
    await remove();
    throw error;
  }
  const kill = async (): Promise<void> => {
    if (await isRunning()) await container.kill();
    // The daemon answers before its own picture of the container is up to date.
    while (await isRunning()) await sleep(50);
  };
  return {
    host,
    port,
    address: started.getIpAddress(started.getNetworkNames()[0] ?? 'bridge'),
    kill,
    async restart() {
      await kill();
      await container.start();
      ended = false;
      await untilItServes();
    },
    stop: remove,
  };
}
