# A small image that runs as an ordinary user and keeps its data in /data.
# `understudy serve --test` as its command makes it a test double, which needs no volume.
# `--build-arg EXTRAS=[gpu,vision]` adds torch and diffusers, and with them gigabytes.
FROM python:3.13-slim AS build
ARG EXTRAS=[vision]
WORKDIR /src
COPY . .
RUN python -m venv /opt/understudy && /opt/understudy/bin/pip install --no-cache-dir ".$EXTRAS"

FROM python:3.13-slim
RUN useradd --create-home --uid 10001 understudy && install -d -o understudy -g understudy /data
COPY --from=build /opt/understudy /opt/understudy
ENV PATH=/opt/understudy/bin:$PATH HOST=0.0.0.0 PORT=8080 UNDERSTUDY_HOME=/data PYTHONUNBUFFERED=1
# By number, so that whoever runs it can tell that it is not root.
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/readyz', timeout=2)"]
CMD ["understudy", "serve"]
