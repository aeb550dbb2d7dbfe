# A collector for machines that cannot pull the official image: the one that `packages/devkit/dist/build/main.js` builds (a
# static program). Build in the folder of that program, naming it:
#   docker build -f docker/test/standin-collector.Dockerfile --build-arg PROGRAM=otelcol-... -t standin-collector ~/.cache/hyperdx-tenancy/bin
FROM scratch
ARG PROGRAM
COPY ${PROGRAM} /otelcol
# What tests publish and no more: podman lists every exposed port as one to be published, and testcontainers waits for them all.
EXPOSE 4318
ENTRYPOINT ["/otelcol"]
