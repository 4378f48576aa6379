use std::time::Duration;

use passback_simulator::{Fault, FaultKind, FaultOn, Simulator, Tenant, World};

use crate::platform::{Platform, answered, client, passed};

async fn start_error(world: World) -> String {
    Simulator::start(world).await.err().unwrap().to_string()
}

#[tokio::test]
async fn each_tenant_has_its_own_port_and_state() {
    let other = Tenant {
        client_secret: "else".to_owned(),
        ..Tenant::new("globex")
    };
    let mut world = World::sample();
    world.tenants.push(other);
    let simulator = Simulator::start(world).await.unwrap();
    assert_eq!(simulator.tenant_names(), ["acme", "globex"]);
    assert_ne!(simulator.url("acme"), simulator.url("globex"));
    assert!(simulator.url("initech").is_none() && simulator.tenant("initech").is_none());
    let url = format!("{}/oauth2/token", simulator.url("globex").unwrap());
    let (status, _) = answered(client().post(url).form(&crate::platform::TOKEN_FORM)).await;
    assert_eq!(status, 401);
    assert_eq!(simulator.tenant("globex").unwrap().counts().requests, 1);
    assert_eq!(simulator.tenant("acme").unwrap().counts().requests, 0);
}

#[tokio::test]
async fn a_port_in_use_is_one_clear_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let world = World {
        tenants: vec![Tenant {
            listen,
            ..Tenant::new("acme")
        }],
    };
    let wanted = format!("the tenant \"acme\" cannot listen on {listen}: the port is in use");
    assert_eq!(start_error(world).await, wanted);
}

#[tokio::test]
async fn a_world_that_does_not_go_together_does_not_start() {
    let world = World {
        tenants: vec![Tenant::new("acme"), Tenant::new("acme")],
    };
    assert_eq!(start_error(world).await, "world: two tenants have the name \"acme\"");
}

#[tokio::test]
async fn after_a_shutdown_nothing_listens_and_nothing_runs() {
    let platform = Platform::sample().await;
    let slow = Fault::new(FaultOn::EnrollmentWrite, FaultKind::Slow).delay_ms(60_000);
    platform.tenant.add_fault(slow);
    let hanging = tokio::spawn(platform.put(146, 13_827, &passed()).send());
    let arrived = async {
        while platform.tenant.counts().requests < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), arrived).await.unwrap();
    let Platform {
        simulator, url, tenant, ..
    } = platform;
    tokio::time::timeout(Duration::from_secs(10), simulator.shutdown())
        .await
        .unwrap();
    assert!(hanging.await.unwrap().is_err());
    assert!(client().get(url).send().await.unwrap_err().is_connect());
    assert!(tenant.effects().is_empty());
}

#[tokio::test]
async fn dropping_the_simulator_stops_it() {
    let platform = Platform::sample().await;
    let Platform {
        simulator, url, client, ..
    } = platform;
    drop(simulator);
    let refused = async {
        while client.get(&url).send().await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), refused).await.unwrap();
}
