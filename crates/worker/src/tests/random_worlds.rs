//! Random worlds: whatever happens in whatever order, what counts is written or waits for a person, and what people put
//! into Docebo is not overwritten without a word from a person.

use std::collections::BTreeMap;

use passback_producer::{ResultState, ResultView, Verdict};
use passback_simulator::Effect;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use super::oracle::Slate;
use super::perils::Place;
use super::random_moves::{Move, PEOPLE, moves};
use super::random_play::{Decided, Handed, Play};

/// So many worlds take some fifteen seconds; `PROPTEST_CASES` and `PROPTEST_RNG_SEED` ask for others.
const WORLDS: u32 = 24;
const SEED: u64 = 4;

fn asked_for<T: std::str::FromStr>(variable: &str) -> Option<T> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn whatever_happens_each_enrolment_ends_as_policy_and_people_want_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: asked_for("PROPTEST_CASES").unwrap_or(WORLDS),
        rng_seed: RngSeed::Fixed(asked_for("PROPTEST_RNG_SEED").unwrap_or(SEED)),
        failure_persistence: None,
        max_shrink_iters: 100,
        ..Config::default()
    };
    let checked = TestRunner::new(config).run(&moves(), |moves| {
        let wrong = runtime.block_on(play(&moves));
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(TestCaseError::fail(wrong.join("\n")))
        }
    });
    checked.unwrap_or_else(|failed| panic!("{failed}"));
}

/// Plays a world to its end and says what is wrong with it.
async fn play(moves: &[Move]) -> Vec<String> {
    let mut play = Play::begin().await;
    for one in moves {
        play.one(one).await;
    }
    play.come_to_rest().await;
    let mut rows = BTreeMap::new();
    for handed in &play.handed {
        rows.insert(handed.id.clone(), play.view(&handed.id).await);
    }
    let end = End {
        effects: play.scene.stage.docebo.effects(),
        play,
        rows,
    };
    let mut wrong = end.play.scene.stage.producer.queue().violations().await.unwrap();
    wrong.extend(end.play.handed.iter().filter_map(|handed| end.unended(handed)));
    wrong.extend(end.effects.iter().filter_map(|effect| end.overwritten(effect)));
    for who in 0..PEOPLE {
        wrong.extend(end.out_of_order(who));
        wrong.extend(end.unexplained(who));
    }
    wrong
}

/// A world at rest.
struct End {
    play: Play,
    effects: Vec<Effect>,
    rows: BTreeMap<String, ResultView>,
}

impl End {
    /// Each result is at its end, or it waits for something that can come.
    fn unended(&self, handed: &Handed) -> Option<String> {
        let row = &self.rows[&handed.id];
        let decidable = ["manual_override", "identity_changed", "conflict", "verify_mismatch"];
        let waits = row.state.needs_a_person();
        let must_decide = row.code.as_deref().is_some_and(|code| decidable.contains(&code));
        let fine = row.state.is_final() || (waits && (!must_decide || row.case.is_some()));
        (!fine).then(|| format!("{} is left as {:?} {:?}", handed.id, row.state, row.code))
    }

    fn before(&self, effect: &Effect) -> impl Iterator<Item = &Effect> {
        let place = (effect.course_id, effect.user_id);
        let earlier = self.effects.iter().take_while(move |other| other.seq < effect.seq);
        earlier.filter(move |other| (other.course_id, other.user_id) == place)
    }

    /// What a person put there is written over only if it was nothing, what passback knew, or given up by a person.
    fn overwritten(&self, effect: &Effect) -> Option<String> {
        let place: Place = (effect.course_id, effect.user_id);
        let last = self.before(effect).last();
        let since = last.map_or(0, |last| last.seq);
        let mut edits = self.play.edits.iter();
        let edited = edits.any(|edit| edit.place == place && (since..effect.seq).contains(&edit.after));
        if !edited {
            return None;
        }
        let found = Slate::of(&effect.before);
        let nothing = last.is_none() && found.is_untouched();
        let known = last.is_some_and(|last| [&last.before, &last.after].map(Slate::of).contains(&found));
        let decided = self.play.decided.iter().filter(|decided| decided.after < effect.seq);
        let given_up = |decided: &Decided| decided.verdict == Verdict::WriteOurs && decided.is_about(&found);
        let given_up = decided.clone().any(given_up);
        let base = last.map_or_else(Slate::clean, |last| Slate::of(&last.after));
        let agreed = |handed: &Handed| handed.on(&base) == found || handed.on(&Slate::clean()) == found;
        let agreed = self.of(effect.course_id).any(agreed);
        let fine = nothing || known || given_up || agreed;
        (!fine).then(|| {
            format!(
                "{found:?} at {place:?} was written over with {:?}",
                Slate::of(&effect.after)
            )
        })
    }

    fn of(&self, course: u64) -> impl Iterator<Item = &Handed> {
        let handed = self.play.handed.iter();
        handed.filter(move |handed| self.play.place(handed.who).0 == course)
    }

    /// Whose result a write was; none where it has no score of its own.
    fn writer(&self, effect: &Effect) -> Option<&Handed> {
        let score = effect.body.get("score_given")?.as_f64()?;
        self.of(effect.course_id).find(|handed| handed.score == Some(score))
    }

    /// No result is written over one that counts before it.
    fn out_of_order(&self, who: u64) -> Vec<String> {
        let course = self.play.place(who).0;
        let effects = self.effects.iter().filter(|effect| effect.course_id == course);
        let writers: Vec<&Handed> = effects.filter_map(|effect| self.writer(effect)).collect();
        let allowed = |id: &str| {
            self.play
                .decided
                .iter()
                .any(|decided| decided.result_id == id && decided.lets_conflict())
        };
        let wrong = |older: &Handed, newer: &Handed| {
            let equal = older.id != newer.id && !newer.beats(older) && !older.beats(newer);
            older.beats(newer) || (equal && !allowed(&newer.id))
        };
        let pairs = writers
            .iter()
            .enumerate()
            .flat_map(|(at, older)| writers[at + 1..].iter().map(move |newer| (older, newer)));
        let wrong = pairs.filter(|(older, newer)| wrong(older, newer));
        wrong
            .map(|(older, newer)| format!("{} was written after {}", newer.id, older.id))
            .collect()
    }

    /// The enrolment is as the result wants it that counts, or there is somebody who says why not.
    fn unexplained(&self, who: u64) -> Option<String> {
        let place = self.play.place(who);
        let handed: Vec<&Handed> = self.of(place.0).filter(|handed| !handed.cancelled).collect();
        let counts = |one: &&&Handed| !handed.iter().any(|other| other.beats(one));
        let best: Vec<&&Handed> = handed.iter().filter(counts).collect();
        let slate = self.play.slate(place);
        let fine = best.is_empty()
            || best
                .iter()
                .any(|one| slate.as_ref().is_some_and(|slate| one.on(slate) == *slate))
            || best.iter().any(|one| self.has_a_reason(one, place));
        (!fine).then(|| {
            format!(
                "{place:?} is {slate:?}, and {best:?} counts: {:?}",
                best.iter().map(|one| &self.rows[&one.id]).collect::<Vec<_>>()
            )
        })
    }

    fn has_a_reason(&self, one: &Handed, place: Place) -> bool {
        let row = &self.rows[&one.id];
        let written = self
            .effects
            .iter()
            .filter(|effect| self.writer(effect).is_some_and(|writer| writer.id == one.id));
        let last = self
            .effects
            .iter()
            .rfind(|effect| (effect.course_id, effect.user_id) == place);
        let since = last.map_or(0, |last| last.seq);
        match row.state {
            ResultState::Parked | ResultState::Dead | ResultState::Discarded => true,
            // It gave way to one that a person took back, or that was chosen among equals.
            ResultState::Superseded => {
                let by = row
                    .superseded_by
                    .as_deref()
                    .and_then(|id| self.play.handed.iter().find(|handed| handed.id == id));
                by.is_some_and(|by| by.cancelled || !one.beats(by))
            }
            // Somebody has changed it since, or the address leads to another account since.
            ResultState::Delivered | ResultState::Confirmed | ResultState::Verified | ResultState::NoOp => {
                let mut edits = self.play.edits.iter();
                let edited = edits.any(|edit| edit.place == place && edit.after >= since);
                let elsewhere = written.clone().any(|effect| effect.user_id != place.1);
                let kept = self
                    .play
                    .decided
                    .iter()
                    .any(|decided| decided.verdict == Verdict::KeepTheirs);
                edited || elsewhere || kept
            }
            ResultState::Accepted | ResultState::Running | ResultState::Retrying => false,
        }
    }
}

impl Slate {
    fn is_untouched(&self) -> bool {
        let status = self.status == 0 || self.status == 1;
        status && self.score.unwrap_or(0.0) == 0.0 && self.date.is_none()
    }
}
