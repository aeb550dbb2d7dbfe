import { createLogger } from '../../../../utils/logger';
import { AgentBlocks } from '../agentBlocks';
import type { AgentBlock } from '../agentBlocks';

function setUp(write: (block: AgentBlock) => Promise<void>) {
  const log = createLogger('silent');
  const warn = jest.spyOn(log, 'warn');
  const blocks = new AgentBlocks({ write, log, now: () => 0 });
  return { blocks, warn };
}

describe('AgentBlocks', () => {
  it('writes one after the other, the shards in turn, and a bounded number of each', async () => {
    let underWay = 0;
    let most = 0;
    const written: string[] = [];
    const { blocks, warn } = setUp(async ({ shard, instanceUid }) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      written.push(`${shard}/${instanceUid}`);
      underWay -= 1;
    });
    for (let n = 0; n < 5_000; n += 1)
      blocks.add({ shard: 'evil', instanceUid: `${n}`, hash: 'h' });
    blocks.add({ shard: 'other', instanceUid: 'its own', hash: 'h' });
    await blocks.settled();
    expect(most).toBe(1);
    expect(written.indexOf('other/its own')).toBeLessThan(3);
    expect(written.length).toBeLessThan(250);
    expect(warn.mock.calls.length).toBeLessThan(50);
  });

  it('goes on where one cannot be written', async () => {
    const written: string[] = [];
    const { blocks } = setUp(({ instanceUid }) => {
      if (instanceUid === 'a') return Promise.reject(new Error('no database'));
      written.push(instanceUid);
      return Promise.resolve();
    });
    for (const instanceUid of ['a', 'b']) blocks.add({ shard: 's', instanceUid, hash: 'h' });
    await blocks.settled();
    expect(written).toEqual(['b']);
  });
});
