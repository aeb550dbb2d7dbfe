import { mutations } from '../mutations';
import { fuzz } from '../run';

const CASES = 50_000;

describe('the OpAMP server', () => {
  it(`withstands ${CASES} messages, most of them broken or hostile`, async () => {
    const result = await fuzz({ cases: CASES, seed: 20_261_123 });
    process.stdout.write(`fuzz: ${JSON.stringify(result)}\n`);
    const { answered, offered, refused } = result.verdicts;
    expect(answered + offered + refused).toBe(CASES);
    // The messages got somewhere: each of these would be near none were they refused at the first field.
    expect(answered).toBeGreaterThan(CASES / 4);
    expect(offered).toBeGreaterThan(CASES / 100);
    expect(refused).toBeGreaterThan(CASES / 20);
    expect(result.http).toBeGreaterThan(0);
    expect(result.websocket).toBeGreaterThan(0);
    expect(Object.keys(result.mutations).sort()).toEqual(
      [...Object.keys(mutations), 'none'].sort(),
    );
  }, 180_000);
});
