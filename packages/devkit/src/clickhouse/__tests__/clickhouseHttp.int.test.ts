import { clickhouseHttpCases } from '../../cases';
import { startClickHouse, type ClickHouseServer } from '..';

jest.setTimeout(120_000);

describe('the embedded ClickHouse over HTTP', () => {
  let server: ClickHouseServer;

  beforeAll(async () => {
    server = await startClickHouse({ password: 'a pass:word' });
  });

  afterAll(() => server.stop());

  it.each(clickhouseHttpCases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    await one.run(server);
  });
});
