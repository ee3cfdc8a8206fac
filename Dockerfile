# One image for every agent; the command says which one runs. Node runs the TypeScript sources, so
# there is no build step: the workspace is copied and its production dependencies installed in it.
ARG NODE_IMAGE=node:24-bookworm-slim

# The manifests alone, so that the layer of dependencies is made anew only when one of them changes.
FROM ${NODE_IMAGE} AS manifests
COPY packages /manifests/packages
COPY services /manifests/services
RUN find /manifests -type f ! -name package.json -delete

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /flotilla
COPY package.json pnpm-workspace.yaml pnpm-lock.yaml ./
COPY --from=manifests /manifests ./
RUN npm exec --yes --package=pnpm@12.21.0 -- \
      pnpm install --prod --no-optional --frozen-lockfile \
 && npm cache clean --force
COPY packages packages
COPY services services
COPY infra/docker infra/docker

# The agents own nothing but their folder. The number is free on usual hosts.
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin flotilla \
 && install -d -o flotilla -g flotilla /var/lib/flotilla
USER flotilla
VOLUME /var/lib/flotilla
EXPOSE 9100
CMD ["node", "packages/cli/src/main.ts", "--help"]
