//! A Docebo with many people, and time that passes as a test wants it.

use std::time::Duration;

use passback_harness::TestRedis;
use passback_producer::ExamResult;
use passback_queue::{ManualClock, Name, Queue};
use passback_simulator::{Course, Enrollment, Tenant, User, World};

use super::stage::{Stage, brisk, pass, queue_by, until};
use crate::tempo::Tempo;

const COURSE: u64 = 146;
/// 2026-11-22T09:30:00Z.
const NOW_MS: u64 = 1_795_339_800_000;
/// Less than a worker may be silent.
const STEP_MS: u64 = 10_000;

/// The tenant "acme" with so many people in its course, and no quota of its own.
pub(crate) fn town(people: u64) -> World {
    let user = |id: u64| User {
        id,
        email: email(id),
        username: format!("person-{id}"),
        first_name: String::new(),
        last_name: String::new(),
        active: true,
    };
    World {
        tenants: vec![Tenant {
            calls_per_hour: 0,
            users: (1..=people).map(user).collect(),
            courses: vec![Course {
                id: COURSE,
                name: "Forklift exam".to_owned(),
                code: "FORK-01".to_owned(),
            }],
            enrollments: (1..=people).map(|id| Enrollment::new(COURSE, id)).collect(),
            ..Tenant::new("acme")
        }],
    }
}

pub(crate) fn email(person: u64) -> String {
    // No number is part of another one, for the search finds parts.
    format!("person-{person:06}@example.org")
}

/// A pass of a person of the town.
pub(crate) fn pass_of(person: u64) -> ExamResult {
    ExamResult {
        email: email(person),
        ..pass(&format!("r-{person}"))
    }
}

/// Hands in a pass of each person.
pub(crate) async fn all_pass(stage: &Stage, people: u64) {
    for person in 1..=people {
        stage.producer.push(&pass_of(person)).await.unwrap();
    }
}

/// A stage on a clock that the test moves.
pub(crate) async fn stage_by_clock(people: u64, calls_per_hour: i64) -> (Stage, ManualClock) {
    let redis = TestRedis::start().await;
    let clock = ManualClock::starting_at(NOW_MS);
    let queue = queue_by(&redis, &clock);
    let stage = Stage::on(redis, queue, town(people), |connector| {
        connector.calls_per_hour = Some(calls_per_hour);
    })
    .await;
    (stage, clock)
}

/// A worker that looks often what time has brought about.
pub(crate) fn attentive() -> Tempo {
    Tempo {
        beat: Duration::from_millis(5),
        housekeeping: Duration::from_millis(5),
        ..brisk()
    }
}

/// Lets time pass, no faster than the workers can give signs of life.
pub(crate) async fn pass_time(queue: &Queue, clock: &ManualClock, by: Duration) {
    let mut left_ms = u64::try_from(by.as_millis()).unwrap();
    while left_ms > 0 {
        let step_ms = left_ms.min(STEP_MS);
        clock.advance_ms(step_ms);
        left_ms -= step_ms;
        until("every worker has beaten", async || {
            let workers = queue.workers().await.unwrap();
            let all = workers.iter().all(|worker| worker.last_beat_ms >= clock.now_ms());
            all.then_some(())
        })
        .await;
    }
}

/// The connector's name in the queue.
pub(crate) fn acme() -> Name {
    Name::new("acme").unwrap()
}
