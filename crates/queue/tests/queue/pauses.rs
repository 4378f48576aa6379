//! Pauses by a person: of a connector, a lane, a worker.

use std::time::Duration;

use passback_queue::{Gate, Lane, Pause, PauseMode, Service, State, Target, Transition, Verdict};
use rstest::rstest;

use crate::shard::{Shard, ending, info, name};
use crate::tenants::{id, worked, worker};

const MINUTE: Duration = Duration::from_mins(1);

fn acme() -> Target {
    Target::Connector(name("acme"))
}

impl Shard {
    pub(crate) async fn pause(&self, target: &Target, lasts: Option<Duration>) -> bool {
        self.pause_as(target, PauseMode::Pause, lasts).await
    }

    async fn pause_as(&self, target: &Target, mode: PauseMode, lasts: Option<Duration>) -> bool {
        self.queue
            .pause(target, mode, "ann", "Docebo moves house", lasts)
            .await
            .unwrap()
    }

    async fn service(&self, lane: Lane, number: usize) -> (Service, usize) {
        let (service, claimed) = self.take(lane, &worker(number), 10).await;
        (service, claimed.len())
    }
}

#[rstest]
#[case::connector(acme())]
#[case::lane(Target::Lane(Lane::Push))]
#[case::worker(Target::Worker(worker(1)))]
#[tokio::test]
async fn a_pause_is_on_record_with_who_and_why_until_it_is_resumed(#[case] target: Target) {
    let shard = Shard::start().await;
    assert_eq!(shard.queue.pause_of(&target).await.unwrap(), None);
    assert!(shard.pause_as(&target, PauseMode::Drain, None).await);
    let mut expected = Pause {
        mode: PauseMode::Drain,
        since_ms: shard.clock.now_ms(),
        until_ms: None,
        actor: "ann".to_owned(),
        reason: "Docebo moves house".to_owned(),
    };
    assert_eq!(shard.queue.pause_of(&target).await.unwrap(), Some(expected.clone()));
    shard.clock.advance_ms(10);
    assert!(
        !shard.pause(&target, Some(MINUTE)).await,
        "there was one already: it is replaced"
    );
    expected.mode = PauseMode::Pause;
    expected.since_ms = shard.clock.now_ms();
    expected.until_ms = Some(shard.clock.now_ms() + 60_000);
    assert_eq!(shard.queue.pause_of(&target).await.unwrap(), Some(expected));
    assert!(shard.queue.resume(&target).await.unwrap());
    assert_eq!(shard.queue.pause_of(&target).await.unwrap(), None);
    assert!(!shard.queue.resume(&target).await.unwrap(), "there is none any more");
}

#[tokio::test]
async fn a_paused_connector_is_served_in_no_lane_and_what_runs_goes_on() {
    let shard = Shard::start().await;
    for (from, lane) in [(0, Lane::Check), (10, Lane::Push), (20, Lane::Background)] {
        shard.fill(lane, "acme", from..from + 5).await;
    }
    let running = shard.claim_in(Lane::Push, &worker(1), 1).await.remove(0);
    shard.pause(&acme(), None).await;
    assert!(shard.claim_by_all().await.is_empty());
    assert_eq!(shard.standing("acme").await.running, 1, "a drain looks at this");
    assert!(shard.standing("acme").await.pause.is_some());
    let verdict = shard.settle(&worker(1), worked(running.token)).await;
    assert_eq!(verdict, Verdict::Settled);
    assert_eq!(shard.standing("acme").await.running, 0);
    assert!(shard.claim_by_all().await.is_empty(), "its end starts no other");
    shard.fill(Lane::Push, "borealis", 100..103).await;
    assert_eq!(shard.claim_by_all().await.len(), 3, "others are served");
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_resumed_connector_begins_with_one_job_and_wakes_a_worker_in_each_lane() {
    let shard = Shard::start().await;
    for (from, lane) in [(0, Lane::Check), (10, Lane::Push), (20, Lane::Background)] {
        shard.fill(lane, "acme", from..from + 5).await;
    }
    shard.pause(&acme(), None).await;
    assert!(shard.claim_by_all().await.is_empty());
    for lane in Lane::ALL {
        shard.was_signalled(lane).await;
    }
    shard.clock.advance_ms(1000);
    shard.queue.resume(&acme()).await.unwrap();
    for lane in Lane::ALL {
        assert!(shard.was_signalled(lane).await, "{lane}");
    }
    let ramping = |window| Gate::Ramping {
        code: String::new(),
        since_ms: shard.clock.now_ms(),
        window,
    };
    assert_eq!(shard.gate("acme").await, ramping(1));
    let claimed = shard.claim_by_all().await;
    assert_eq!(claimed.len(), 1);
    shard.all_worked(&claimed).await;
    assert_eq!(shard.gate("acme").await, ramping(2));
    assert_eq!(shard.claim_by_all().await.len(), 2);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_connector_that_had_failed_before_its_pause_begins_slowly_too() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 0..5).await;
    shard
        .report("acme", passback_queue::Failing::Down, "docebo_unreachable")
        .await;
    shard.pause(&acme(), None).await;
    shard.queue.resume(&acme()).await.unwrap();
    assert_eq!(shard.claim_by_all().await.len(), 1);
}

#[tokio::test]
async fn a_resumed_connector_whose_gate_is_closed_stays_closed() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 0..5).await;
    shard.pause(&acme(), None).await;
    shard.refuse("acme").await;
    let gate = shard.gate("acme").await;
    shard.queue.resume(&acme()).await.unwrap();
    assert_eq!(shard.gate("acme").await, gate);
    assert!(shard.claim_by_all().await.is_empty());
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_paused_connector_whose_gate_is_opened_stays_paused() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 0..5).await;
    shard.refuse("acme").await;
    shard.pause(&acme(), None).await;
    shard.queue.open_gate(&name("acme")).await.unwrap();
    assert!(shard.claim_by_all().await.is_empty());
    shard.queue.resume(&acme()).await.unwrap();
    assert_eq!(shard.claim_by_all().await.len(), 1);
    shard.assert_sound().await;
}

#[tokio::test]
async fn held_jobs_of_a_paused_connector_cost_nothing() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 0..50).await;
    shard.pause(&acme(), None).await;
    assert!(shard.claim_by_all().await.is_empty());
    shard.was_signalled(Lane::Push).await;
    assert!(!shard.has_turn(Lane::Push, "acme").await);
    let before = shard.contents().await;
    assert!(shard.claim_by_all().await.is_empty());
    assert_eq!(shard.contents().await, before);
    assert!(!shard.was_signalled(Lane::Push).await);
}

#[rstest]
#[case::connector(acme(), Service::Open, 1)]
#[case::lane(Target::Lane(Lane::Push), Service::LanePaused, 5)]
#[case::worker(Target::Worker(worker(1)), Service::WorkerPaused, 5)]
#[tokio::test]
async fn a_pause_with_an_end_is_over_by_itself(
    #[case] target: Target,
    #[case] meanwhile: Service,
    #[case] afterwards: usize,
) {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 0..5).await;
    shard.pause(&target, Some(MINUTE)).await;
    assert_eq!(shard.service(Lane::Push, 1).await, (meanwhile, 0));
    let next_in = shard.queue.promote().await.unwrap().next_in;
    assert_eq!(next_in, Some(MINUTE));
    shard.clock.advance_ms(59_999);
    shard.queue.promote().await.unwrap();
    assert_eq!(shard.service(Lane::Push, 1).await, (meanwhile, 0));
    shard.was_signalled(Lane::Push).await;
    shard.clock.advance_ms(1);
    shard.queue.promote().await.unwrap();
    assert_eq!(shard.queue.pause_of(&target).await.unwrap(), None);
    if !matches!(target, Target::Worker(_)) {
        assert!(shard.was_signalled(Lane::Push).await);
    }
    assert_eq!(shard.service(Lane::Push, 1).await, (Service::Open, afterwards));
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_pause_that_is_prolonged_does_not_end_at_its_first_end() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 0..5).await;
    shard.pause(&acme(), Some(MINUTE)).await;
    assert!(shard.claim_by_all().await.is_empty());
    shard.pause(&acme(), None).await;
    shard.clock.advance_ms(10 * 60_000);
    shard.queue.promote().await.unwrap();
    assert!(shard.claim_by_all().await.is_empty());
    shard.pause(&acme(), Some(MINUTE)).await;
    assert!(shard.claim_by_all().await.is_empty());
    shard.clock.advance_ms(60_000);
    shard.queue.promote().await.unwrap();
    assert_eq!(shard.claim_by_all().await.len(), 1);
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_paused_lane_stops_one_lane_for_everybody() {
    let shard = Shard::start().await;
    for (from, lane) in [(0, Lane::Check), (10, Lane::Push)] {
        shard.fill(lane, "acme", from..from + 5).await;
        shard.fill(lane, "borealis", from + 100..from + 105).await;
    }
    let lane = Target::Lane(Lane::Push);
    shard.pause(&lane, None).await;
    shard.was_signalled(Lane::Push).await;
    for number in 0..3 {
        assert_eq!(shard.service(Lane::Push, number).await, (Service::LanePaused, 0));
    }
    assert!(!shard.was_signalled(Lane::Push).await, "nobody is woken in vain");
    assert_eq!(shard.service(Lane::Check, 1).await, (Service::Open, 10));
    shard.queue.resume(&lane).await.unwrap();
    assert!(shard.was_signalled(Lane::Push).await);
    assert_eq!(
        shard.service(Lane::Push, 1).await,
        (Service::Open, 10),
        "no ramp: nothing had failed"
    );
    shard.assert_sound().await;
}

#[tokio::test]
async fn a_paused_worker_leaves_the_work_and_the_signal_to_others() {
    let shard = Shard::start().await;
    shard.queue.beat(&worker(1), &info()).await.unwrap();
    shard.fill(Lane::Push, "acme", 0..5).await;
    shard.pause_as(&Target::Worker(worker(1)), PauseMode::Drain, None).await;
    shard.was_signalled(Lane::Push).await;
    let before = shard.contents().await;
    assert_eq!(shard.service(Lane::Push, 1).await, (Service::WorkerPaused, 0));
    assert_eq!(shard.contents().await, before);
    assert!(shard.was_signalled(Lane::Push).await, "its signal goes to another");
    assert_eq!(shard.service(Lane::Push, 2).await, (Service::Open, 5));
    assert_eq!(shard.service(Lane::Push, 1).await, (Service::WorkerPaused, 0));
    assert!(
        !shard.was_signalled(Lane::Push).await,
        "there is nothing to wake anybody for"
    );
    shard.queue.resume(&Target::Worker(worker(1))).await.unwrap();
    shard.fill(Lane::Push, "acme", 5..7).await;
    assert_eq!(shard.service(Lane::Push, 1).await, (Service::Open, 2));
}

#[tokio::test]
async fn a_job_given_back_to_a_paused_connector_waits_there() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 0..1).await;
    let running = shard.claim_one(&worker(1)).await;
    shard.pause(&acme(), None).await;
    shard
        .settle(&worker(1), ending(running.token, Transition::Release))
        .await;
    assert!(shard.claim_by_all().await.is_empty());
    assert_eq!(shard.record(id(0)).await.state, State::Ready);
    shard.assert_sound().await;
}

#[tokio::test]
async fn what_is_forgotten_is_as_if_it_had_never_been() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 0..5).await;
    shard.pause(&acme(), Some(MINUTE)).await;
    shard.refuse("acme").await;
    assert!(shard.claim_by_all().await.is_empty());
    shard.was_signalled(Lane::Push).await;
    shard.queue.forget(&name("acme")).await.unwrap();
    assert!(shard.was_signalled(Lane::Push).await, "its jobs are looked at again");
    let standing = shard.standing("acme").await;
    assert_eq!((standing.gate, standing.pause), (Gate::Open { failures: 0 }, None));
    assert_eq!(shard.queue.pause_of(&acme()).await.unwrap(), None);
    assert_eq!(shard.queue.promote().await.unwrap().next_in, None);
    assert_eq!(shard.claim_by_all().await.len(), 5, "they are its jobs still");
    shard.assert_sound().await;
}
