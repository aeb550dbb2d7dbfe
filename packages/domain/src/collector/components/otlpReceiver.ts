import { literal } from '../config';
import type { Component } from '../config';
import type { ComponentBuilder } from '../context';
import { requestBytes } from '../limits';
import { BEARER_TOKEN_AUTH } from './bearerTokenAuth';

/** HyperDX's id for it. */
export const OTLP_RECEIVER = 'otlp/hyperdx';

/**
 * OTLP over gRPC and HTTP. `include_metadata` carries the request's headers, and so its key, to the routers;
 * CORS is open because browsers send session replays from everywhere.
 */
export const otlpReceiver: ComponentBuilder = ({ endpoints, tokens, limits }) => {
  const common: Component = {
    include_metadata: true,
    ...(tokens.length > 0 && { auth: { authenticator: BEARER_TOKEN_AUTH } }),
  };
  return {
    receivers: {
      [OTLP_RECEIVER]: {
        protocols: {
          grpc: {
            ...common,
            endpoint: literal(endpoints.grpc),
            max_recv_msg_size_mib: limits.requestMiB,
          },
          http: {
            ...common,
            endpoint: literal(endpoints.http),
            max_request_body_size: requestBytes(limits),
            cors: { allowed_origins: ['*'], allowed_headers: ['*'] },
          },
        },
      },
    },
  };
};
