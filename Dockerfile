# One image for every program of Usher; docker-compose.yml says which one a container runs.

FROM node:24-slim AS dependencies
WORKDIR /usher
COPY package.json package-lock.json .npmrc ./
COPY client/package.json client/
# Not `npm ci`: it refuses a lockfile that was written where the registry lacked packages of other platforms. This takes
# the same versions from the lockfile and checks the same hashes.
RUN npm install --no-save --omit=dev

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /usher
COPY --from=dependencies /usher/node_modules node_modules
COPY . .
# So that a worker need not do so at each start.
RUN npm run bundle
# Where there is much memory, Node would let several times of what is used pile up before it collects any; and glibc would
# keep what was freed in a pool for each of a worker's many threads.
ENV NODE_OPTIONS="--max-old-space-size=512 --max-semi-space-size=8"
ENV MALLOC_ARENA_MAX=2
# The mail sandbox keeps its messages here.
RUN mkdir /data && chown node:node /data
USER node
EXPOSE 8080
CMD ["node", "api/main.ts"]
