# docker build -t jmcp .
# docker run --rm -i -v ./devices.json:/app/config/devices.json -v ./keys:/app/config/keys jmcp
# docker run --rm -p 30030:30030 -v ./devices.json:/app/config/devices.json -v ./.tokens:/app/.tokens jmcp \
#     -f /app/config/devices.json -t streamable-http -H 0.0.0.0 --allow-insecure-bind

# Both stages are of one Debian release, so that the binary finds the C library that it was linked with.
FROM rust:1-slim-trixie AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin jmcp

FROM debian:trixie-slim
# The user is a number to orchestrators that demand a user other than root.
RUN useradd --uid 65532 --user-group --create-home --shell /usr/sbin/nologin jmcp \
    && install -d -o jmcp -g jmcp /app /app/config
COPY --from=build /src/target/release/jmcp /usr/local/bin/jmcp
COPY --chmod=755 docker/entrypoint /usr/local/bin/entrypoint
USER 65532:65532
WORKDIR /app
# Commands that name no inventory, such as `check`, find the mounted one.
ENV JMCP_DEVICES_PATH=/app/config/devices.json
EXPOSE 30030
# Asks the server that was started, over HTTP where it serves HTTP.
HEALTHCHECK --interval=30s --timeout=6s --start-period=5s CMD ["jmcp", "health", "--pid", "1"]
ENTRYPOINT ["entrypoint"]
CMD ["-f", "/app/config/devices.json", "-t", "stdio"]
