//! Workers of several processes share one token.

use passback_docebo::Calls;
use passback_producer::{Producer, ResultState};
use passback_queue::RedisOptions;
use passback_registry::{Connector, Registry, RegistryOptions};
use passback_simulator::{Fault, FaultKind, FaultOn};

use super::stage::{Stage, pass, queue};

/// Another process of the same installation.
fn another_process(stage: &Stage) -> Producer {
    let manager = RedisOptions::new(stage.redis.url()).manager().unwrap();
    let vault = stage.producer.registry().vault().clone();
    let options = RegistryOptions {
        allow_http_loopback: true,
        ..RegistryOptions::default()
    };
    Producer::new(queue(&stage.redis), Registry::new(manager, vault, options))
}

async fn acme(producer: &Producer) -> Connector {
    let connector = producer.registry().connector(&"acme".parse().unwrap()).await;
    connector.unwrap().unwrap()
}

/// Makes a read as a process of its own would.
async fn reads(producer: &Producer) {
    let client = producer.docebo_client(&acme(producer).await).unwrap();
    client.probe(&mut Calls::default()).await.unwrap();
}

#[tokio::test]
async fn one_token_serves_all_processes_until_the_credentials_change() {
    let stage = Stage::set().await;
    reads(&stage.producer).await;
    reads(&another_process(&stage)).await;
    assert_eq!(stage.docebo.counts().tokens_issued, 1);
    // Granted to another secret, it is nobody's token; the simulator takes the new secret for wrong, as it should.
    let mut changed = acme(&stage.producer).await;
    changed.client_secret = "another".into();
    let client = stage.producer.docebo_client(&changed).unwrap();
    client.probe(&mut Calls::default()).await.unwrap_err();
    reads(&another_process(&stage)).await;
    assert_eq!(stage.docebo.counts().tokens_issued, 1);
}

#[tokio::test]
async fn the_token_of_a_validation_serves_the_workers() {
    let stage = Stage::set().await;
    let validated = stage.producer.validate(&"acme".parse().unwrap(), "test").await;
    assert!(validated.unwrap().unwrap().ok);
    let worker = stage.start_worker();
    stage.producer.push(&pass("r-1")).await.unwrap();
    stage.result_in("r-1", ResultState::Delivered).await;
    worker.stop().await;
    assert_eq!(stage.docebo.counts().tokens_issued, 1);
}

#[tokio::test]
async fn without_the_shelf_every_process_asks_for_itself() {
    let stage = Stage::set().await;
    let connector = acme(&stage.producer).await;
    let there = another_process(&stage).docebo_client(&connector).unwrap();
    let here = stage.producer.docebo_client(&connector).unwrap();
    stage.redis.stop().await;
    // A first read that fails for another reason shows that the store is not in the way of what Docebo says.
    let fault = Fault::new(FaultOn::UserSearch, FaultKind::Forbidden).times(1);
    stage.docebo.add_fault(fault);
    here.probe(&mut Calls::default()).await.unwrap_err();
    for client in [here, there] {
        client.probe(&mut Calls::default()).await.unwrap();
    }
    assert_eq!(stage.docebo.counts().tokens_issued, 2);
}
