# The warehouse's commands in a container: `docker run northstar tick`.  Settings come by environment (docs/settings.md).
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/northstar
COPY requirements.lock ./
# What was resolved is what is installed.
RUN /opt/northstar/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps -r requirements.lock
COPY pyproject.toml README.md ./
COPY northstar northstar
RUN /opt/northstar/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin northstar
COPY --from=build /opt/northstar /opt/northstar
WORKDIR /app
COPY config.yaml ./
COPY external_models external_models
COPY models models
COPY macros macros
COPY audits audits
COPY signals signals
COPY linter linter
COPY seeds seeds
COPY contracts contracts
# Everything that is written goes to /tmp, which a volume may take; the rest of the file system may be read-only.
ENV PATH=/opt/northstar/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NORTHSTAR_PROJECT=/app \
    NORTHSTAR_CACHE=/tmp/northstar/cache \
    NORTHSTAR_DUCKDB=/tmp/northstar/northstar.duckdb \
    NORTHSTAR_STATE=/tmp/northstar/state.duckdb \
    NORTHSTAR_LOCK=/tmp/northstar/writer.lock \
    NORTHSTAR_LOG_FORMAT=json
USER northstar
STOPSIGNAL SIGTERM
ENTRYPOINT ["northstar"]
CMD ["tick"]
