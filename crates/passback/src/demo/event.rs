//! What can stand in the script of an exam day.

use serde::Deserialize;
use serde_json::Value;

/// One line of the script.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// When it happens, counted from the day's start.
    at_ms: u64,
    #[serde(default)]
    check: Option<Check>,
    /// The result as the exam engine sends it, right or wrong.
    #[serde(default)]
    result: Option<Value>,
    #[serde(default)]
    docebo: Option<DoceboChange>,
    #[serde(default)]
    operator: Option<Operation>,
    #[serde(default)]
    expect: Option<Value>,
    /// What to tell whoever watches.
    #[serde(default)]
    say: Option<String>,
}

/// The exam engine's question.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    pub(crate) exam_id: String,
    pub(crate) email: String,
}

/// How a question is to be answered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckExpectation {
    pub(crate) answer: String,
    #[serde(default)]
    pub(crate) code: Option<String>,
}

/// How a result is to be received, and how it is to end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResultExpectation {
    #[serde(default)]
    pub(crate) receipt: Receipt,
    /// The state in the end; none where it is refused.
    #[serde(default)]
    pub(crate) state: Option<String>,
    #[serde(default)]
    pub(crate) code: Option<String>,
}

/// How the intake answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Receipt {
    #[default]
    Accepted,
    AlreadyAccepted,
    Refused,
}

impl Receipt {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::AlreadyAccepted => "already_accepted",
            Self::Refused => "refused",
        }
    }
}

/// What changes at a simulated Docebo.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DoceboChange {
    pub(crate) tenant: String,
    #[serde(default)]
    pub(crate) credentials_refused: Option<bool>,
    /// Removes every fault of the tenant.
    #[serde(default)]
    pub(crate) clear_faults: bool,
}

/// What an operator does.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Operation {
    /// Tries a connector's credentials.
    Validate(String),
    /// Sends the dead letter of a result again, as soon as it is dead.
    Redrive(String),
}

/// One event of the day.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) at_ms: u64,
    pub(crate) say: Option<String>,
    pub(crate) what: What,
}

/// What happens.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Check(Check, CheckExpectation),
    Result(Value, ResultExpectation),
    Docebo(DoceboChange),
    Operator(Operation),
}

impl Line {
    /// The event that the line describes; an error says what is wrong with it.
    pub(crate) fn event(self) -> Result<Event, String> {
        let expect = self.expect;
        let what = match (self.check, self.result, self.docebo, self.operator) {
            (Some(check), None, None, None) => What::Check(check, expectation(expect)?),
            (None, Some(result), None, None) => {
                let expectation: ResultExpectation = expectation(expect)?;
                if (expectation.receipt == Receipt::Refused) == expectation.state.is_some() {
                    return Err("a result that is refused has no state, any other has one".to_owned());
                }
                What::Result(result, expectation)
            }
            (None, None, Some(change), None) if expect.is_none() => What::Docebo(change),
            (None, None, None, Some(operation)) if expect.is_none() => What::Operator(operation),
            _ => return Err("a line is one of check and result, with expect, or docebo, or operator".to_owned()),
        };
        Ok(Event {
            at_ms: self.at_ms,
            say: self.say,
            what,
        })
    }
}

fn expectation<T: for<'de> Deserialize<'de>>(expect: Option<Value>) -> Result<T, String> {
    let expect = expect.ok_or("the line does not say what to expect")?;
    serde_json::from_value(expect).map_err(|error| format!("expect: {error}"))
}
