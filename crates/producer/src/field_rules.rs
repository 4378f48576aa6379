//! What each field of a request may hold. Each rule notes its problem and gives nothing, so that all are found.

use jiff::{SignedDuration, Timestamp};
use passback_queue::Name;
use passback_registry::ExamId;

use crate::{FieldProblem, Outcome};

const MAX_RESULT_ID_BYTES: usize = 128;
const MIN_EMAIL_CHARS: usize = 3;
const MAX_EMAIL_CHARS: usize = 254;
const MAX_TIME_BYTES: usize = 64;
/// 2000-01-01: what lies before is a slip, most often a zero.
const EARLIEST_UNIX_SECONDS: i64 = 946_684_800;
/// Clocks differ, and time zones are mistaken; more than a day ahead is a slip.
const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(24);
const EMAIL_FIX: &str = "send one address like name@example.org";
const TIME_FIX: &str = "send a date, a time and a zone like 2026-11-20T09:30:11Z";

pub(crate) fn result_id(text: &str, problems: &mut Vec<FieldProblem>) -> Option<Name> {
    let fits = (1..=MAX_RESULT_ID_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
    let name = fits.then(|| Name::new(text).ok()).flatten();
    if name.is_none() {
        problems.push(FieldProblem::new(
            "result_id",
            "is not an id",
            format!("use 1 to {MAX_RESULT_ID_BYTES} letters, digits and . _ : -"),
        ));
    }
    name
}

pub(crate) fn exam_id(text: &str, problems: &mut Vec<FieldProblem>) -> Option<ExamId> {
    let id = text.parse().ok();
    if id.is_none() {
        problems.push(FieldProblem::new(
            "exam_id",
            "is not an exam id",
            "use the id from the exam's entry: 1 to 63 lower-case letters, digits, - and _",
        ));
    }
    id
}

/// The address without the spaces around it.
pub(crate) fn email(text: &str, problems: &mut Vec<FieldProblem>) -> Option<String> {
    let text = text.trim();
    match email_problem(text) {
        None => Some(text.to_owned()),
        Some(problem) => {
            problems.push(FieldProblem::new("email", problem, EMAIL_FIX));
            None
        }
    }
}

fn email_problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("is empty");
    }
    if !(MIN_EMAIL_CHARS..=MAX_EMAIL_CHARS).contains(&text.chars().count()) {
        return Some("is not 3 to 254 characters long");
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Some("holds a space or a control character");
    }
    let mut parts = text.split('@');
    let (Some(local), Some(domain), None) = (parts.next(), parts.next(), parts.next()) else {
        return Some("does not have exactly one @");
    };
    if local.is_empty() {
        return Some("has nothing before the @");
    }
    let labels = domain.split('.');
    if !domain.contains('.') || labels.clone().any(str::is_empty) {
        return Some("has no domain with a dot after the @");
    }
    None
}

pub(crate) fn outcome(text: &str, problems: &mut Vec<FieldProblem>) -> Option<Outcome> {
    let outcome = text.parse().ok();
    if outcome.is_none() {
        problems.push(FieldProblem::new(
            "outcome",
            "is not an outcome",
            "use passed, failed or non_graded",
        ));
    }
    outcome
}

/// Gives nothing on a problem, `Some(None)` where no score is sent and none is needed.
#[expect(clippy::option_option, reason = "a missing score and a wrong one are two things")]
pub(crate) fn score_percent(
    score: Option<f64>,
    outcome: Option<Outcome>,
    problems: &mut Vec<FieldProblem>,
) -> Option<Option<f64>> {
    let fix = "send a number from 0 to 100";
    match score {
        Some(score) if (0.0..=100.0).contains(&score) => {
            // A negative zero is a zero.
            Some(Some(score + 0.0))
        }
        Some(_) => {
            problems.push(FieldProblem::new("score_percent", "is not from 0 to 100", fix));
            None
        }
        None => match outcome {
            Some(Outcome::Passed | Outcome::Failed) => {
                let problem = "is missing, and a passed or failed result has a score";
                problems.push(FieldProblem::new("score_percent", problem, fix));
                None
            }
            Some(Outcome::NonGraded) | None => Some(None),
        },
    }
}

pub(crate) fn completed_at(text: &str, now: Timestamp, problems: &mut Vec<FieldProblem>) -> Option<Timestamp> {
    let mut refuse = |problem: &str| {
        problems.push(FieldProblem::new("completed_at", problem, TIME_FIX));
        None
    };
    let Some(at) = parse_time(text.trim()) else {
        return refuse("is not a time with a zone in the form of RFC 3339");
    };
    if at.as_second() < EARLIEST_UNIX_SECONDS {
        return refuse("lies before the year 2000");
    }
    if at.duration_since(now) > MAX_AHEAD {
        return refuse("lies more than a day in the future");
    }
    Some(at)
}

/// RFC 3339 proper: jiff alone would also take `20261120T09Z` and a zone's name in brackets.
fn parse_time(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let at = |position: usize, allowed: &[u8]| bytes.get(position).is_some_and(|byte| allowed.contains(byte));
    let separated = at(4, b"-") && at(7, b"-") && at(10, b"Tt ") && at(13, b":") && at(16, b":");
    if !separated || bytes.len() > MAX_TIME_BYTES || text.contains('[') {
        return None;
    }
    text.parse().ok()
}
