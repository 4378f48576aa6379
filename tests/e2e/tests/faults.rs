//! Workers killed, Redis restarted, networks that break: nothing lost, nothing written twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use nix::sys::signal::Signal;
use passback_e2e::{Mode, Options, Stand, town, until, user_id};
use passback_simulator::{Answer, Endpoint, Fault, FaultKind, FaultOn};

#[tokio::test]
async fn a_worker_killed_in_the_middle_of_a_write_costs_seconds_and_the_result_is_delivered_once() {
    let mut stand = Stand::start(town(&["acme"], 2)).await;
    let docebo = stand.docebo("acme");
    docebo.add_fault(
        Fault::new(FaultOn::EnrollmentWrite, FaultKind::Slow)
            .delay_ms(3000)
            .times(1),
    );
    let id = stand.push_passed("acme", 1).await;
    until("the write is on its way", || async {
        let pending = |seen: &passback_simulator::RequestSeen| {
            seen.endpoint == Endpoint::EnrollmentWrite && seen.answer == Answer::Pending
        };
        docebo.requests().iter().any(pending).then_some(())
    })
    .await;
    stand.workers[0].kill().await;
    stand.add_worker();
    let result = stand.api().until_result(&id, &["delivered"]).await;
    assert_eq!(result["attempts"], 1, "the crash burned none: {result}");
    assert_eq!(docebo.effects().len(), 1, "the second worker read before it wrote");
    let job = stand
        .api()
        .get(&format!("/v1/jobs/{}", result["job_id"].as_str().unwrap()))
        .await
        .body;
    assert_eq!(job["crashes"], 1, "{job}");
    stand.finish().await;
}

#[tokio::test]
async fn nothing_is_lost_when_redis_is_killed_under_load() {
    let mut stand = Stand::start(town(&["acme"], 150)).await;
    stand.add_worker();
    stand
        .docebo("acme")
        .add_fault(Fault::new(FaultOn::EnrollmentWrite, FaultKind::Slow).delay_ms(20));
    for number in 0..150 {
        // A caller that gets no 2xx tries again, as the contract of the intake says.
        let result = passback_e2e::passed("acme", number);
        until("the result is accepted", || async {
            let answer = stand.api().try_post("/v1/results", &result).await?;
            assert!([200, 202, 503].contains(&answer.status), "{answer:?}");
            (answer.status != 503).then_some(())
        })
        .await;
        if number % 50 == 25 {
            stand.redis.kill();
            stand.redis.start_again().await;
        }
    }
    for number in 0..150 {
        stand
            .api()
            .until_result(&format!("acme-{number}"), &["delivered"])
            .await;
    }
    assert_eq!(stand.docebo("acme").effects().len(), 150, "each was written once");
    stand.finish().await;
}

#[tokio::test]
async fn a_worker_goes_on_when_replies_of_redis_are_swallowed_and_the_connection_breaks() {
    let options = Options {
        redis_proxy: true,
        ..Options::default()
    };
    let mut stand = Stand::without_workers(town(&["acme"], 60), options).await;
    let worker = stand.add_worker();
    // A worker that finds no Redis at its start ends, for whoever started it to start it again.
    stand.workers[worker].says("registered").await;
    let proxy = stand.redis_proxy.clone().unwrap();
    for number in 0..60 {
        if number % 20 == 10 {
            proxy.set(Mode::SwallowReplies);
            let result = passback_e2e::passed("acme", number);
            let answer = stand.api().try_post("/v1/results", &result).await.unwrap();
            assert_eq!(answer.status, 503, "stored or not, the caller is told to try again");
            proxy.set(Mode::Refuse);
            proxy.set(Mode::Pass);
        }
        let result = passback_e2e::passed("acme", number);
        until("the result is accepted", || async {
            let answer = stand.api().try_post("/v1/results", &result).await?;
            (answer.status != 503).then_some(())
        })
        .await;
    }
    for number in 0..60 {
        stand
            .api()
            .until_result(&format!("acme-{number}"), &["delivered"])
            .await;
    }
    assert_eq!(stand.docebo("acme").effects().len(), 60);
    stand.finish().await;
}

#[tokio::test]
async fn an_unreachable_docebo_delays_results_and_loses_none() {
    let options = Options {
        docebo_proxy: true,
        ..Options::default()
    };
    let mut stand = Stand::without_workers(town(&["acme"], 5), options).await;
    let proxy = stand.docebo_proxy.clone().unwrap();
    proxy.set(Mode::Refuse);
    stand.add_worker();
    for number in 0..5 {
        stand.push_passed("acme", number).await;
    }
    let result = stand.api().until_result("acme-1", &["retrying"]).await;
    assert_eq!(result["code"], "docebo_unreachable", "{result}");
    proxy.set(Mode::Pass);
    for number in 0..5 {
        stand
            .api()
            .until_result(&format!("acme-{number}"), &["delivered"])
            .await;
    }
    assert_eq!(stand.docebo("acme").effects().len(), 5);
    stand.finish().await;
}

#[tokio::test]
async fn a_worker_asked_to_stop_finishes_what_it_can_and_gives_the_rest_back() {
    let options = Options {
        worker: "shutdown_grace = \"1s\"\nconcurrency = { push = 1 }".to_owned(),
        ..Options::default()
    };
    let mut stand = Stand::without_workers(town(&["acme"], 3), options).await;
    stand.add_worker();
    let docebo = stand.docebo("acme");
    docebo.add_fault(
        Fault::new(FaultOn::UserSearch, FaultKind::Slow)
            .delay_ms(20_000)
            .times(1),
    );
    for number in 0..3 {
        stand.push_passed("acme", number).await;
    }
    until("a push is running", || async {
        let counts = stand.queue().counts().await.unwrap();
        (counts.living[&passback_queue::State::Running] > 0).then_some(())
    })
    .await;
    assert_eq!(stand.workers[0].stop().await, Some(0), "{:#?}", stand.workers[0].said());
    let counts = stand.queue().counts().await.unwrap();
    assert_eq!(
        counts.living[&passback_queue::State::Running],
        0,
        "nothing is left to be reclaimed"
    );
    assert!(stand.queue().workers().await.unwrap().is_empty(), "it signed off");
    stand.add_worker();
    for number in 0..3 {
        let result = stand
            .api()
            .until_result(&format!("acme-{number}"), &["delivered"])
            .await;
        assert_eq!(result["attempts"], 1, "giving back burns none: {result}");
    }
    stand.finish().await;
}

#[tokio::test]
async fn a_second_signal_stops_a_worker_at_once() {
    let options = Options {
        worker: "shutdown_grace = \"60s\"".to_owned(),
        ..Options::default()
    };
    let mut stand = Stand::without_workers(town(&["acme"], 2), options).await;
    stand.add_worker();
    let docebo = stand.docebo("acme");
    docebo.add_fault(
        Fault::new(FaultOn::UserSearch, FaultKind::Slow)
            .delay_ms(60_000)
            .times(1),
    );
    let id = stand.push_passed("acme", 1).await;
    until("the search is on its way", || async {
        let pending = |seen: &passback_simulator::RequestSeen| {
            seen.endpoint == Endpoint::UserSearch && seen.answer == Answer::Pending
        };
        docebo.requests().iter().any(pending).then_some(())
    })
    .await;
    stand.workers[0].signal(Signal::SIGTERM);
    stand.workers[0].says("a second signal stops at once").await;
    stand.workers[0].signal(Signal::SIGTERM);
    stand.workers[0].ended().await;
    stand.add_worker();
    let result = stand.api().until_result(&id, &["delivered"]).await;
    assert_eq!(result["attempts"], 1, "{result}");
    assert_eq!(
        docebo.enrollment(passback_e2e::COURSE, user_id(1)).unwrap().score,
        Some(51.0)
    );
    stand.finish().await;
}

#[tokio::test]
async fn three_workers_share_the_work_and_none_is_done_twice() {
    let mut stand = Stand::start(town(&["acme", "borealis"], 100)).await;
    stand.add_worker();
    stand.add_worker();
    for number in 0..100 {
        stand.push_passed("acme", number).await;
        stand.push_passed("borealis", number).await;
    }
    for tenant in ["acme", "borealis"] {
        for number in 0..100 {
            stand
                .api()
                .until_result(&format!("{tenant}-{number}"), &["delivered"])
                .await;
        }
        assert_eq!(stand.docebo(tenant).effects().len(), 100);
    }
    stand.finish().await;
}
