//! Why a job is not running: each blocker once, with since when, until when and who goes first.

use passback_queue::{Blocker, Egress, Explanation, Failing, Lane, Limits, NewJob, Target, Transition, WorkerInfo};
use rstest::rstest;

use crate::quota::{COUNTS_MS, calls_an_hour};
use crate::shard::{START_MS, Shard, ending, info, keyed, name};
use crate::tenants::{id, of, worked, worker};

const HALF_MINUTE_MS: u64 = 30_000;

impl Shard {
    pub(crate) async fn explain(&self, number: u64) -> Explanation {
        self.queue.explain(id(number)).await.unwrap()
    }

    /// Stores push job 1 of `acme` as the only one there is.
    async fn one(&self) {
        self.fill(Lane::Push, "acme", 1..2).await;
    }

    /// Signs a worker on that serves pushes.
    async fn serve_pushes(&self) {
        let serving = WorkerInfo {
            concurrency: [(Lane::Push, 10)].into(),
            ..info()
        };
        self.queue.beat(&worker(1), &serving).await.unwrap();
    }
}

fn because(blocker: Blocker) -> Explanation {
    Explanation {
        blocker,
        code: None,
        since_ms: None,
        release_ms: None,
        ahead: 0,
    }
}

fn note() -> String {
    r#"{"actor":"ann","reason":"Docebo moves house"}"#.to_owned()
}

#[tokio::test]
async fn a_job_that_nobody_keeps_waits_for_its_turn_or_for_a_worker() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 1..4).await;
    let waits = |blocker| Explanation {
        since_ms: Some(START_MS),
        ahead: 2,
        ..because(blocker)
    };
    assert_eq!(shard.explain(3).await, waits(Blocker::NoWorker));
    shard.serve_pushes().await;
    assert_eq!(shard.explain(3).await, waits(Blocker::Turn));
    shard.clock.advance_ms(15_000);
    assert_eq!(
        shard.explain(3).await,
        waits(Blocker::NoWorker),
        "it has not been heard for long"
    );
}

#[tokio::test]
async fn a_job_elsewhere_is_said_to_be_there() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 1..6).await;
    shard.clock.advance_ms(100);
    let now = shard.clock.now_ms();
    let claimed = shard.claim(&worker(1)).await;
    let park = Transition::Park {
        wake: name("user/acme/ab"),
        also: None,
        look_again_ms: Some(9000),
    };
    let ends = [
        Transition::Snooze { delay_ms: 7000 },
        park,
        Transition::Bury,
        Transition::Done,
    ];
    for (claimed, transition) in claimed.iter().zip(ends) {
        let settlement = passback_queue::Settlement {
            code: Some(name("why")),
            ..ending(claimed.token, transition)
        };
        shard.settle(&worker(1), settlement).await;
    }
    let there = |blocker, release_ms| Explanation {
        code: Some("why".to_owned()),
        since_ms: Some(now),
        release_ms,
        ..because(blocker)
    };
    assert_eq!(shard.explain(1).await, there(Blocker::Scheduled, Some(now + 7000)));
    let wake = "user/acme/ab".to_owned();
    assert_eq!(
        shard.explain(2).await,
        there(Blocker::Parked { wake }, Some(now + 9000))
    );
    assert_eq!(shard.explain(3).await, there(Blocker::Dead, None));
    assert_eq!(shard.explain(4).await, because(Blocker::Ended));
    assert_eq!(shard.explain(99).await, because(Blocker::Ended));
    let runs = Explanation {
        code: None,
        ..there(
            Blocker::Running {
                worker: "w1".to_owned(),
            },
            Some(now + 60_000),
        )
    };
    assert_eq!(shard.explain(5).await, runs);
}

#[tokio::test]
async fn a_job_past_its_deadline_will_never_run() {
    let shard = Shard::start().await;
    let late = NewJob {
        ttl_ms: Some(10),
        ..of(1, Lane::Push, "acme")
    };
    shard.queue.enqueue(&late).await.unwrap();
    shard.clock.advance_ms(10);
    let explanation = shard.explain(1).await;
    assert_eq!(
        (explanation.blocker, explanation.code.as_deref()),
        (Blocker::DeadlinePassed, Some("deadline_passed"))
    );
}

#[rstest]
#[case::lane(Target::Lane(Lane::Push), Blocker::LanePaused { note: note() })]
#[case::connector(Target::Connector(name("acme")), Blocker::ConnectorPaused { note: note() })]
#[tokio::test]
async fn a_pause_is_named_with_who_and_why(#[case] target: Target, #[case] blocker: Blocker) {
    let shard = Shard::start().await;
    shard.one().await;
    shard.clock.advance_ms(50);
    let now = shard.clock.now_ms();
    let paused = Explanation {
        code: Some("paused".to_owned()),
        since_ms: Some(now),
        ..because(blocker)
    };
    shard.pause(&target, None).await;
    assert_eq!(shard.explain(1).await, paused);
    shard.pause(&target, Some(std::time::Duration::from_mins(1))).await;
    let with_end = Explanation {
        release_ms: Some(now + 60_000),
        ..paused
    };
    assert_eq!(shard.explain(1).await, with_end);
    shard.clock.advance_ms(60_000);
    assert!(matches!(
        shard.explain(1).await.blocker,
        Blocker::NoWorker | Blocker::GateRamping { .. }
    ));
}

#[rstest]
#[case::down(Failing::DownForSure, "certificate_invalid", Some(START_MS + HALF_MINUTE_MS))]
#[case::refused(Failing::Refused, "credentials_refused", None)]
#[tokio::test]
async fn a_closed_gate_is_named_with_its_reason(
    #[case] failing: Failing,
    #[case] code: &str,
    #[case] release_ms: Option<u64>,
) {
    let shard = Shard::start().await;
    shard.one().await;
    shard.report("acme", failing, code).await;
    let closed = Explanation {
        code: Some(code.to_owned()),
        since_ms: Some(START_MS),
        release_ms,
        ..because(Blocker::GateClosed)
    };
    assert_eq!(shard.explain(1).await, closed);
    assert!(shard.claim(&worker(1)).await.is_empty());
    assert_eq!(shard.explain(1).await, closed, "on hold or not");
}

#[tokio::test]
async fn a_gate_that_opens_is_named_with_its_window() {
    let shard = Shard::start().await;
    shard.fill(Lane::Push, "acme", 1..5).await;
    shard.report("acme", Failing::DownForSure, "certificate_invalid").await;
    shard.clock.advance_ms(HALF_MINUTE_MS);
    assert_eq!(
        shard.explain(1).await.blocker,
        Blocker::NoWorker,
        "the time is over: the next claim takes it"
    );
    let waits = |window, ahead| {
        (
            Blocker::GateRamping { window },
            Some("certificate_invalid".to_owned()),
            ahead,
        )
    };
    let explain = async |number| {
        let explanation = shard.explain(number).await;
        (explanation.blocker, explanation.code, explanation.ahead)
    };
    assert_eq!(explain(3).await, waits(1, 2), "the first goes alone");
    let canary = shard.claim_one(&worker(1)).await;
    assert_eq!(explain(2).await, waits(1, 0));
    shard.settle(&worker(1), worked(canary.token)).await;
    assert_eq!(explain(4).await, waits(2, 2));
    assert_eq!(explain(3).await.0, Blocker::NoWorker);
}

#[tokio::test]
async fn a_connector_that_runs_as_much_as_it_may_is_named_with_its_limit() {
    let shard = Shard::start().await;
    let limits = Limits {
        max_concurrency: Some(2),
        ..Limits::default()
    };
    shard.limit("acme", limits).await;
    shard.fill(Lane::Push, "acme", 1..5).await;
    assert_eq!(shard.explain(2).await.blocker, Blocker::NoWorker);
    let full = |ahead| Explanation {
        ahead,
        ..because(Blocker::Concurrency { limit: 2 })
    };
    assert_eq!(shard.explain(3).await, full(2));
    shard.claim(&worker(1)).await;
    assert_eq!(shard.explain(3).await, full(0));
    assert_eq!(shard.explain(4).await, full(1));
}

#[tokio::test]
async fn used_up_calls_are_named_with_the_limit_and_when_the_next_is_free() {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(10)).await;
    shard.one().await;
    shard.spend_all("acme", Lane::Push).await;
    let used_up = Explanation {
        code: Some("quota_used_up".to_owned()),
        release_ms: Some(START_MS + COUNTS_MS),
        ..because(Blocker::Quota { limit: 10 })
    };
    assert_eq!(shard.explain(1).await, used_up);
    shard.clock.advance_ms(COUNTS_MS);
    assert_eq!(shard.explain(1).await.blocker, Blocker::NoWorker);
}

#[tokio::test]
async fn used_up_calls_of_an_address_are_told_from_those_of_a_connector() {
    let egress = Egress {
        name: name("north"),
        calls_per_hour: Some(10),
    };
    let shard = Shard::behind(egress).await;
    shard.one().await;
    shard.spend_all("borealis", Lane::Push).await;
    let used_up = Explanation {
        code: Some("quota_used_up".to_owned()),
        release_ms: Some(START_MS + COUNTS_MS),
        ..because(Blocker::EgressQuota { limit: 10 })
    };
    assert_eq!(shard.explain(1).await, used_up);
}

#[tokio::test]
async fn a_busy_key_is_named_with_the_job_that_holds_it() {
    let shard = Shard::start().await;
    let jobs = [keyed(1, "k"), keyed(2, "k"), keyed(3, "k")];
    shard.queue.enqueue_all(&jobs).await.unwrap();
    let behind = |holder: u64, ahead| Explanation {
        since_ms: Some(START_MS),
        ahead,
        ..because(Blocker::Key {
            holder: id(holder).to_string(),
        })
    };
    assert_eq!(shard.explain(1).await.blocker, Blocker::NoWorker);
    assert_eq!(shard.explain(2).await, behind(1, 1), "before anything was claimed");
    let first = shard.claim_one(&worker(1)).await;
    assert_eq!(shard.explain(2).await, behind(1, 0));
    assert_eq!(shard.explain(3).await, behind(1, 1));
    shard.settle(&worker(1), worked(first.token)).await;
    assert_eq!(shard.explain(2).await.blocker, Blocker::NoWorker);
    assert_eq!(shard.explain(3).await, behind(2, 0));
}

#[tokio::test]
async fn jobs_before_it_that_a_claim_would_pass_over_do_not_count() {
    let shard = Shard::start().await;
    let limits = Limits {
        max_concurrency: Some(2),
        ..Limits::default()
    };
    shard.limit("acme", limits).await;
    shard.queue.enqueue(&keyed(1, "k")).await.unwrap();
    shard.claim_one(&worker(1)).await;
    let late = NewJob {
        ttl_ms: Some(10),
        ..of(3, Lane::Push, "acme")
    };
    let jobs = [
        keyed(2, "k"),
        late,
        of(4, Lane::Push, "acme"),
        of(5, Lane::Push, "acme"),
    ];
    shard.queue.enqueue_all(&jobs).await.unwrap();
    shard.clock.advance_ms(10);
    let explanation = shard.explain(4).await;
    assert_eq!((explanation.blocker, explanation.ahead), (Blocker::NoWorker, 0));
    let explanation = shard.explain(5).await;
    assert_eq!(
        (explanation.blocker, explanation.ahead),
        (Blocker::Concurrency { limit: 2 }, 1)
    );
    assert_eq!(shard.claim_one(&worker(1)).await.token.job, id(4));
}

#[tokio::test]
async fn a_holder_that_is_too_late_to_run_keeps_its_key_from_nobody() {
    let shard = Shard::start().await;
    let late = NewJob {
        ttl_ms: Some(10),
        ..keyed(1, "k")
    };
    shard.queue.enqueue_all(&[late, keyed(2, "k")]).await.unwrap();
    let holder = shard.claim_one(&worker(1)).await;
    shard.clock.advance_ms(10);
    // While it runs, its deadline is nobody's business.
    shard.queue.promote().await.unwrap();
    shard
        .settle(&worker(1), ending(holder.token, Transition::Release))
        .await;
    assert_eq!(shard.explain(1).await.blocker, Blocker::DeadlinePassed);
    assert_eq!(shard.explain(2).await.blocker, Blocker::NoWorker);
    assert_eq!(shard.claim_one(&worker(1)).await.token.job, id(2));
}

#[tokio::test]
async fn an_explanation_changes_nothing() {
    let shard = Shard::start().await;
    shard.limit("acme", calls_an_hour(10)).await;
    shard.spend_all("acme", Lane::Push).await;
    shard
        .report("borealis", Failing::DownForSure, "certificate_invalid")
        .await;
    shard
        .queue
        .enqueue_all(&[of(1, Lane::Push, "acme"), of(2, Lane::Push, "borealis")])
        .await
        .unwrap();
    shard.clock.advance_ms(COUNTS_MS);
    let before = shard.contents().await;
    for number in 1..4 {
        shard.explain(number).await;
    }
    assert_eq!(shard.contents().await, before);
}
