//! A producer that starts by itself, or says in one sentence why not.

use passback_harness::TestRedis;
use passback_producer::{ConnectError, Producer, ProducerOptions};
use passback_queue::{Egress, Lane, Name, Spent};
use passback_registry::Vault;

fn options(redis_url: String, folder: &tempfile::TempDir) -> ProducerOptions {
    ProducerOptions {
        redis_url,
        master_key_file: folder.path().join("master.key"),
        allow_http_loopback: false,
    }
}

#[tokio::test]
async fn a_producer_connects_with_a_url_and_a_key_file() {
    let redis = TestRedis::start().await;
    let folder = tempfile::tempdir().unwrap();
    let options = options(redis.url(), &folder);
    Vault::load_or_generate(&options.master_key_file).unwrap();
    let producer = Producer::connect(options).await.unwrap();
    assert_eq!(producer.result("r-1").await.unwrap(), None);
}

#[tokio::test]
async fn calls_of_all_connectors_from_one_egress_count_together() {
    let redis = TestRedis::start().await;
    let folder = tempfile::tempdir().unwrap();
    let options = options(redis.url(), &folder);
    Vault::load_or_generate(&options.master_key_file).unwrap();
    let egress = |name| Egress {
        name: Name::new(name).unwrap(),
        calls_per_hour: Some(1),
    };
    let from = async |name| Producer::connect_from(egress(name), options.clone()).await.unwrap();
    let (here, there) = (from("here").await, from("there").await);
    let spent = async |producer: &Producer, connector: &str| {
        let connector = Name::new(connector).unwrap();
        producer.queue().spend(&connector, Lane::Push).await.unwrap()
    };
    assert_eq!(spent(&here, "acme").await, Spent::Granted);
    assert!(matches!(spent(&here, "borealis").await, Spent::Held { .. }));
    assert_eq!(spent(&there, "borealis").await, Spent::Granted);
}

#[tokio::test]
async fn a_missing_key_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Producer::connect(options("redis://127.0.0.1:1/".to_owned(), &folder))
        .await
        .unwrap_err();
    assert!(matches!(error, ConnectError::MasterKey(_)));
    assert!(error.to_string().contains("master.key"), "{error}");
}

#[tokio::test]
async fn an_unreachable_redis_is_named_without_its_password() {
    let redis = TestRedis::start().await;
    let url = redis.url().replace("redis://", "redis://:s3cret@");
    redis.kill();
    let folder = tempfile::tempdir().unwrap();
    let options = options(url, &folder);
    Vault::load_or_generate(&options.master_key_file).unwrap();
    let shown = format!("{options:?}");
    let error = Producer::connect(options).await.unwrap_err();
    assert!(
        matches!(&error, ConnectError::Redis(error) if error.is_transient()),
        "{error}"
    );
    assert!(!format!("{shown} {error} {error:?}").contains("s3cret"));
}
