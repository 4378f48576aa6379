//! What was asked and what took effect: the oracle of end-to-end tests.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Moment;
use crate::enrollment::Enrollment;
use crate::fault::FaultKind;
use crate::request::{Endpoint, Pair, Target};

/// The most requests that are kept; the oldest go first, [`Counts`] keeps counting.
pub(crate) const MAX_REQUESTS: usize = 100_000;

/// The most effects that are kept; the oldest go first, [`Counts`] keeps counting.
pub(crate) const MAX_EFFECTS: usize = 200_000;

/// One write that took effect, whether or not its answer arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// The position in the ledger, from 1.
    pub seq: u64,
    /// When it took effect, in milliseconds since 1970.
    pub at_ms: i64,
    /// The course.
    pub course_id: u64,
    /// The user.
    pub user_id: u64,
    /// The enrolment before.
    pub before: Enrollment,
    /// The enrolment after.
    pub after: Enrollment,
    /// The body of the request.
    pub body: Value,
    /// Whether it was answered; false if the answer was cut or nobody waited for it.
    pub answered: bool,
}

/// One request as the simulator saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestSeen {
    /// The position among all requests, from 1.
    pub seq: u64,
    /// When it arrived, in milliseconds since 1970.
    pub at_ms: i64,
    /// How long its answer took; `None` while there is none.
    pub duration_ms: Option<u64>,
    /// What it asked for.
    pub endpoint: Endpoint,
    /// How it was answered.
    pub answer: Answer,
    /// The fault that struck it.
    pub fault: Option<FaultKind>,
    /// The course, of an enrolment call.
    pub course_id: Option<u64>,
    /// The user, of an enrolment call.
    pub user_id: Option<u64>,
    /// Whether another write for the same user and course was still waiting for its answer.
    pub overlapping: bool,
}

/// How a request was answered: a status in files, or "cut", or "pending".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "SpelledAnswer", into = "SpelledAnswer")]
pub enum Answer {
    /// Not yet, or the client left before.
    Pending,
    /// With this HTTP status.
    Status(u16),
    /// Not at all: the connection was closed.
    Cut,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum SpelledAnswer {
    Status(u16),
    Word(AnswerWord),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AnswerWord {
    Pending,
    Cut,
}

impl From<SpelledAnswer> for Answer {
    fn from(spelled: SpelledAnswer) -> Self {
        match spelled {
            SpelledAnswer::Status(status) => Self::Status(status),
            SpelledAnswer::Word(AnswerWord::Pending) => Self::Pending,
            SpelledAnswer::Word(AnswerWord::Cut) => Self::Cut,
        }
    }
}

impl From<Answer> for SpelledAnswer {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Status(status) => Self::Status(status),
            Answer::Pending => Self::Word(AnswerWord::Pending),
            Answer::Cut => Self::Word(AnswerWord::Cut),
        }
    }
}

/// Totals since the start; they go on when the lists have reached their limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All requests except control requests.
    pub requests: u64,
    /// Requests by what they asked for.
    pub by_endpoint: BTreeMap<Endpoint, u64>,
    /// Answers by HTTP status.
    pub by_status: BTreeMap<u16, u64>,
    /// Connections closed instead of an answer.
    pub cut: u64,
    /// Requests struck by a fault.
    pub faults: u64,
    /// Requests refused because the hourly quota was used up.
    pub over_quota: u64,
    /// Tokens given out.
    pub tokens_issued: u64,
    /// Writes that took effect.
    pub effects: u64,
    /// Writes that arrived while another one for the same user and course was running.
    pub overlapping_writes: u64,
}

/// The requests, effects and totals of one tenant.
#[derive(Default)]
pub(crate) struct Ledger {
    requests: VecDeque<RequestSeen>,
    effects: VecDeque<Effect>,
    pub(crate) counts: Counts,
}

impl Ledger {
    /// Notes that a request arrived; returns its position.
    pub(crate) fn arrived(&mut self, target: Target, overlapping: bool, now: Moment) -> u64 {
        self.counts.requests += 1;
        self.counts.overlapping_writes += u64::from(overlapping);
        *self.counts.by_endpoint.entry(target.endpoint).or_default() += 1;
        let seq = self.counts.requests;
        if self.requests.len() >= MAX_REQUESTS {
            self.requests.pop_front();
        }
        self.requests.push_back(RequestSeen {
            seq,
            at_ms: now.0,
            duration_ms: None,
            endpoint: target.endpoint,
            answer: Answer::Pending,
            fault: None,
            course_id: target.pair.map(|pair| pair.course_id),
            user_id: target.pair.map(|pair| pair.user_id),
            overlapping,
        });
        seq
    }

    /// Notes that a fault struck a request.
    pub(crate) fn struck(&mut self, seq: u64, fault: FaultKind) {
        self.counts.faults += 1;
        let first = self.requests.front().map(|request| request.seq);
        if let Some(request) = at(&mut self.requests, first, seq) {
            request.fault = Some(fault);
        }
    }

    /// Notes how a request was answered.
    pub(crate) fn answered(&mut self, seq: u64, answer: Answer, now: Moment) {
        match answer {
            Answer::Status(status) => *self.counts.by_status.entry(status).or_default() += 1,
            Answer::Cut => self.counts.cut += 1,
            Answer::Pending => {}
        }
        let first = self.requests.front().map(|request| request.seq);
        if let Some(request) = at(&mut self.requests, first, seq) {
            request.answer = answer;
            request.duration_ms = u64::try_from(now.0.saturating_sub(request.at_ms)).ok();
        }
    }

    /// Notes that a write took effect; returns its position.
    pub(crate) fn took_effect(
        &mut self,
        pair: Pair,
        before: Enrollment,
        after: Enrollment,
        body: Value,
        now: Moment,
    ) -> u64 {
        self.counts.effects += 1;
        let seq = self.counts.effects;
        if self.effects.len() >= MAX_EFFECTS {
            self.effects.pop_front();
        }
        self.effects.push_back(Effect {
            seq,
            at_ms: now.0,
            course_id: pair.course_id,
            user_id: pair.user_id,
            before,
            after,
            body,
            answered: false,
        });
        seq
    }

    /// Notes that the answer to a write was handed over.
    pub(crate) fn effect_answered(&mut self, seq: u64) {
        let first = self.effects.front().map(|effect| effect.seq);
        if let Some(effect) = at(&mut self.effects, first, seq) {
            effect.answered = true;
        }
    }

    pub(crate) fn requests(&self) -> Vec<RequestSeen> {
        self.requests.iter().cloned().collect()
    }

    pub(crate) fn effects(&self) -> Vec<Effect> {
        self.effects.iter().cloned().collect()
    }
}

/// Finds an entry by its position; `None` if it is already gone.
fn at<T>(entries: &mut VecDeque<T>, first: Option<u64>, seq: u64) -> Option<&mut T> {
    let index = usize::try_from(seq.checked_sub(first?)?).ok()?;
    entries.get_mut(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Target = Target {
        endpoint: Endpoint::EnrollmentRead,
        pair: None,
    };

    #[test]
    fn the_list_of_requests_is_bounded_and_the_totals_are_not() {
        let mut ledger = Ledger::default();
        for _ in 0..=MAX_REQUESTS {
            let seq = ledger.arrived(READ, false, Moment(5));
            ledger.answered(seq, Answer::Status(200), Moment(7));
        }
        ledger.answered(1, Answer::Cut, Moment(9));
        let requests = ledger.requests();
        assert_eq!(requests.len(), MAX_REQUESTS);
        assert_eq!(requests[0].seq, 2);
        assert_eq!(requests[0].answer, Answer::Status(200));
        assert_eq!(requests[0].duration_ms, Some(2));
        assert_eq!(ledger.counts.requests, 100_001);
        assert_eq!(ledger.counts.cut, 1);
    }

    #[test]
    fn an_answer_is_spelled_as_its_status_or_a_word() {
        let all = [Answer::Status(503), Answer::Cut, Answer::Pending];
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(text, r#"[503,"cut","pending"]"#);
        assert_eq!(serde_json::from_str::<Vec<Answer>>(&text).unwrap(), all);
    }
}
