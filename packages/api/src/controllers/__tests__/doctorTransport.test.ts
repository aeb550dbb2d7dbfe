import { readTransport } from '../doctorTransport';

const messages = (host: string, collectorEndpoint: string): string[] =>
  [...readTransport({ host, collectorEndpoint })].map(({ message }) => message);

it.each([
  ['https://ch.example.com:8443', 'https://ch.example.com:8443'],
  ['https://ch.example.com', 'tcp://ch.example.com:9440?secure=true'],
  ['http://127.0.0.1:8123', 'tcp://localhost:9000'],
  ['http://[::1]:8123', 'http://127.1.2.3:8123'],
])('finds nothing on %s and %s', (host, collectors) => {
  expect(messages(host, collectors)).toEqual([]);
});

it.each([
  ['http://ch.example.com:8123', 'https://ch.example.com', 'This service talks'],
  ['https://ch.example.com', 'tcp://ch.example.com:9000', 'Collectors talk'],
  ['https://ch.example.com', 'clickhouse://ch.example.com:9000?secure=false', 'Collectors talk'],
  // A name that only looks local.
  ['http://localhost.example.com', 'https://ch', 'This service talks'],
  ['http://127.example.com', 'https://ch', 'This service talks'],
])('finds what travels in the clear: %s, %s', (host, collectors, says) => {
  const found = messages(host, collectors);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(says);
});
