//! The life of a test's own Redis server.

use passback_harness::TestRedis;
use redis::Value;

fn text(value: &str) -> Value {
    Value::BulkString(value.as_bytes().to_vec())
}

#[tokio::test]
async fn two_servers_share_nothing() {
    let first = TestRedis::start().await;
    let second = TestRedis::start().await;
    assert_ne!(first.url(), second.url());
    first.cli(&["SET", "k", "v"]).await;
    assert_eq!(first.cli(&["GET", "k"]).await, text("v"));
    assert_eq!(second.cli(&["GET", "k"]).await, Value::Nil);
}

#[tokio::test]
async fn data_and_address_outlive_a_kill_and_a_restart() {
    let redis = TestRedis::start().await;
    let url = redis.url();
    redis.cli(&["SET", "k", "v"]).await;
    redis.kill();
    assert!(
        redis::Client::open(url.as_str())
            .unwrap()
            .get_multiplexed_async_connection()
            .await
            .is_err(),
        "a killed server must not answer"
    );
    redis.start_again().await;
    assert_eq!(redis.cli(&["GET", "k"]).await, text("v"));
    redis.restart().await;
    assert_eq!(redis.cli(&["GET", "k"]).await, text("v"));
    assert_eq!(redis.url(), url);
}

#[tokio::test]
async fn a_paused_server_keeps_silent_until_it_is_resumed() {
    let redis = TestRedis::start().await;
    let mut connection = redis.connection().await;
    redis.pause();
    connection.set_response_timeout(std::time::Duration::from_millis(100));
    let silent: redis::RedisResult<String> = redis::cmd("PING").query_async(&mut connection).await;
    assert!(silent.is_err_and(|error| error.is_timeout()));
    redis.resume();
    assert_eq!(redis.cli(&["PING"]).await, Value::SimpleString("PONG".to_owned()));
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let redis = TestRedis::start().await;
    let url = redis.url();
    drop(redis);
    let answer = redis::Client::open(url)
        .unwrap()
        .get_multiplexed_async_connection()
        .await;
    assert!(answer.is_err());
}
