# A hub in a container: the Debian package of the release, which brings its own Node, in a plain Debian with glibc.
#   npm run release && docker build --tag horai .
# compose.yaml runs it. It needs a volume at /data, and starts on a root that is read-only, with /tmp in memory.
FROM debian:bookworm-slim

RUN groupadd --system --gid 5600 horai && \
    useradd --system --uid 5600 --gid horai --home-dir /data --no-create-home --shell /usr/sbin/nologin horai
RUN --mount=type=bind,source=dist/release,target=/release \
    dpkg --install /release/horai_*_$(dpkg --print-architecture).deb && \
    rmdir /var/lib/horai
# A new volume takes over the owner of this folder.
RUN install --directory --owner=horai --group=horai --mode=0700 /data
COPY packaging/docker/entrypoint packaging/docker/health.cjs /usr/lib/horai/docker/

ENV HORAI_HOST=0.0.0.0 HORAI_DATA=/data XDG_CACHE_HOME=/tmp NODE_ENV=production
EXPOSE 5600 5000
USER 5600:5600
HEALTHCHECK --start-period=5m --start-interval=2s --interval=30s --timeout=5s \
    CMD ["/usr/lib/horai/node", "/usr/lib/horai/docker/health.cjs"]
# The hub is process 1 and handles SIGTERM itself: no init is needed.
ENTRYPOINT ["/usr/lib/horai/docker/entrypoint"]
