//! What the tests of several crates share: a Redis server of one's own.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that has no Redis must stop with one clear sentence, not pass on an error"
)]

mod container;
mod local;
mod port;
mod redis_server;

pub use redis_server::TestRedis;
