import { clickhouseLogin } from './pinnedRelay';
import { requestPinned, responseTo } from './pinnedRequest';
import type { PinnedTarget } from './pinnedRequest';

/** HyperDX 2.36 gives a server this time to prove itself. */
const TEST_MS = 2_000;

/** More than `1` and a line's end is another answer. */
const MAX_ANSWER_BYTES = 64;

/** Whether a server answers `SELECT 1` to this login as ClickHouse does. Nothing else of its answer is told. */
export async function answersSelectOne(
  target: PinnedTarget,
  { username, password }: { username: string; password: string },
): Promise<boolean> {
  const request = requestPinned(target, {
    method: 'GET',
    path: '/?query=SELECT%201',
    headers: { host: target.url.host, ...clickhouseLogin(username, password) },
    signal: AbortSignal.timeout(TEST_MS),
  });
  try {
    const answered = responseTo(request);
    request.end();
    const answer = await answered;
    let text = '';
    for await (const chunk of answer) {
      text += String(chunk);
      if (text.length > MAX_ANSWER_BYTES) return false;
    }
    return answer.statusCode === 200 && text.trim() === '1';
  } catch {
    return false;
  } finally {
    request.destroy();
  }
}
