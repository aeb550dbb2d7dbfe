import type { OtlpRequest } from '../harness/otlp';
import { ID_ATTRIBUTE, OWNER_ATTRIBUTE, signals } from '../harness/signals';
import { FIXED64, LENGTH, tag, VARINT, varint } from './protobuf';

function message(field: number, parts: readonly Buffer[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([tag(field, LENGTH), varint(size), ...parts]);
}

const text = (field: number, value: string): Buffer => message(field, [Buffer.from(value)]);
const number = (field: number, value: number): Buffer =>
  Buffer.concat([tag(field, VARINT), varint(value)]);

function time(field: number, milliseconds: number): Buffer {
  const nanoseconds = Buffer.alloc(8);
  nanoseconds.writeBigUInt64LE(BigInt(milliseconds) * 1_000_000n);
  return Buffer.concat([tag(field, FIXED64), nanoseconds]);
}

/** `KeyValue` with a string (opentelemetry/proto/common/v1). */
const attribute = (field: number, key: string, value: string): Buffer =>
  message(field, [text(1, key), message(2, [text(1, value)])]);

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'];
const INFO = 9;
const ERROR = 17;

/** What an application's access log says, 150 bytes of body and six attributes; every number takes part in some value. */
function logRecord(id: number, owner: string, at: number): Buffer {
  const method = METHODS[id % METHODS.length] ?? 'GET';
  const failed = id % 50 === 0;
  const route = `/api/v1/customers/${(id * 7919) % 5_003}/orders`;
  const status = failed ? '502' : '200';
  return message(2, [
    time(1, at),
    number(2, failed ? ERROR : INFO),
    text(3, failed ? 'ERROR' : 'INFO'),
    message(5, [
      text(
        1,
        `${method} ${route} answered ${status} after ${(id * 31) % 977} ms, ${(id * 104_729) % 65_521} bytes, ` +
          `to user-${(id * 613) % 10_007} of session ${((id * 2_654_435_761) % 4_294_967_296).toString(16)}`,
      ),
    ]),
    attribute(6, ID_ATTRIBUTE, String(id)),
    attribute(6, OWNER_ATTRIBUTE, owner),
    attribute(6, 'http.request.method', method),
    attribute(6, 'http.route', route),
    attribute(6, 'http.response.status_code', status),
    attribute(6, 'user.id', `user-${(id * 613) % 10_007}`),
    time(11, at),
  ]);
}

/** What the collector's agents add about where an application runs. */
function resource(pod: number): Buffer {
  return message(1, [
    attribute(1, 'service.name', `service-${pod % 5}`),
    attribute(1, 'service.version', '1.24.3'),
    attribute(1, 'deployment.environment.name', 'production'),
    attribute(1, 'k8s.namespace.name', 'shop'),
    attribute(1, 'k8s.pod.name', `service-${pod % 5}-${pod}`),
    attribute(1, 'host.name', `node-${pod % 7}`),
  ]);
}

/**
 * Log records with consecutive numbers for ids in OTLP's protobuf form, which is what agents and SDKs send: the JSON form would
 * have the collector spend most of its time on parsing.
 * @param first the first record's number; @param pod which of the application's instances says it.
 */
export function logsRequest(
  first: number,
  count: number,
  owner: string,
  pod: number,
): Pick<OtlpRequest, 'route' | 'body' | 'contentType'> {
  const at = Date.now();
  const records = Array.from({ length: count }, (_, index) => logRecord(first + index, owner, at));
  const scope = message(1, [text(1, 'bench'), text(2, '1')]);
  // ExportLogsServiceRequest > ResourceLogs > ScopeLogs (opentelemetry/proto/collector/logs/v1, .../logs/v1).
  const body = message(1, [resource(pod), message(2, [scope, ...records])]);
  return { route: signals.logs.route, body, contentType: 'application/x-protobuf' };
}
