# A ClickHouse for machines that cannot pull the official image: ClickHouse's engine behind the devkit's HTTP front. It has
# one user and no user management. Build from the repository's root, after `yarn build`:
#   docker build -f docker/test/standin-clickhouse.Dockerfile -t standin-clickhouse .
# BASE is any image with glibc and Node.js 20.19 or newer.
ARG BASE=node:20-bookworm-slim
FROM ${BASE}
WORKDIR /opt/standin
COPY node_modules/@chdb/lib-linux-x64-gnu node_modules/@chdb/lib-linux-x64-gnu
COPY node_modules/chdb node_modules/chdb
COPY packages/devkit/package.json packages/devkit/package.json
COPY packages/devkit/dist/process packages/devkit/dist/process
COPY packages/devkit/dist/clickhouse packages/devkit/dist/clickhouse
COPY docker/test/standin-clickhouse.cjs docker/test/standin-clickhouse.cjs
EXPOSE 8123
CMD ["node", "docker/test/standin-clickhouse.cjs"]
