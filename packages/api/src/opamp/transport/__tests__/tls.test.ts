import type { Config } from '../../../config';
import { plaintextWarning } from '../tls';

const opamp: Config['opamp'] = {
  acceptIngestionKey: false,
  maxAgents: 1,
  maxAgentsPerToken: 1,
  tls: undefined,
};
const tls = {
  certFile: '/cert',
  keyFile: '/key',
  clientCaFile: undefined,
  clientAuth: 'optional',
} as const;

it.each(['0.0.0.0', '::', '10.0.0.1', 'opamp.example'])(
  'warns at %s without TLS',
  (bindAddress) => {
    expect(plaintextWarning({ bindAddress, opamp })).toContain('TENANCY_OPAMP_TLS_CERT_FILE');
    expect(plaintextWarning({ bindAddress, opamp: { ...opamp, tls } })).toBeUndefined();
  },
);

it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('is silent at %s', (bindAddress) => {
  expect(plaintextWarning({ bindAddress, opamp })).toBeUndefined();
});
