import { clickhouseHttpCases } from '../../cases';
import { startClickHouse, type ClickHouseServer } from '..';

jest.setTimeout(120_000);

describe.each([
  ['with one user', false],
  ['with users, as their administrator', true],
])('the embedded ClickHouse over HTTP %s', (_, users) => {
  let server: ClickHouseServer;

  beforeAll(async () => {
    server = await startClickHouse({ password: 'a pass:word', users });
  });

  afterAll(() => server.stop());

  it.each(clickhouseHttpCases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    await one.run(server);
  });
});
