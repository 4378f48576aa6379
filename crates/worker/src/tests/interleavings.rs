//! All interleavings of two results of one person: whatever goes wrong with either, the policy's result is written, once,
//! and never again overwritten by the other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use passback_producer::{ResultState, ResultView};
use passback_queue::{Intervention, State};
use passback_registry::{Connector, Exam, OnOutcome, VersionPolicy};
use passback_simulator::{Effect, Enrollment};

use super::oracle::{Mark, Sitting, Slate};
use super::perils::{Peril, Scene};
use super::stage::Stage;
use super::town::{email, stage_by_clock};

/// What befalls the result that arrives first.
const FIRST: [Option<Peril>; 6] = [
    None,
    Some(Peril::FailedRead),
    Some(Peril::Refused),
    Some(Peril::CrashBefore),
    Some(Peril::CrashAfter),
    Some(Peril::CrashNoted),
];

/// With each first peril and six of the seven fates once, a connector fails four times at the most; the fifth failure in
/// a row would close its gate.
const CASES_OF_A_CONNECTOR: u64 = 6;
const FIRST_COURSE: u64 = 1000;
const PEOPLE: u64 = 24;

/// What befalls the result that arrives second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Second {
    /// It arrives in the middle of the first one's trouble; then this befalls it.
    Amid(Option<Peril>),
    /// Its exam was before the first one's, and it arrives when that is through with all its trouble.
    Late,
}

/// One case: a person with two results.
#[derive(Debug, Clone, Copy)]
struct Pair {
    number: u64,
    policy: VersionPolicy,
    first: Sitting,
    peril: Option<Peril>,
    second: Sitting,
    fate: Second,
}

/// All cases. The late arrival of a first result is the late arrival of a second one with the names changed; and two
/// results cannot both arrive after the other.
fn table() -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    let fates: Vec<Second> = FIRST.map(Second::Amid).into_iter().chain([Second::Late]).collect();
    for policy in VersionPolicy::ALL {
        for (first, second) in Mark::ALL
            .into_iter()
            .flat_map(|first| Mark::ALL.map(|second| (first, second)))
        {
            for turn in 0..fates.len() {
                for (at, peril) in FIRST.into_iter().enumerate() {
                    let number = pairs.len() as u64 + 1;
                    let fate = fates[(turn + at) % fates.len()];
                    pairs.push(Pair {
                        number,
                        policy,
                        first: Sitting { mark: first, hour: 9 },
                        peril: or_write(peril, number),
                        second: Sitting {
                            mark: second,
                            hour: if fate == Second::Late { 8 } else { 10 },
                        },
                        fate: match fate {
                            Second::Amid(peril) => Second::Amid(or_write(peril, number)),
                            Second::Late => Second::Late,
                        },
                    });
                }
            }
        }
    }
    pairs
}

/// Reads and writes fail in turn.
fn or_write(peril: Option<Peril>, number: u64) -> Option<Peril> {
    match peril {
        Some(Peril::FailedRead) if number.is_multiple_of(2) => Some(Peril::FailedWrite),
        peril => peril,
    }
}

impl Pair {
    fn ids(&self) -> [String; 2] {
        ["a", "b"].map(|which| format!("r-{}-{which}", self.number))
    }

    fn course(&self) -> u64 {
        FIRST_COURSE + (self.number - 1) / CASES_OF_A_CONNECTOR
    }

    fn exam(&self) -> String {
        format!("e-{}", self.course())
    }

    fn person(&self) -> u64 {
        self.number % PEOPLE + 1
    }

    fn first_wins(&self) -> bool {
        !self.second.beats(self.first, self.policy)
    }

    /// Whether the first result was on the enrolment before the second one arrived.
    fn first_came_through(&self) -> bool {
        let done = matches!(self.peril, None | Some(Peril::CrashAfter | Peril::CrashNoted));
        done || self.fate == Second::Late
    }

    /// What must be written, in this order; what finds its wish fulfilled writes nothing.
    fn writes(&self) -> Vec<Slate> {
        let sittings = match (self.first_wins(), self.first_came_through()) {
            (true, _) => vec![self.first],
            (false, true) => vec![self.first, self.second],
            (false, false) => vec![self.second],
        };
        let mut slates = vec![Slate::clean()];
        for sitting in sittings {
            let next = slates[slates.len() - 1].with(sitting);
            if next != slates[slates.len() - 1] {
                slates.push(next);
            }
        }
        slates.split_off(1)
    }

    /// Says what is wrong with what came of it.
    fn complaint(&self, effects: &[Effect], [first, second]: [&ResultView; 2]) -> Option<String> {
        let written: Vec<Slate> = effects.iter().map(|effect| Slate::of(&effect.after)).collect();
        if written != self.writes() {
            return Some(format!("wrote {written:?} instead of {:?}", self.writes()));
        }
        let (winner, loser) = if self.first_wins() {
            (first, second)
        } else {
            (second, first)
        };
        let found_it_done = !self.first_wins() && self.first_came_through() && self.writes().len() == 1;
        let proved = if found_it_done {
            ResultState::NoOp
        } else {
            ResultState::Verified
        };
        if winner.state != proved {
            return Some(format!(
                "what counts is {:?} ({:?}), not {proved:?}",
                winner.state, winner.code
            ));
        }
        // Only who had come to his end before he was overtaken is not overtaken.
        let ended = !self.first_wins() && (self.peril.is_none() || self.fate == Second::Late);
        let fits = match loser.state {
            ResultState::Superseded => !ended && loser.superseded_by.as_ref() == Some(&winner.result_id),
            ResultState::Delivered | ResultState::Verified => ended,
            ResultState::Accepted
            | ResultState::Running
            | ResultState::Retrying
            | ResultState::Parked
            | ResultState::Confirmed
            | ResultState::NoOp
            | ResultState::Dead
            | ResultState::Discarded => false,
        };
        (!fits).then(|| format!("what was overtaken is {:?} by {:?}", loser.state, loser.superseded_by))
    }
}

/// Several connectors, since each has its own gate and its own turn; and few people in many courses, for the simulator
/// looks through all people at each search.
async fn register(stage: &Stage, pairs: &[Pair]) {
    let registry = stage.producer.registry();
    let connector = registry.connector(&"acme".parse().unwrap()).await.unwrap().unwrap();
    let exam = registry.exam(&"forklift-01".parse().unwrap()).await.unwrap().unwrap();
    for group in pairs.chunk_by(|one, other| one.course() == other.course()) {
        let course = group[0].course();
        let connector = Connector {
            id: format!("c-{course}").parse().unwrap(),
            ..connector.clone()
        };
        let exam = Exam {
            id: group[0].exam().parse().unwrap(),
            connector: connector.id.clone(),
            course_id: course,
            version_policy: group[0].policy,
            on_failed: OnOutcome::InProgress,
            write_score_on_failed: true,
            on_non_graded: OnOutcome::Suspended,
            write_score_on_non_graded: false,
            ..exam.clone()
        };
        registry.put_connector(&connector, "test").await.unwrap();
        registry.put_exam(&exam, "test").await.unwrap();
        for pair in group {
            stage.docebo.put_enrollment(Enrollment::new(course, pair.person()));
        }
    }
}

/// Hands in one result of each of these.
async fn hand_in(scene: &Scene, pairs: impl Iterator<Item = &Pair>, which: usize) {
    let mut results = Vec::new();
    for pair in pairs {
        let id = pair.ids()[which].clone();
        let (sitting, peril) = match (which, pair.fate) {
            (0, _) => (pair.first, pair.peril),
            (_, Second::Amid(peril)) => (pair.second, peril),
            (_, Second::Late) => (pair.second, None),
        };
        if let Some(peril) = peril {
            scene.perils.arm(&id, (pair.course(), pair.person()), peril);
        }
        results.push(sitting.result(id, pair.exam(), email(pair.person())));
    }
    for verdict in scene.stage.producer.push_all(&results).await {
        verdict.unwrap();
    }
}

/// Redrives what is dead, if it is wanted so.
async fn redrive(scene: &Scene, wanted: impl Fn(&str) -> bool) -> usize {
    let dead = scene.all(State::Dead).await;
    let dead: Vec<_> = dead
        .iter()
        .filter(|job| wanted(job.result_id.as_deref().unwrap()))
        .map(|job| job.id)
        .collect();
    let by = Intervention {
        actor: "ops".to_owned(),
        reason: "Docebo takes it now".to_owned(),
        at_ms: scene.clock.now_ms(),
    };
    scene.stage.producer.queue().redrive(&dead, &by).await.unwrap();
    dead.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_interleaving_of_two_results_ends_as_the_policy_demands() {
    let pairs = table();
    let (stage, clock) = stage_by_clock(PEOPLE, 1_000_000).await;
    register(&stage, &pairs).await;

    let mut scene = Scene::new(stage, clock);
    let late: BTreeSet<String> = pairs
        .iter()
        .filter(|pair| pair.fate == Second::Late)
        .flat_map(Pair::ids)
        .collect();

    hand_in(&scene, pairs.iter(), 0).await;
    scene.hire_two(pairs.len());
    scene.still().await;

    assert_eq!(
        scene.perils.unstruck(),
        BTreeSet::new(),
        "each first result has met its peril"
    );

    scene.kill_all().await;

    let amid = |pair: &&Pair| pair.fate != Second::Late;
    hand_in(&scene, pairs.iter().filter(amid), 1).await;
    redrive(&scene, |result_id| late.contains(result_id)).await;
    scene.hire_two(pairs.len());
    scene.pass(Duration::from_secs(80)).await;

    // What was overtaken before its first call meets nothing.
    let met_nothing = scene.perils.unstruck();
    let overtaken = |pair: &&Pair| matches!(pair.fate, Second::Amid(Some(_))) && pair.first_wins();
    let overtaken: BTreeSet<String> = pairs
        .iter()
        .filter(overtaken)
        .map(|pair| pair.ids()[1].clone())
        .collect();
    assert_eq!(met_nothing, overtaken, "each second result has met its peril");
    scene.perils.disarm();

    scene.kill_all().await;

    assert!(redrive(&scene, |_| true).await > 0);
    hand_in(&scene, pairs.iter().filter(|pair| !amid(pair)), 1).await;
    scene.hire_two(pairs.len());
    scene.pass(Duration::from_secs(80)).await;

    scene.kill_all().await;

    let mut effects: BTreeMap<(u64, u64), Vec<Effect>> = BTreeMap::new();
    for effect in scene.stage.docebo.effects() {
        effects
            .entry((effect.course_id, effect.user_id))
            .or_default()
            .push(effect);
    }
    let mut wrong = Vec::new();
    for pair in &pairs {
        let [first, second] = pair.ids();
        let result = async |id: String| scene.stage.producer.result(&id).await.unwrap().unwrap();
        let (first, second) = (result(first).await, result(second).await);
        let effects = effects.remove(&(pair.course(), pair.person())).unwrap_or_default();
        wrong.extend(
            pair.complaint(&effects, [&first, &second])
                .map(|complaint| format!("{pair:?}: {complaint}")),
        );
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        pairs.len(),
        wrong[..wrong.len().min(20)].join("\n")
    );
    assert_eq!(
        scene.stage.producer.queue().violations().await.unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(scene.stage.docebo.counts().overlapping_writes, 0);
}
