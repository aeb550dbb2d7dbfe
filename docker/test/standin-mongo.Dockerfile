# A MongoDB for machines that cannot pull the official image: FerretDB, as `packages/devkit/dist/build/main.js` builds it
# (a static program). Build in the folder of that program, naming it:
#   docker build -f docker/test/standin-mongo.Dockerfile --build-arg PROGRAM=ferretdb-... -t standin-mongo ~/.cache/hyperdx-tenancy/bin
FROM scratch
ARG PROGRAM
COPY ${PROGRAM} /ferretdb
WORKDIR /data
EXPOSE 27017
ENTRYPOINT ["/ferretdb", "--listen", "0.0.0.0:27017", "--dir", "/data"]
