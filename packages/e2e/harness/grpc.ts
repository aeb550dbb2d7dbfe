import { credentials, Client, Metadata, status as codes } from '@grpc/grpc-js';

/** Path of the logs service (OTLP specification, "OTLP/gRPC"). */
const LOGS_EXPORT = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
const DEADLINE_MS = 10_000;

/**
 * Exports no logs at all over gRPC under a key: an empty request is zero bytes, so no message types are
 * needed to learn whether the key is let in.
 * @returns the name of the gRPC status: `OK`, `UNAUTHENTICATED`, ...
 */
export async function grpcStatus(address: string, key: string | undefined): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  if (key !== undefined) metadata.set('authorization', key);
  const bytes = (value: Buffer): Buffer => value;
  try {
    return await new Promise((resolve) => {
      client.makeUnaryRequest(
        LOGS_EXPORT,
        bytes,
        bytes,
        Buffer.alloc(0),
        metadata,
        { deadline: Date.now() + DEADLINE_MS },
        (error) => resolve(codes[error?.code ?? codes.OK]),
      );
    });
  } finally {
    client.close();
  }
}
