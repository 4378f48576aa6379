//! Gates: what closes a connector, for how long, and what a closed one costs.

use passback_queue::{Failing, Gate, Lane, NewJob, State, Transition};
use rstest::rstest;

use crate::shard::{Shard, ending, info, name};
use crate::tenants::{id, of, throttled, worked, worker};

const UNREACHABLE: &str = "docebo_unreachable";
const DAY_MS: u64 = 24 * 3_600_000;

/// The gate closed from now on, for a while or for good.
fn closed(shard: &Shard, code: &str, for_ms: Option<u64>) -> Gate {
    let now = shard.clock.now_ms();
    Gate::Closed {
        code: code.to_owned(),
        since_ms: now,
        until_ms: for_ms.map(|for_ms| now + for_ms),
    }
}

/// Ends one push job of `acme`, to which Docebo had answered.
async fn one_goes_well(shard: &Shard, number: u64) {
    let worker = name("w-well");
    shard.fill(Lane::Push, "acme", number..number + 1).await;
    let claimed = shard.claim_one(&worker).await;
    shard.settle(&worker, worked(claimed.token)).await;
}

#[rstest]
#[case::down(Failing::Down, UNREACHABLE, 5, 30_000)]
#[case::certificate(Failing::DownForSure, "certificate_invalid", 1, 30_000)]
#[case::forbidden(Failing::Forbidden, "forbidden", 3, 300_000)]
#[tokio::test]
async fn failures_in_a_row_close_a_gate_for_a_while(
    #[case] failing: Failing,
    #[case] code: &str,
    #[case] enough: u32,
    #[case] for_ms: u64,
) {
    let shard = Shard::start().await;
    for failures in 1..enough {
        assert_eq!(shard.report("acme", failing, code).await, Gate::Open { failures });
    }
    assert_eq!(
        shard.report("acme", failing, code).await,
        closed(&shard, code, Some(for_ms))
    );
    assert_eq!(
        shard.gate("borealis").await,
        Gate::Open { failures: 0 },
        "the neighbour is as before"
    );
}

#[tokio::test]
async fn what_goes_well_in_between_starts_the_count_anew() {
    let shard = Shard::start().await;
    for number in 0..3 {
        for failures in 1..5 {
            let gate = shard.report("acme", Failing::Down, UNREACHABLE).await;
            assert_eq!(gate, Gate::Open { failures });
        }
        one_goes_well(&shard, number).await;
        assert_eq!(shard.gate("acme").await, Gate::Open { failures: 0 });
    }
}

#[tokio::test]
async fn what_ends_without_an_answer_of_docebo_leaves_the_count() {
    let shard = Shard::start().await;
    let worker = worker(1);
    shard.fill(Lane::Push, "acme", 1..2).await;
    let claimed = shard.claim_one(&worker).await;
    shard.report("acme", Failing::Down, UNREACHABLE).await;
    shard.settle(&worker, ending(claimed.token, Transition::Done)).await;
    assert_eq!(shard.gate("acme").await, Gate::Open { failures: 1 });
}

#[tokio::test]
async fn an_outage_counts_whatever_face_it_shows() {
    let shard = Shard::start().await;
    let faces = [
        UNREACHABLE,
        "docebo_timed_out",
        "docebo_unavailable",
        UNREACHABLE,
        "docebo_timed_out",
    ];
    for code in faces {
        shard.report("acme", Failing::Down, code).await;
    }
    assert_eq!(
        shard.gate("acme").await,
        closed(&shard, "docebo_timed_out", Some(30_000)),
        "five failures in a row are five failures in a row"
    );
}

#[tokio::test]
async fn a_refusal_of_the_user_does_not_count_as_an_outage() {
    let shard = Shard::start().await;
    for _ in 0..4 {
        shard.report("acme", Failing::Down, UNREACHABLE).await;
    }
    let gate = shard.report("acme", Failing::Forbidden, "forbidden").await;
    assert_eq!(gate, Gate::Open { failures: 1 });
}

#[rstest]
#[case::docebo_names_no_time(0, 5000)]
#[case::docebo_names_less(3000, 5000)]
#[case::docebo_names_more(120_000, 120_000)]
#[tokio::test]
async fn too_many_calls_close_for_what_docebo_asks_or_longer(#[case] wait_ms: u64, #[case] for_ms: u64) {
    let shard = Shard::start().await;
    let gate = shard.report("acme", throttled(wait_ms), "docebo_throttled").await;
    assert_eq!(gate, closed(&shard, "docebo_throttled", Some(for_ms)));
}

#[tokio::test]
async fn being_throttled_again_after_a_ramp_closes_for_longer_each_time() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 0..20).await;
    for round in 0..10_u32 {
        let gate = shard.report("acme", throttled(0), "docebo_throttled").await;
        let expected = (5000 * 2_u64.pow(round)).min(900_000);
        assert_eq!(
            gate,
            closed(&shard, "docebo_throttled", Some(expected)),
            "round {round}"
        );
        assert!(shard.claim(&worker(1)).await.is_empty());
        shard.clock.advance_ms(expected);
        shard.queue.promote().await.unwrap();
        let canary = shard.claim_one(&worker(1)).await;
        shard.settle(&worker(1), worked(canary.token)).await;
    }
}

#[tokio::test]
async fn once_a_person_has_opened_being_throttled_is_a_first_time_again() {
    let shard = Shard::start().await;
    let throttled_for = async || {
        let gate = shard.report("acme", throttled(0), "docebo_throttled").await;
        let Gate::Closed { until_ms, .. } = gate else {
            panic!("{gate:?}");
        };
        let for_ms = until_ms.unwrap() - shard.clock.now_ms();
        shard.clock.advance_ms(for_ms);
        for_ms
    };
    assert_eq!(throttled_for().await, 5000);
    assert_eq!(throttled_for().await, 10_000);
    shard.queue.open_gate(&name("acme")).await.unwrap();
    assert_eq!(throttled_for().await, 5000);
}

#[tokio::test]
async fn what_was_under_way_when_a_gate_closed_counts_as_the_same_trouble() {
    let shard = Shard::start().await;
    shard.report("acme", throttled(0), "docebo_throttled").await;
    shard.clock.advance_ms(1000);
    for _ in 0..10 {
        shard.report("acme", Failing::Down, UNREACHABLE).await;
        shard.report("acme", throttled(0), "docebo_throttled").await;
    }
    let start = shard.clock.now_ms() - 1000;
    let expected = Gate::Closed {
        code: "docebo_throttled".to_owned(),
        since_ms: start,
        until_ms: Some(start + 6000),
    };
    assert_eq!(
        shard.gate("acme").await,
        expected,
        "closed as long as the last one asks"
    );
    let longer = shard.report("acme", throttled(90_000), "docebo_throttled").await;
    let shorter = shard.report("acme", throttled(20_000), "docebo_throttled").await;
    assert_eq!(longer, shorter, "nobody shortens what another was told to wait");
}

#[tokio::test]
async fn a_first_refusal_for_too_many_calls_is_a_first_one_though_the_gate_was_closed_already() {
    let shard = Shard::start().await;
    for _ in 0..5 {
        shard.report("acme", Failing::Down, UNREACHABLE).await;
    }
    shard.clock.advance_ms(29_000);
    let gate = shard.report("acme", throttled(0), "docebo_throttled").await;
    assert_eq!(gate, closed(&shard, "docebo_throttled", Some(5000)));
}

#[tokio::test]
async fn refused_credentials_close_until_somebody_opens_whatever_is_reported_later() {
    let shard = Shard::start().await;
    shard.report("acme", throttled(90_000), "docebo_throttled").await;
    shard.clock.advance_ms(10);
    let gate = shard.report("acme", Failing::Refused, "credentials_refused").await;
    assert_eq!(gate, closed(&shard, "credentials_refused", None));
    shard.fill(Lane::Push, "acme", 1..3).await;
    assert!(shard.claim(&worker(1)).await.is_empty());
    let later = [
        throttled(5000),
        Failing::Down,
        Failing::DownForSure,
        Failing::Forbidden,
        Failing::Refused,
    ];
    for failing in later {
        shard.clock.advance_ms(DAY_MS);
        assert_eq!(shard.report("acme", failing, "another_code").await, gate);
    }
    shard.clock.advance_ms(30 * DAY_MS);
    shard.queue.promote().await.unwrap();
    assert!(shard.claim(&worker(1)).await.is_empty(), "no time opens it");
    assert!(shard.queue.open_gate(&name("acme")).await.unwrap());
    assert_eq!(shard.claim(&worker(1)).await.len(), 1);
    shard.assert_sound().await;
}

#[tokio::test]
async fn held_jobs_take_no_slot_no_attempt_and_no_polling() {
    let shard = Shard::start().await;
    for (lane, from) in [(Lane::Push, 0), (Lane::Background, 1000)] {
        shard.fill(lane, "acme", from..from + 100).await;
    }
    shard.refuse("acme").await;
    assert!(shard.claim_by_all().await.is_empty());
    for lane in Lane::ALL {
        assert!(!shard.has_turn(lane, "acme").await);
        shard.was_signalled(lane).await;
    }
    let before = shard.contents().await;
    for _ in 0..5 {
        assert!(shard.claim_by_all().await.is_empty());
    }
    shard.clock.advance_ms(30_000);
    shard.queue.promote().await.unwrap();
    assert!(shard.claim_by_all().await.is_empty());
    assert_eq!(shard.contents().await, before);
    for lane in Lane::ALL {
        assert!(!shard.was_signalled(lane).await, "nobody is woken for what is held");
    }
    let record = shard.record(id(7)).await;
    assert_eq!(
        (record.state, record.claims, record.attempts, record.crashes),
        (State::Ready, 0, 0, 0)
    );
    assert_eq!(shard.standing("acme").await.lanes[&Lane::Push].ready, 100);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_job_that_becomes_ready_of_a_held_connector_wakes_nobody() {
    let shard = Shard::start().await;
    let worker = worker(1);
    shard.queue.beat(&worker, &info()).await.unwrap();
    shard.fill(Lane::Push, "acme", 1..4).await;
    let running = shard.claim(&worker).await;
    shard.fill(Lane::Push, "acme", 10..11).await;
    shard.refuse("acme").await;
    assert!(shard.claim(&worker).await.is_empty());
    shard.was_signalled(Lane::Push).await;
    let later = NewJob {
        delay_ms: 10,
        ..of(20, Lane::Push, "acme")
    };
    shard
        .queue
        .enqueue_all(&[of(11, Lane::Push, "acme"), later])
        .await
        .unwrap();
    shard.clock.advance_ms(10);
    assert_eq!(shard.queue.promote().await.unwrap().ready, 1);
    let park = Transition::Park {
        wake: name("user"),
        also: None,
        look_again_ms: None,
    };
    shard.settle(&worker, ending(running[0].token, park)).await;
    shard.queue.wake(&name("user")).await.unwrap();
    shard
        .settle(&worker, ending(running[1].token, Transition::Release))
        .await;
    shard.queue.unclaim(Lane::Push, &worker, &[]).await.unwrap();
    assert!(!shard.was_signalled(Lane::Push).await);
    assert_eq!(shard.standing("acme").await.lanes[&Lane::Push].ready, 6);
    assert!(shard.claim(&worker).await.is_empty());
    shard.assert_sound().await;
}

#[tokio::test]
async fn opening_by_hand_releases_every_lane_at_once_and_wakes_a_worker_in_each() {
    let shard = Shard::start().await;
    for (number, lane) in (1..).zip(Lane::ALL) {
        shard.fill(lane, "acme", number..number + 1).await;
    }
    shard.report("acme", Failing::DownForSure, "certificate_invalid").await;
    assert!(shard.claim_by_all().await.is_empty());
    for lane in Lane::ALL {
        shard.was_signalled(lane).await;
    }
    assert!(shard.queue.open_gate(&name("acme")).await.unwrap());
    for lane in Lane::ALL {
        assert!(shard.has_turn(lane, "acme").await);
        assert!(shard.was_signalled(lane).await, "{lane}");
    }
    assert!(
        !shard.queue.open_gate(&name("acme")).await.unwrap(),
        "it is not closed any more"
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_gate_whose_time_is_over_is_looked_at_without_anybody_asking() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 1..2).await;
    shard.report("acme", Failing::DownForSure, "certificate_invalid").await;
    assert!(shard.claim(&worker(1)).await.is_empty());
    shard.was_signalled(Lane::Push).await;
    let next_in = shard.queue.promote().await.unwrap().next_in;
    assert_eq!(next_in, Some(std::time::Duration::from_secs(30)));
    shard.clock.advance_ms(29_999);
    shard.queue.promote().await.unwrap();
    assert!(!shard.was_signalled(Lane::Push).await);
    shard.clock.advance_ms(1);
    shard.queue.promote().await.unwrap();
    assert!(shard.was_signalled(Lane::Push).await);
    assert_eq!(shard.claim(&worker(1)).await.len(), 1);
}

#[tokio::test]
async fn a_closed_connector_never_delays_another_ones_jobs() {
    let shard = Shard::start().await;
    for number in 0..50 {
        let connector = format!("closed-{number}");
        shard
            .fill(Lane::Push, &connector, number * 100..number * 100 + 10)
            .await;
        shard.refuse(&connector).await;
    }
    shard.fill(Lane::Push, "healthy", 9000..9010).await;
    let claimed = shard.claim_in(Lane::Push, &worker(1), 10).await;
    assert_eq!(claimed.len(), 10, "one claim gets all of the healthy one's jobs");
    assert!(claimed.iter().all(|claimed| claimed.record.connector == "healthy"));
    shard.assert_sound().await;
}

#[tokio::test]
async fn what_runs_when_a_gate_closes_goes_on_to_its_end() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 1..3).await;
    let running = shard.claim(&worker(1)).await;
    shard.refuse("acme").await;
    for claimed in &running {
        let verdict = shard.settle(&worker(1), worked(claimed.token)).await;
        assert_eq!(verdict, passback_queue::Verdict::Settled);
    }
    let gate = shard.gate("acme").await;
    assert_eq!(
        gate,
        closed(&shard, "credentials_refused", None),
        "a late success opens nothing"
    );
    shard.assert_sound().await;
}
