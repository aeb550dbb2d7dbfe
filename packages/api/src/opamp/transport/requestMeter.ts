import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Metrics } from '../../metrics';
import type { RequestEnd } from '../../middleware/requestLog';
import { matchRoute } from '../../utils/routePatterns';

/** Where nearly all of them go. */
const POLL_ROUTE = '/v1/opamp';

/** nginx's status for a client that left before it was answered; no answer of ours has it. */
const CLIENT_LEFT = 499;

/** Routes and statuses come from tables, but methods are what clients make up: more than these are not kept. */
const MAX_SERIES = 200;

interface Series {
  count: () => void;
  observe: (seconds: number) => void;
}

/**
 * Measures the requests of this server as `observeRequest` measures those of the API, at a tenth of its cost: polls are many,
 * and nearly all alike.
 */
export class RequestMeter {
  private readonly series = new Map<string, Series>();
  private readonly polls: Series;
  private inFlight = 0;

  /** @param onEnd told of each request that has ended. */
  constructor(
    private readonly metrics: Metrics,
    private readonly onEnd: ((end: RequestEnd) => void) | undefined,
  ) {
    this.polls = this.make('POST', POLL_ROUTE, 200);
    metrics.beforeScrape(() => {
      metrics.set('http_requests_in_flight', { server: 'opamp' }, this.inFlight);
    });
  }

  begin(req: IncomingMessage, res: ServerResponse): void {
    const start = performance.now();
    this.inFlight += 1;
    // Comes once, however it ended: answered, or cut.
    res.once('close', () => {
      this.inFlight -= 1;
      this.end(req, res.writableFinished ? res.statusCode : CLIENT_LEFT, performance.now() - start);
    });
  }

  private end({ method = '', url = '' }: IncomingMessage, status: number, ms: number): void {
    const isPoll = url === POLL_ROUTE;
    const route = isPoll ? POLL_ROUTE : matchRoute(url.split('?', 1)[0] ?? '').pattern;
    const isUsual = isPoll && status === 200 && method === 'POST';
    const series = isUsual ? this.polls : this.seriesOf(method, route, status);
    series.count();
    series.observe(ms / 1_000);
    this.onEnd?.({ method, route, status, ms: Math.round(ms * 10) / 10 });
  }

  private seriesOf(method: string, route: string, status: number): Series {
    const key = `${method} ${route} ${status}`;
    const known = this.series.get(key);
    if (known) return known;
    if (this.series.size >= MAX_SERIES) return this.once(method, route, status);
    const made = this.make(method, route, status);
    this.series.set(key, made);
    return made;
  }

  private make(method: string, route: string, status: number): Series {
    const labels = { server: 'opamp', method, route } as const;
    return {
      count: this.metrics.counter('http_requests_total', { ...labels, status: String(status) }),
      observe: this.metrics.histogram('http_request_duration_seconds', labels),
    };
  }

  /** Of what is not to be kept. */
  private once(method: string, route: string, status: number): Series {
    const { metrics } = this;
    const labels = { server: 'opamp', method, route } as const;
    return {
      count: () => metrics.count('http_requests_total', { ...labels, status: String(status) }),
      observe: metrics.histogram('http_request_duration_seconds', labels),
    };
  }
}
