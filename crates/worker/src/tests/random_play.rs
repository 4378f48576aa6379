//! Plays the moves of a random world, and keeps its own book of what was handed in, changed by hand and decided.

use std::collections::BTreeSet;
use std::time::Duration;

use passback_producer::{Code, ExamResult, Holding, Outcome, ResultCase, ResultView, Verdict};
use passback_queue::{Discarded, Intervention, State};
use passback_registry::{Exam, OnOutcome, VersionPolicy};
use passback_simulator::{Enrollment, User};

use super::oracle::Slate;
use super::perils::{Place, Scene};
use super::random_moves::{Hand, Move, PEOPLE, once};
use super::town::{email, stage_by_clock};

const FIRST_COURSE: u64 = 146;
const LOOKED_AT: Duration = Duration::from_hours(6);
const PROVED: Duration = Duration::from_secs(80);

/// A result that was handed in.
#[derive(Debug, Clone)]
pub(crate) struct Handed {
    pub(crate) id: String,
    pub(crate) who: u64,
    pub(crate) outcome: Outcome,
    pub(crate) score: Option<f64>,
    pub(crate) date: String,
    pub(crate) rank: u8,
    pub(crate) cancelled: bool,
}

/// Something that a person did to an enrolment in Docebo, after so many writes.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    pub(crate) after: u64,
    pub(crate) place: Place,
}

/// Something that an operator decided, after so many writes.
#[derive(Debug, Clone)]
pub(crate) struct Decided {
    pub(crate) after: u64,
    pub(crate) result_id: String,
    pub(crate) verdict: Verdict,
    pub(crate) case: ResultCase,
}

/// A world in which moves are played.
pub(crate) struct Play {
    pub(crate) scene: Scene,
    pub(crate) handed: Vec<Handed>,
    pub(crate) edits: Vec<Edit>,
    pub(crate) decided: Vec<Decided>,
    moved: BTreeSet<u64>,
}

pub(crate) fn policy(who: u64) -> VersionPolicy {
    VersionPolicy::ALL[usize::try_from(who).unwrap() % VersionPolicy::ALL.len()]
}

impl Play {
    pub(crate) async fn begin() -> Self {
        let (stage, clock) = stage_by_clock(2 * PEOPLE, 1_000_000).await;
        let registry = stage.producer.registry();
        let exam = registry.exam(&"forklift-01".parse().unwrap()).await.unwrap().unwrap();
        for who in 0..PEOPLE {
            let exam = Exam {
                id: format!("e-{who}").parse().unwrap(),
                course_id: FIRST_COURSE + who,
                version_policy: policy(who),
                on_failed: OnOutcome::InProgress,
                write_score_on_failed: true,
                on_non_graded: OnOutcome::Suspended,
                ..exam.clone()
            };
            registry.put_exam(&exam, "test").await.unwrap();
            for user in [who + 1, who + 1 + PEOPLE] {
                stage.docebo.put_enrollment(Enrollment::new(FIRST_COURSE + who, user));
            }
        }
        let mut play = Self {
            scene: Scene::new(stage, clock),
            handed: Vec::new(),
            edits: Vec::new(),
            decided: Vec::new(),
            moved: BTreeSet::new(),
        };
        play.scene.hire_two(16);
        play
    }

    /// Where a person's results go now.
    pub(crate) fn place(&self, who: u64) -> Place {
        let moved = self.moved.contains(&who);
        (FIRST_COURSE + who, who + 1 + if moved { PEOPLE } else { 0 })
    }

    pub(crate) fn slate(&self, (course, user): Place) -> Option<Slate> {
        self.scene.stage.docebo.enrollment(course, user).as_ref().map(Slate::of)
    }

    pub(crate) async fn view(&self, result_id: &str) -> ResultView {
        self.scene.stage.producer.result(result_id).await.unwrap().unwrap()
    }

    pub(crate) async fn one(&mut self, one: &Move) {
        match one {
            Move::Sits {
                who,
                outcome,
                rank,
                peril,
            } => {
                let handed = self.handed_in(*who, *outcome, *rank);
                if let Some(peril) = peril {
                    self.scene.perils.arm(&handed.id, self.place(*who), *peril);
                }
                self.hand_in(handed).await;
            }
            Move::Fails { who, on, kind } => self.scene.stage.docebo.add_fault(once(*on, *kind, self.place(*who))),
            Move::Crash => {
                self.scene.kill_all().await;
                self.scene.hire_two(16);
            }
            Move::Pass { steps } => self.scene.pass(Duration::from_secs(10) * u32::from(*steps)).await,
            Move::Wait => self.scene.jump(LOOKED_AT).await,
            Move::Edits { who, hand } => self.edit(*who, *hand),
            Move::Leaves { who } => self.leave(*who),
            Move::Moves { who } => self.move_over(*who),
            Move::Redrive => self.redrive().await,
            Move::Decides { who, writes } => self.decide(*who, *writes).await,
            Move::Cancels { who } => self.cancel(*who).await,
        }
        self.scene.still().await;
    }

    /// Nothing goes wrong any more, and time passes until nothing moves.
    pub(crate) async fn come_to_rest(&mut self) {
        self.scene.stage.docebo.clear_faults();
        self.scene.perils.disarm();
        self.scene.kill_all().await;
        self.scene.hire_two(16);
        let acme = "acme".parse().unwrap();
        self.scene.stage.producer.connector_works(&acme).await.unwrap();
        for _ in 0..2 {
            self.scene.pass(PROVED).await;
            self.scene.jump(LOOKED_AT).await;
        }
        self.scene.pass(PROVED).await;
        self.scene.kill_all().await;
    }

    /// No two results have the same score, so that each write tells whose it is.
    fn handed_in(&self, who: u64, outcome: Outcome, rank: u8) -> Handed {
        let number = u8::try_from(self.handed.len()).unwrap();
        let score = match outcome {
            Outcome::Failed => Some(10 + number),
            Outcome::Passed => Some(60 + number),
            Outcome::NonGraded => None,
        };
        // Where there is a sequence, it counts: the times say the contrary.
        let minute = if is_counted(who) { 59 - rank } else { rank };
        Handed {
            id: format!("r-{number}"),
            who,
            outcome,
            score: score.map(f64::from),
            date: format!("2026-11-20 09:{minute:02}:00"),
            rank,
            cancelled: false,
        }
    }

    async fn hand_in(&mut self, handed: Handed) {
        let result = ExamResult {
            result_id: handed.id.clone(),
            exam_id: format!("e-{}", handed.who),
            email: email(handed.who + 1),
            outcome: handed.outcome.into(),
            score_percent: handed.score,
            completed_at: format!("{}Z", handed.date.replace(' ', "T")),
            sequence: is_counted(handed.who).then_some(u64::from(handed.rank)),
        };
        self.handed.push(handed);
        self.scene.stage.producer.push(&result).await.unwrap();
    }

    fn edit(&mut self, who: u64, hand: Hand) {
        let place = self.place(who);
        let before = self.slate(place).unwrap_or_else(Slate::clean);
        let newest = self.handed.iter().rfind(|handed| handed.who == who);
        let slate = match hand {
            Hand::Rescored => Slate {
                status: Enrollment::IN_PROGRESS,
                score: Some(5.0),
                ..before
            },
            Hand::Completed => Slate {
                status: Enrollment::COMPLETED,
                score: Some(99.0),
                date: Some("2026-11-21 12:00:00".to_owned()),
            },
            Hand::Suspended => Slate {
                status: Enrollment::SUSPENDED,
                ..before
            },
            Hand::Cleared => Slate::clean(),
            Hand::AsWanted => newest.map_or(before.clone(), |handed| handed.on(&before)),
        };
        self.scene.stage.docebo.put_enrollment(Enrollment {
            status: slate.status,
            score: slate.score,
            date_complete: slate.date.clone(),
            ..Enrollment::new(place.0, place.1)
        });
        self.log(place);
    }

    fn leave(&mut self, who: u64) {
        let place = self.place(who);
        self.scene.stage.docebo.remove_enrollment(place.0, place.1);
        self.log(place);
    }

    fn log(&mut self, place: Place) {
        let after = self.writes();
        self.edits.push(Edit { after, place });
    }

    fn writes(&self) -> u64 {
        self.scene.stage.docebo.counts().effects
    }

    fn move_over(&mut self, who: u64) {
        if !self.moved.remove(&who) {
            self.moved.insert(who);
        }
        // What stands there is somebody's as well.
        self.log(self.place(who));
        let moved = self.moved.contains(&who);
        let away = |id: u64| format!("away-{id:06}@example.org");
        let (here, there) = (who + 1, who + 1 + PEOPLE);
        let (old, new) = if moved { (here, there) } else { (there, here) };
        for (id, email) in [(old, away(old)), (new, email(here))] {
            self.scene.stage.docebo.put_user(User {
                id,
                email,
                username: format!("person-{id}"),
                first_name: String::new(),
                last_name: String::new(),
                active: true,
            });
        }
    }

    fn by(&self) -> Intervention {
        Intervention {
            actor: "ops".to_owned(),
            reason: "as they see fit".to_owned(),
            at_ms: self.scene.clock.now_ms(),
        }
    }

    async fn redrive(&self) {
        let dead: Vec<_> = self.scene.all(State::Dead).await.iter().map(|job| job.id).collect();
        self.scene
            .stage
            .producer
            .queue()
            .redrive(&dead, &self.by())
            .await
            .unwrap();
    }

    async fn decide(&mut self, who: u64, writes: bool) {
        let verdict = if writes {
            Verdict::WriteOurs
        } else {
            Verdict::KeepTheirs
        };
        for handed in self.handed.clone().iter().rev().filter(|handed| handed.who == who) {
            let after = self.writes();
            let producer = &self.scene.stage.producer;
            if let Ok(case) = producer
                .decide(&handed.id, verdict, None, "ops", "as they see fit")
                .await
            {
                let result_id = handed.id.clone();
                self.decided.push(Decided {
                    after,
                    result_id,
                    verdict,
                    case,
                });
                return;
            }
        }
    }

    async fn cancel(&mut self, who: u64) {
        let by = self.by();
        let Some(newest) = self.handed.iter().rposition(|handed| handed.who == who) else {
            return;
        };
        let job = self.view(&self.handed[newest].id).await.job_id;
        let ended = self.scene.stage.producer.queue().cancel(&[job], &by).await.unwrap();
        self.handed[newest].cancelled |= ended == [Discarded::Discarded];
    }
}

/// Whether this person's results are counted by the exam engine.
fn is_counted(who: u64) -> bool {
    who == PEOPLE - 1
}

impl Handed {
    /// A slate with this result on it.
    pub(crate) fn on(&self, before: &Slate) -> Slate {
        let (status, date) = match self.outcome {
            Outcome::Failed => (Enrollment::IN_PROGRESS, None),
            Outcome::NonGraded => (Enrollment::SUSPENDED, None),
            Outcome::Passed => (Enrollment::COMPLETED, Some(self.date.clone())),
        };
        Slate {
            status,
            score: self.score.or(before.score),
            date: date.or_else(|| before.date.clone()),
        }
    }

    pub(crate) fn passed(&self) -> bool {
        self.outcome == Outcome::Passed
    }

    /// Whether this one counts and not the other; neither does where they are equally new.
    pub(crate) fn beats(&self, other: &Self) -> bool {
        let newer = self.rank > other.rank;
        let only_one_passed = self.passed() != other.passed();
        match policy(self.who) {
            VersionPolicy::PassSticky | VersionPolicy::Best if only_one_passed => self.passed(),
            VersionPolicy::Best if self.score != other.score => self.score > other.score,
            VersionPolicy::Latest | VersionPolicy::PassSticky | VersionPolicy::Best => newer,
        }
    }
}

impl Decided {
    /// Whether the person had this value before their eyes.
    pub(crate) fn is_about(&self, slate: &Slate) -> bool {
        self.case
            .theirs
            .as_ref()
            .is_some_and(|theirs| slate.is_shown_as(theirs))
    }

    pub(crate) fn lets_conflict(&self) -> bool {
        self.case.code == Code::Conflict && self.verdict == Verdict::WriteOurs
    }
}

impl Slate {
    /// Whether Docebo shows this slate so.
    pub(crate) fn is_shown_as(&self, holding: &Holding) -> bool {
        let status = match self.status {
            Enrollment::IN_PROGRESS => "in_progress",
            Enrollment::COMPLETED => "completed",
            Enrollment::SUSPENDED => "suspended",
            _ => "subscribed",
        };
        holding.status.as_deref() == Some(status)
            && (holding.score.unwrap_or(0.0) - self.score.unwrap_or(0.0)).abs() < 0.01
            && holding.completed_at == self.date
    }
}
