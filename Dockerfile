# The image: the program, the shared libraries it loads, CA certificates, and their papers. No shell, no package manager.
#
#     docker build -t event-archiver .        or, without a container engine or a registry: scripts/image
#
# Nothing in it is written to at run time, so the root can be read-only; there is no HOME and no /tmp.
ARG BASE=debian:12-slim

FROM ${BASE} AS build
WORKDIR /src
COPY scripts/setup scripts/setup
RUN scripts/setup image && rm -rf /var/lib/apt/lists/*
COPY . .
ARG REVISION=unknown
RUN cmake --preset release -D EVENT_ARCHIVER_COMMIT="${REVISION}" && cmake --build --preset release && strip build/release/event-archiver
ARG VERSION=0.2.0
RUN scripts/image_root build/release/event-archiver /root-of-image \
 && scripts/sbom /root-of-image --version "${VERSION}" --built-with libboost1.81-dev libcli11-dev

FROM scratch
ARG VERSION=0.2.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="event-archiver" \
      org.opencontainers.image.description="Moves old rows of a PostgreSQL table into daily CSV files in Azure Storage, exactly once" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.documentation="file:///usr/share/doc/event-archiver"
COPY --from=build /root-of-image/ /
# One thread and few allocations: two arenas are enough, and more would only hold memory.
ENV MALLOC_ARENA_MAX=2 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
# By number, so that runAsNonRoot can be checked without reading /etc/passwd.
USER 65532:65532
STOPSIGNAL SIGTERM
# Of serve: live, exports, timestamps (commands, consumer, queries), builds.
EXPOSE 8000 8002 7080 7081 7082 8442
ENTRYPOINT ["/usr/bin/event-archiver"]
CMD ["archive"]
