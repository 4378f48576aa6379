//! From a row of the outcome table to the job's next state: limits, delays, wake keys. Pure.

use std::time::Duration;

use jiff::Timestamp;
use passback_producer::{Answer, CheckAnswer, Code, OwnResult, wake};
use passback_queue::{Gate, JobRecord, Lane, Name, Transition};
use passback_registry::{ConnectorId, ExamId};

use crate::config::Limits;
use crate::handler::{CheckWay, LookAgain, PushWay, Wake, behind_gate, row_of};
use crate::outcome::{About, Finding, Happened, Pushed, Trouble, Verified};
use crate::retry_delay::{Spread, a_little_after, whole_ms};

/// Attempts in a row after which an answer that cannot be read is a person's business.
const FEW_ATTEMPTS: u32 = 5;
const HOUR: Duration = Duration::from_hours(1);

/// The settings that a decision depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) limits: Limits,
    pub(crate) push_retry: Spread,
    pub(crate) check_retry: Spread,
}

/// What is known of the attempt besides what happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// The job as it was leased.
    pub(crate) record: &'a JobRecord,
    /// What it turned out to be about.
    pub(crate) about: Option<&'a About>,
    /// The gate of the connector that it called.
    pub(crate) gate: Option<&'a Gate>,
    /// The queue's time.
    pub(crate) now_ms: u64,
    /// A random number.
    pub(crate) random: u64,
}

/// What becomes of the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Where it goes.
    pub(crate) transition: Transition,
    /// Why, in the catalogue's word; none where there is nothing to explain.
    pub(crate) code: Option<Code>,
    /// The state that its ledger row takes.
    pub(crate) ledger_state: Option<&'static str>,
    /// A check's final answer.
    pub(crate) answer: Option<CheckAnswer>,
}

/// Decides what becomes of a job.
pub(crate) fn decide(happened: &Happened, facts: Facts<'_>, rules: &Rules) -> Decision {
    match happened {
        Happened::Checked(Finding { code, own }) => {
            let answer = if *code == Code::Eligible {
                Answer::Eligible
            } else {
                Answer::NotEligible
            };
            by_own_result(answered(answer, *code, facts), own.as_ref())
        }
        // A case that an overtaken verify left on its result's row ends with it; any other row is none of its business,
        // which the queue knows.
        Happened::Pushed(Pushed::Delivered) | Happened::Verified(Verified::Overtaken { by: None }) => {
            ended(Transition::Done, None, "delivered")
        }
        Happened::Pushed(Pushed::NothingToDo) => ended(Transition::Done, Some(Code::NoOp), "no_op"),
        Happened::Pushed(Pushed::Superseded { by }) | Happened::Verified(Verified::Overtaken { by: Some(by) }) => {
            let transition = Transition::Superseded { by: by.clone() };
            ended(transition, Some(Code::Superseded), "superseded")
        }
        // Nothing is wrong with the result, and nobody can prove it any more.
        Happened::Verified(Verified::Elsewhere) => Decision {
            transition: Transition::Done,
            code: Some(Code::ExamMoved),
            ledger_state: None,
            answer: None,
        },
        // What it found stands in the result's row already, or with the event.
        Happened::Verified(Verified::AsSent | Verified::Confirmed) | Happened::Reacted(_) => Decision {
            transition: Transition::Done,
            code: None,
            ledger_state: None,
            answer: None,
        },
        Happened::Failed(trouble) => match facts.record.lane {
            Lane::Check => decide_check(trouble, facts, rules),
            Lane::Push | Lane::Background => decide_push(trouble, facts, rules),
        },
    }
}

fn decide_check(trouble: &Trouble, facts: Facts<'_>, rules: &Rules) -> Decision {
    let row = row_of(trouble);
    let waiting = |transition| Decision {
        transition,
        code: Some(row.code),
        ledger_state: None,
        answer: None,
    };
    match row.check {
        CheckWay::Answer(answer) => answered(answer, row.code, facts),
        CheckWay::Again { not_before } => {
            let attempt = facts.record.attempts.saturating_add(1);
            let delay = rules.check_retry.full_jitter(attempt, facts.random);
            let delay_ms = whole_ms(delay.max(not_before.unwrap_or_default()));
            let deadline_ms = facts.record.deadline_ms.unwrap_or(u64::MAX);
            if attempt >= rules.limits.max_attempts {
                answered(Answer::Unverified, Code::Exhausted, facts)
            } else if facts.now_ms.saturating_add(delay_ms) >= deadline_ms {
                answered(Answer::Unverified, row.code, facts)
            } else {
                waiting(Transition::Retry { delay_ms })
            }
        }
        CheckWay::Park { until, look_again } => waiting(park(until, look_again, facts, rules)),
        CheckWay::Release => waiting(Transition::Release),
    }
}

fn decide_push(trouble: &Trouble, facts: Facts<'_>, rules: &Rules) -> Decision {
    let row = row_of(trouble);
    let attempt = facts.record.attempts.saturating_add(1);
    let age_ms = facts.now_ms.saturating_sub(facts.record.born_ms);
    let too_old = age_ms > whole_ms(rules.limits.max_age);
    let buried = |code| ended(Transition::Bury, Some(code), "dead");
    let retrying = |transition| ended(transition, Some(row.code), "retrying");
    let retry = |not_before: Option<Duration>| {
        let own = rules.push_retry.full_jitter(attempt, facts.random);
        let delay_ms = whole_ms(own.max(not_before.unwrap_or_default()));
        retrying(Transition::Retry { delay_ms })
    };
    let used_up = attempt >= rules.limits.max_attempts;
    let way = facts
        .gate
        .map_or(row.push, |gate| behind_gate(row.push, trouble, gate, facts.now_ms));
    match way {
        PushWay::Retry { .. } | PushWay::RetryFewTimes if used_up => buried(Code::Exhausted),
        PushWay::RetryFewTimes if retries_for(row.code, facts.record) + 1 >= FEW_ATTEMPTS => buried(row.code),
        PushWay::Retry { .. } | PushWay::RetryFewTimes | PushWay::Snooze { .. } | PushWay::Hold { .. } if too_old => {
            buried(Code::Exhausted)
        }
        // Its own reason says more than its age.
        PushWay::Park { .. } if too_old => buried(row.code),
        PushWay::Retry { not_before } => retry(not_before),
        PushWay::RetryFewTimes => retry(None),
        PushWay::Snooze { not_before } => {
            let own = rules.push_retry.full_jitter(snoozes(facts.record) + 1, facts.random);
            let delay_ms = whole_ms(own.max(not_before.unwrap_or_default()));
            retrying(Transition::Snooze { delay_ms })
        }
        PushWay::Hold { wait } => retrying(Transition::Snooze {
            delay_ms: whole_ms(a_little_after(wait, facts.random)),
        }),
        PushWay::Park { until, look_again } => ended(park(until, look_again, facts, rules), Some(row.code), "parked"),
        PushWay::Bury => buried(row.code),
        PushWay::Release => Decision {
            transition: Transition::Release,
            code: Some(row.code),
            ledger_state: None,
            answer: None,
        },
    }
}

fn ended(transition: Transition, code: Option<Code>, ledger_state: &'static str) -> Decision {
    Decision {
        transition,
        code,
        ledger_state: Some(ledger_state),
        answer: None,
    }
}

fn answered(answer: Answer, code: Code, facts: Facts<'_>) -> Decision {
    let exam_of_record = || {
        facts
            .record
            .about
            .as_deref()
            .and_then(|text| text.parse::<ExamId>().ok())
    };
    let exam_id = facts.about.map(|about| about.exam.clone()).or_else(exam_of_record);
    Decision {
        transition: Transition::Done,
        code: Some(code),
        ledger_state: None,
        answer: exam_id.map(|exam_id| CheckAnswer {
            exam_id,
            answer,
            code,
            checked_at: timestamp(facts.now_ms),
            own_result: None,
        }),
    }
}

fn by_own_result(decision: Decision, own: Option<&OwnResult>) -> Decision {
    let answer = decision.answer.map(|answer| CheckAnswer {
        own_result: own.cloned(),
        ..answer
    });
    Decision { answer, ..decision }
}

/// Attempts in a row up to now that failed for this very reason; what burned none of them does not end the row.
fn retries_for(code: Code, record: &JobRecord) -> u32 {
    let burned = record
        .history
        .iter()
        .rev()
        .filter(|line| !matches!(line.outcome.as_str(), "snooze" | "release"));
    let streak = burned.take_while(|line| line.outcome == "retry" && line.code == code.as_str());
    u32::try_from(streak.count()).unwrap_or(u32::MAX - 1)
}

/// Snoozes in a row up to now: they burn no attempt, but the wait grows with them as with attempts.
fn snoozes(record: &JobRecord) -> u32 {
    let streak = record.history.iter().rev().take_while(|line| line.outcome == "snooze");
    u32::try_from(streak.count()).unwrap_or(u32::MAX - 1)
}

fn park(until: Wake, look_again: LookAgain, facts: Facts<'_>, rules: &Rules) -> Transition {
    Transition::Park {
        wake: wake_name(until, facts),
        also: match until {
            // Their address may lead to another user by then, who is enrolled.
            Wake::Enrollment => facts.about.map(|about| wake::user(&about.connector, &about.email_hash)),
            Wake::Connector | Wake::User | Wake::Decision | Wake::Unreadable | Wake::Exam => None,
        },
        look_again_ms: match look_again {
            LookAgain::Usual => Some(whole_ms(rules.limits.look_again)),
            LookAgain::Hourly => Some(whole_ms(HOUR)),
        },
    }
}

/// The wake key of an event. Without the facts for it, that of this kind of job: looked at again in any case.
fn wake_name(until: Wake, facts: Facts<'_>) -> Name {
    let record = facts.record;
    let of_record: Option<ConnectorId> = record.connector.parse().ok();
    let exam_of_record: Option<ExamId> = record.about.as_deref().and_then(|text| text.parse().ok());
    let named = match (until, facts.about) {
        (Wake::Connector, Some(about)) => Some(wake::connector(&about.connector)),
        (Wake::Connector, None) => of_record.as_ref().map(wake::connector),
        (Wake::User, about) => about.map(|about| wake::user(&about.connector, &about.email_hash)),
        (Wake::Enrollment, about) => {
            about.map(|about| wake::enrollment(&about.connector, about.course_id, &about.email_hash))
        }
        (
            Wake::Decision,
            Some(About {
                result_id: Some(result_id),
                ..
            }),
        ) => Some(wake::decision(result_id.as_str())),
        (Wake::Decision, _) => record.result_id.as_deref().map(wake::decision),
        (Wake::Exam, Some(about)) => Some(wake::exam(&about.exam)),
        (Wake::Exam, None) => exam_of_record.as_ref().map(wake::exam),
        (Wake::Unreadable, _) => None,
    };
    named.unwrap_or_else(|| wake::unreadable(&record.kind))
}

/// The queue's time as a moment; what lies outside the calendar becomes its nearest end.
pub(crate) fn timestamp(unix_ms: u64) -> Timestamp {
    let unix_ms = i64::try_from(unix_ms).ok();
    unix_ms
        .and_then(|unix_ms| Timestamp::from_millisecond(unix_ms).ok())
        .unwrap_or(Timestamp::MAX)
}
