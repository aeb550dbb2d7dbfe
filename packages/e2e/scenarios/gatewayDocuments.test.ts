import { ObjectId } from 'mongodb';
import type { Document } from 'mongodb';

import { Browser } from './browser';
import { makeHousehold, PASSWORD } from './people';
import type { Household } from './people';
import { startInstall } from '../harness/hyperdx';
import type { Install } from '../harness/hyperdx';

let install: Install;
let ann: Household;
let browser: Browser;

/** What a later release of HyperDX may write into any document: fields that nobody here knows, of every kind. */
const unknownFields = {
  laterText: 'kept',
  laterDate: new Date(1_790_000_000_123),
  laterId: new ObjectId(),
  laterNothing: null,
  laterNested: { list: [{ deep: true }, 'ü', 1.5], 'key with space': 0 },
};

beforeAll(async () => {
  install = await startInstall();
  ann = await makeHousehold(install, 'Ann');
  browser = new Browser(install.frontendUrl, install.api.url);
  await browser.logIn(ann.email, PASSWORD);
  await each(async (collection, filter) => {
    await install.db.collection(collection).updateMany(filter, { $set: unknownFields });
  });
}, 180_000);

afterAll(() => install.stop(), 60_000);

/** The documents that our routes change. */
async function each(work: (collection: string, filter: Document) => Promise<void>): Promise<void> {
  const { team } = ann;
  await work('teams', { _id: team });
  await work('users', { team });
  await work('connections', { team });
  await work('sources', { team });
}

/** All of them as they are stored, without what every write changes. */
async function stored(): Promise<Record<string, Document[]>> {
  const found: Record<string, Document[]> = {};
  await each(async (collection, filter) => {
    const documents = await install.db
      .collection(collection)
      .find(filter)
      .sort({ _id: 1 })
      .toArray();
    found[collection] = documents.map(({ updatedAt: _, ...rest }) => rest);
  });
  return found;
}

/** What one call changes of all documents. */
async function changed(call: () => Promise<Response>): Promise<unknown[]> {
  const before = await stored();
  const response = await call();
  expect([200, 204]).toContain(response.status);
  const after = await stored();
  return Object.entries(after).flatMap(([collection, documents]) =>
    documents.flatMap((document, at) => {
      const old = before[collection]?.[at] ?? {};
      const names = new Set([...Object.keys(old), ...Object.keys(document)]);
      return [...names]
        .sort()
        .filter((name) => JSON.stringify(old[name]) !== JSON.stringify(document[name]))
        .map((name) => [collection, name, document[name] as unknown]);
    }),
  );
}

it('the name of a team is all that changes with it', async () => {
  const call = () => browser.request('PATCH', '/team/name', { json: { name: 'Renamed' } });
  expect(await changed(call)).toEqual([['teams', 'name', 'Renamed']]);
});

it('settings of a team are all that change with them', async () => {
  const json = { searchRowLimit: 300, fieldMetadataDisabled: true };
  const call = () => browser.request('PATCH', '/team/clickhouse-settings', { json });
  expect(await changed(call)).toEqual([
    ['teams', 'fieldMetadataDisabled', true],
    ['teams', 'searchRowLimit', 300],
  ]);
});

it('an access key is all that changes with it, and HyperDX takes the new one', async () => {
  const call = () => browser.request('PATCH', '/me/accessKey');
  const [[collection, name, key] = [], ...more] = (await changed(call)) as string[][];
  expect([collection, name, more]).toEqual(['users', 'accessKey', []]);
  const headers = { authorization: `Bearer ${key ?? ''}` };
  expect((await fetch(`${install.hyperdx.url}/api/v2/dashboards`, { headers })).status).toBe(200);
});

it('a source that the UI reads, changes and sends back keeps everything else', async () => {
  const sources = (await (await browser.get('/sources')).json()) as Record<string, unknown>[];
  expect(sources.map(({ kind }) => kind).sort()).toEqual(['log', 'metric', 'session', 'trace']);
  for (const source of sources) {
    const id = String(source['_id'] ?? source['id']);
    const name = `${String(source['name'])} of Ann`;
    const call = () => browser.request('PUT', `/sources/${id}`, { json: { ...source, name } });
    expect(await changed(call)).toEqual([['sources', 'name', name]]);
  }
});

it('nothing changes with what is only read', async () => {
  for (const path of ['/me', '/team', '/sources', '/connections', '/team/members', '/team/tags']) {
    expect(await changed(() => browser.get(path))).toEqual([]);
  }
});

it('what is unknown is still there, each value of its own type where no JSON of it came back', async () => {
  const { sources = [], ...others } = await stored();
  for (const documents of Object.values(others)) {
    expect(documents.length).toBeGreaterThan(0);
    for (const document of documents) expect(document).toMatchObject(unknownFields);
  }
  // The UI read these as JSON and sent all of it back.
  const asJson = JSON.parse(JSON.stringify(unknownFields)) as object;
  expect(sources).toHaveLength(4);
  for (const source of sources) expect(JSON.parse(JSON.stringify(source))).toMatchObject(asJson);
});
