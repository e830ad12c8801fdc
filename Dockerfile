# syntax=docker/dockerfile:1
# The image of workers, listeners and dashboard, for amd64 and arm64:
#
#   docker buildx build --platform linux/amd64,linux/arm64 --tag REPOSITORY:TAG --push .
#
# and, with --target entrypoint, the one of 100 kB that Pods of runs get (docs/pods.md).
#
# Nothing runs emulated but one apt-get: what is compiled is compiled on the machine that builds, for both.
# `node scripts/image.js FOLDER` carries out the same steps without docker, and test/image.test.ts does so each time.
ARG NODE_IMAGE=docker.io/library/node:22-bookworm-slim

FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
# A compiler for this machine, one for the other architecture, and musl for both: the entrypoint runs in any image.
RUN own=$(dpkg --print-architecture) \
  && if [ "$own" = amd64 ]; then other=arm64 compiler=gcc-aarch64-linux-gnu; else other=amd64 compiler=gcc-x86-64-linux-gnu; fi \
  && dpkg --add-architecture $other && apt-get update \
  && apt-get install -y --no-install-recommends make gcc libc6-dev musl-dev $compiler musl-dev:$other
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install --no-save --ignore-scripts --no-audit --no-fund
COPY entrypoint entrypoint
RUN make -s -C entrypoint ARCH=amd64 && make -s -C entrypoint ARCH=arm64
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY listeners listeners
COPY workers workers
COPY dashboard dashboard
RUN node node_modules/typescript/bin/tsc -p tsconfig.build.json
COPY ui ui
RUN node node_modules/vite/bin/vite.js build --config ui/vite.config.ts --logLevel warn

FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS dependencies
ARG TARGETARCH
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install --no-save --ignore-scripts --no-audit --no-fund --omit=dev --os=linux --cpu=$(echo $TARGETARCH | sed s/amd64/x64/)
# Of the client for Kubernetes only what reads kubeconfig files is used (docs/decisions/0033): these are 40 MB.
RUN rm -r node_modules/@kubernetes/client-node/dist/gen

# A stopped sidecar keeps its command: there must be nothing in here that it could be.
FROM scratch AS entrypoint
ARG TARGETARCH
COPY --from=build /app/entrypoint/build/entrypoint-${TARGETARCH} /entrypoint
USER 65532:65532
ENTRYPOINT ["/entrypoint", "-nop"]

FROM ${NODE_IMAGE}
# git for resolvers; tini reaps what git leaves behind. No npm and no yarn: nothing is installed in here.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates git tini \
  && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /opt/yarn-*
WORKDIR /app
ARG TARGETARCH
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
# Both go into Pods, by the architecture of their node.
COPY --from=build /app/entrypoint/build/entrypoint-amd64 /app/entrypoint/build/entrypoint-arm64 entrypoint/
ENV NODE_ENV=production TEKTITE_ENTRYPOINT_DIR=/app/entrypoint
# Nobody: numeric, so that Kubernetes can see that it is not root. Nothing is written but /tmp.
USER 65532:65532
EXPOSE 8080 8443 9090
ENTRYPOINT ["tini", "--", "node"]
CMD ["dist/workers/main.js", "--help"]
