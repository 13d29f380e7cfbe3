FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
      g++ cmake ninja-build libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libpq-dev libssl-dev libfmt-dev libcli11-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cmake -S . -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DEVENT_ARCHIVER_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr \
 && cmake --build /build && DESTDIR=/out cmake --install /build --strip

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
      ca-certificates libboost-json1.81.0 libboost-url1.81.0 libfmt9 libpq5 libssl3 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/usr/bin/event-archiver /usr/bin/event-archiver
ENV MALLOC_ARENA_MAX=2
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/event-archiver"]
CMD ["archive"]
