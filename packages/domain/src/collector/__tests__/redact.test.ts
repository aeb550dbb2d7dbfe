import {
  buildDedicatedConfig,
  buildSharedConfig,
  checkFragment,
  groupSettings,
  prettyJson,
  redactConfig,
  redactEffective,
  redactingEffective,
  redactText,
} from '../index';
import { placeholderToken, team, teams } from './fixtures';

const known = new Set(['k$y-of/acme', 'aa-key-of-globex', 'c2VjcmV0cw==', 'token-1234']);
const isSecret = (text: string) => known.has(text);

describe('redactConfig', () => {
  const secrets = teams(3).flatMap(({ apiKey, credentials }) => [
    apiKey,
    credentials.kind === 'literal' ? credentials.password : '',
  ]);

  it('leaves neither key nor password in a shared config, and its structure as it is', () => {
    const { config, body } = buildSharedConfig({
      teams: teams(3),
      placeholderToken,
      quarantined: new Set([team(3).tenantId]),
      quarantineEndpoint: 'http://someone:hidden-login@quarantine:4318?token=hidden-parameter',
    });
    const text = prettyJson(redactConfig(config));
    for (const secret of [...secrets.slice(0, 5), team(3).apiKey]) {
      expect([secret, body.includes(secret)]).toEqual([secret, true]);
    }
    for (const secret of [...secrets, 'hidden']) expect(text).not.toContain(secret);
    expect(text).toContain(`otel_logs_${team(1).tenantId}`);
    expect(text).toContain('tcp://clickhouse:9000');
    expect(text).toContain(`hdx_w_${team(1).tenantId}`);
    expect(redactConfig(config).service).toEqual(config.service);
  });

  it('keeps the names of variables in the place of secrets', () => {
    const credentials = { kind: 'env', database: 'default' } as const;
    const { config } = buildDedicatedConfig({ team: team(1, { credentials }), placeholderToken });
    expect(redactConfig(config).exporters?.clickhouse?.password).toBe('${env:CLICKHOUSE_PASSWORD}');
  });

  it("reaches into an operator's fragment and scrape configs", () => {
    const { config } = buildDedicatedConfig({
      team: team(1),
      placeholderToken,
      ...groupSettings(
        {
          receivers: {
            prometheus: {
              scrapeConfigs: [{ job_name: 'a', basic_auth: { password: 'hidden-1' } }],
            },
          },
        },
        { memoryLimitMiB: 1500 },
      ),
      fragment: checkFragment(
        {
          receivers: { 'hostmetrics/own': null },
          exporters: {
            'otlp/token-2': { endpoint: 'x:1', headers: { 'x-api': 'hidden-2', n: 7 } },
            'prometheusremotewrite/own': { endpoint: 'http://a:hidden-3@h/?api_key=hidden-4&x=y' },
          },
          service: {
            pipelines: {
              'metrics/own': {
                receivers: ['hostmetrics/own'],
                exporters: ['otlp/token-2', 'prometheusremotewrite/own'],
              },
            },
          },
        },
        'dedicated',
      ),
    });
    const text = prettyJson(redactConfig(config));
    expect(text).not.toContain('hidden');
    expect(text).toContain('"endpoint": "x:1"');
    expect(text).toContain('x=y');
  });

  it('takes out words that are known, wherever they stand', () => {
    const config = {
      exporters: { 'debug/a': { note: 'of aa-key-of-globex.' } },
      service: { pipelines: {} },
    };
    expect(redactConfig(config, isSecret).exporters?.['debug/a']?.note).toBe('of [redacted]');
  });
});

describe('redactText', () => {
  it.each([
    ['failed for k$y-of/acme', 'failed for [redacted]'],
    ['failed for "k$$y-of/acme"', 'failed for "[redacted]"'],
    ['aa-key-of-globex2 is another', 'aa-key-of-globex2 is another'],
    ['POST http://h:4320/t/token-1234/v1/opamp', 'POST http://h:4320/t/[redacted]/v1/opamp'],
    ['value=c2VjcmV0cw==', 'value=[redacted]'],
    ['Authorization: Bearer abc.def', 'Authorization: Bearer [redacted]'],
    ['dial tcp://user:p/a@ss@host:9000?x=1, then', 'dial tcp://[redacted]@host:9000?x=1, then'],
    ['two http://a:b@c http://d:e@f', 'two http://[redacted]@c http://[redacted]@f'],
    [
      'request["authorization"] == "abc" or request["authorization"] != \'def\'',
      'request["authorization"] == "[redacted]" or request["authorization"] != \'[redacted]\'',
    ],
    ['a plain text: with nothing', 'a plain text: with nothing'],
  ])('makes of %j %j', (text, clean) => {
    expect(redactText(text, isSecret)).toBe(clean);
  });
});

describe('redactEffective', () => {
  it.each([
    ['of words', 'a '.repeat(500_000)],
    ['of settings', `{${'key:a,'.repeat(160_000)}`],
    ['of addresses', 'a://b@c '.repeat(120_000)],
    ['that is not one but many empty ones', '\n'.repeat(100_000)],
  ])('takes steps that each take a moment for a line %s', (_what, text) => {
    const steps = [...redactingEffective(text, () => false)];
    expect(steps.length).toBeGreaterThanOrEqual(14);
  });

  it('gives others their turn, and takes very long pieces out whole', () => {
    const text = 'endpoint: http://a:hidden@b\n'.repeat(20_000);
    const steps = [...redactingEffective(text, isSecret)];
    expect(steps.length).toBeGreaterThan(5);
    expect(redactEffective(text, isSecret)).not.toContain('hidden');
    const long = `a: 1\nb: ${'://'.repeat(100_000)}\nc: 3`;
    expect(redactEffective(long, isSecret)).toBe('a: 1\n[redacted]\nc: 3');
    // What it begins goes on behind it.
    const begun = `password: "${'x'.repeat(100_000)}\n  hidden"\nc: 3`;
    expect(redactEffective(begun, isSecret)).not.toContain('hidden');
  });

  const redacted = (text: string) => redactEffective(text, isSecret);

  it('knows the settings that hold secrets by their names, in YAML', () => {
    const text = `
exporters:
    clickhouse/a:
        endpoint: tcp://clickhouse:9000
        password: hidden, with a comma
        username: writer
    otlp_http/b:
        headers:
            authorization: hidden
            # a comment
            x-other: hidden
        tls:
            key_file: /etc/key.pem
            key_pem: |
                -----BEGIN hidden
                hidden: line
    prometheus/c:
        dsn: 'it''s hidden'
        api_key: "hidden \\" still hidden" # why
        long: stays
extensions:
    bearertokenauth/hyperdx:
        scheme: ""
        tokens:
            - hidden
            - hidden
        header: Authorization
    other/auth:
        tokens:
        - hidden
        - hidden
        rest: stays
        secret: "hidden
          hidden"
        keys_of: [a, b]
        token_list: [hidden, "hid]den",
          hidden]
        after: stays
service:
    pipelines: {logs: {receivers: [nop]}}
`;
    const clean = redacted(text);
    expect(clean).not.toContain('hidden');
    for (const kept of [
      'endpoint: tcp://clickhouse:9000',
      'username: writer',
      'key_file: /etc/key.pem',
      'authorization: [redacted]',
      'x-other: [redacted]',
      'scheme: ""',
      'header: Authorization',
      'long: stays',
      'rest: stays',
      'after: stays',
      'keys_of: [a, b]',
      'pipelines: {logs: {receivers: [nop]}}',
    ]) {
      expect(clean).toContain(kept);
    }
    expect(clean.match(/ {12}- \[redacted\]/g)).toHaveLength(2);
  });

  it('knows them in JSON, on one line and on many', () => {
    const value = {
      exporters: {
        'clickhouse/a': { password: 'hid,d}en"', username: 'writer', endpoint: 'x' },
        b: { headers: { authorization: ['hidden'] }, tokens: ['hidden', 'hidden'], next: 'stays' },
      },
    };
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
      const clean = redacted(text);
      expect(clean).not.toContain('hid');
      expect(clean).toContain('writer');
      expect(clean).toContain('stays');
    }
  });

  it('knows parameters of an address, and conditions on the key', () => {
    expect(redacted('  endpoint: http://h:8123?password=hidden&x=y')).toBe(
      '  endpoint: http://h:8123?password=[redacted]&x=y',
    );
    expect(redacted('  - condition: otelcol.client.metadata["authorization"][0] == "hidden"')).toBe(
      '  - condition: otelcol.client.metadata["authorization"][0] == "[redacted]"',
    );
  });

  it('takes out of a config of ours what the collector would show of it', () => {
    const { body } = buildSharedConfig({ teams: teams(20), placeholderToken });
    const clean = redacted(body);
    for (const { apiKey } of teams(20)) expect(clean).not.toContain(apiKey);
    expect(clean).not.toContain('secret-');
    expect(clean).toContain(team(7).tenantId);
  });

  it('cuts off at a line what is too long, and says so', () => {
    expect(redactEffective('one: 1\ntwo: 2\nthree: 3', isSecret, 16)).toBe(
      'one: 1\ntwo: 2\n\n# 8 more characters were cut off',
    );
  });

  it.each([
    ['a long word', 'a'.repeat(1_000_000)],
    ['slashes', '://'.repeat(300_000)],
    ['brackets', 'password: ' + '['.repeat(1_000_000)],
    ['quotes', `token: ${'"\''.repeat(400_000)}`],
    ['spaces', ' '.repeat(1_000_000) + ':'],
    ['list marks', '- '.repeat(500_000)],
    ['comparisons', 'authorization ' + '== '.repeat(300_000)],
    ['dollars', '$'.repeat(1_000_000)],
    ['lines', 'token:\n'.repeat(150_000)],
    ['secret names', 'token:token=password:"'.repeat(40_000)],
    ['equals signs', '='.repeat(1_000_000)],
  ])('gets to the end of a hostile text: %s', (_, text) => {
    // Work that grew with the square of the text would run into the test's time-out.
    expect(redacted(text)).toEqual(expect.any(String));
  });
});
