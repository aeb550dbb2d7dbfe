import { useServer } from '../../../fixtures';
import { buildOpenApi } from '../../../openapi';

const { server } = useServer();

const get = (headers: Record<string, string> = {}) =>
  server.request('GET', '/tenancy/v1/openapi.json', { headers });

it('is the description of this API, for viewers and above', async () => {
  const viewer = await server.request('POST', '/tenancy/v1/operator-tokens', {
    body: { name: 'reader', role: 'viewer' },
  });
  const answer = await get({ authorization: `Bearer ${String(viewer.json['token'])}` });
  expect(answer.status).toBe(200);
  expect(answer.json).toEqual(JSON.parse(JSON.stringify(buildOpenApi())));
});

it('is not sent again to who has it', async () => {
  const etag = (await get()).headers.get('etag') ?? '';
  expect(etag).not.toBe('');
  const again = await fetch(`${server.url}/tenancy/v1/openapi.json`, {
    headers: {
      authorization: `Bearer ${server.config.adminToken ?? ''}`,
      'if-none-match': etag,
      // fetch would ask for a fresh answer otherwise.
      'cache-control': 'max-age=0',
    },
  });
  expect([again.status, await again.text()]).toEqual([304, '']);
});

it('says nothing to who is no operator', async () => {
  const answer = await get({ authorization: '' });
  expect([answer.status, answer.json['code']]).toEqual([401, 'unauthorized']);
});
