import { limitsFor, requestBytes } from '../limits';

const MIB = 1024 * 1024;
const roomy = { crowded: false, overcommitted: false };
const memory = (tenants: number, memoryLimitMiB = 1500) =>
  limitsFor({ tenants, memoryLimitMiB, onDisk: false });

describe('limitsFor', () => {
  it('caps a queue at 64 MiB and a request at 16 MiB', () => {
    const most = { queueBytes: 64 * MIB, requestMiB: 16, batchRecords: 10_000, ...roomy };
    expect(memory(0)).toEqual(most);
    expect(memory(2)).toEqual(most);
  });

  it.each([3, 10, 50, 93])(
    'keeps all queues of %i tenants within half of the memory',
    (tenants) => {
      const { queueBytes, requestMiB, crowded } = memory(tenants);
      expect(queueBytes * tenants * 4).toBeLessThanOrEqual(750 * MIB);
      expect(requestMiB * MIB * 2).toBeLessThanOrEqual(queueBytes);
      expect(crowded).toBe(false);
    },
  );

  it('goes down to 1 MiB for both, and says so', () => {
    expect(memory(150)).toMatchObject({ requestMiB: 1, crowded: true });
    expect(memory(187)).toMatchObject({ crowded: true, overcommitted: false });
    expect(memory(250)).toMatchObject({ queueBytes: MIB, requestMiB: 1, crowded: true });
    // Half of the memory has no room for a thousand queues of a MiB.
    expect(memory(250).overcommitted).toBe(true);
    expect(memory(250, 2_000).overcommitted).toBe(false);
    expect(memory(250).queueBytes * 250 * 4).toBeLessThanOrEqual(1500 * MIB);
    expect(memory(1, 4)).toMatchObject({ requestMiB: 1, crowded: true });
  });

  it('never lets a request in that no queue could hold', () => {
    for (let tenants = 0; tenants <= 300; tenants += 1) {
      const limits = memory(tenants);
      expect(requestBytes(limits)).toBeLessThanOrEqual(limits.queueBytes);
      expect(Number.isInteger(limits.requestMiB)).toBe(true);
      expect(Number.isInteger(limits.queueBytes)).toBe(true);
    }
  });

  it('writes a batch before it is what fills the queue', () => {
    expect(memory(250).batchRecords).toBe(512);
    expect(memory(100).batchRecords).toBe(960);
    for (let tenants = 0; tenants <= 300; tenants += 1) {
      const { batchRecords, queueBytes } = memory(tenants);
      expect(Number.isInteger(batchRecords)).toBe(true);
      expect(batchRecords * 512 * 4).toBeLessThanOrEqual(queueBytes);
    }
  });

  it('gives a queue the size that an operator wants, and says where memory is too small for it', () => {
    const wanted = (queueMiB: number, onDisk = false) =>
      limitsFor({ tenants: 10, memoryLimitMiB: 1500, onDisk, queueMiB });
    expect(wanted(18)).toEqual({
      queueBytes: 18 * MIB,
      requestMiB: 9,
      batchRecords: 9_216,
      ...roomy,
    });
    expect(wanted(19)).toMatchObject({ queueBytes: 19 * MIB, overcommitted: true });
    expect(wanted(1)).toMatchObject({ requestMiB: 1, crowded: true });
    expect(wanted(1024, true)).toEqual({
      queueBytes: 1024 * MIB,
      requestMiB: 16,
      batchRecords: 10_000,
      ...roomy,
    });
  });

  it('has room on disk for any number', () => {
    expect(limitsFor({ tenants: 250, memoryLimitMiB: 100, onDisk: true })).toEqual(memory(1));
  });
});
