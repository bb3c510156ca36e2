# The image of alb502: docs/image.md says how to build and run it. What is installed is pinned by hash in the two lock
# files; PYTHON_IMAGE may name the base by its digest.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_CACHE_DIR=/var/cache/pip
WORKDIR /build
COPY requirements-build.lock requirements-image.lock ./
# Wheels only: nothing is compiled, so no compiler is needed. pip's cache is a mount and stays out of the image.
# hadolint ignore=DL3042
RUN --mount=type=cache,target=/var/cache/pip \
    python -m venv --without-pip /opt/alb502 && \
    python -m pip install --require-hashes --only-binary :all: -r requirements-build.lock && \
    python -m pip --python /opt/alb502/bin/python install --no-compile --require-hashes --only-binary :all: \
        -r requirements-image.lock
COPY pyproject.toml README.md LICENSE ./
COPY alb502 alb502
COPY bot bot
COPY handlers handlers
COPY remediations remediations
COPY diagnostics diagnostics
# Bytecode is made here, since the root of a running container is read-only. It is never compared with its source, so it
# does not matter which times the files have.
RUN python -m pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation --wheel-dir dist . && \
    python -m pip --python /opt/alb502/bin/python install --no-cache-dir --no-compile --no-index --no-deps dist/*.whl && \
    python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/alb502/lib

FROM ${PYTHON_IMAGE}
ARG PYTHON_IMAGE
LABEL org.opencontainers.image.title="alb502" \
      org.opencontainers.image.description="Says why an AWS load balancer answers 502, 503 or 504, in Slack or a terminal." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${PYTHON_IMAGE}"
# What installs packages goes, and so does what gives a program more rights than its caller has. The base comes without
# bytecode of the standard library, which would be compiled anew at each start.
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore pip && \
    stdlib="$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" && \
    rm -rf "${stdlib}/ensurepip" && \
    python -m compileall -q -j 0 --invalidation-mode unchecked-hash \
        -x '/(idlelib|lib2to3|pydoc_data|test|tkinter|turtledemo)/' "${stdlib}" && \
    find / -xdev -type f -perm /6000 -exec chmod a-s {} + && \
    echo 'alb502:x:10001:10001::/home/alb502:/usr/sbin/nologin' >>/etc/passwd && \
    echo 'alb502:x:10001:' >>/etc/group && \
    mkdir -p /home/alb502 && \
    install -d -m 0700 -o 10001 -g 10001 /var/lib/alb502
COPY --from=build /opt/alb502 /opt/alb502
ENV PATH=/opt/alb502/bin:${PATH} \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/home/alb502 \
    ALB502_STATE_DIR=/var/lib/alb502
USER 10001:10001
VOLUME /var/lib/alb502
EXPOSE 8080 9090
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-m", "alb502.healthcheck"]
ENTRYPOINT ["alb502"]
CMD ["serve"]
