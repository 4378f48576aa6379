# The image of passback, built from source. Where no build image can be had,
# `scripts/images passback` makes the same image from a binary built on the host.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p passback \
 && cp target/release/passback /usr/local/bin/passback

# From here on, keep in step with deploy/Dockerfile.prebuilt.
FROM debian:bookworm-slim
RUN test -e /etc/ssl/certs/ca-certificates.crt \
 || (apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*)
RUN groupadd --gid 10001 passback \
 && useradd --uid 10001 --gid passback --no-create-home --home-dir /nonexistent \
    --shell /usr/sbin/nologin passback
COPY deploy/images/passback-healthy /usr/local/bin/passback-healthy
COPY --from=build /usr/local/bin/passback /usr/local/bin/passback
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["passback"]
CMD ["--help"]
