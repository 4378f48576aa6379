//! What became of each event so far.

use std::collections::BTreeMap;

use serde_json::Value;

use super::event::{Check, CheckExpectation, Receipt, ResultExpectation};

/// A check with its answer.
#[derive(Debug)]
pub(crate) struct AskedCheck {
    pub(crate) check: Check,
    pub(crate) expected: CheckExpectation,
    /// The API's answer, or why there is none.
    pub(crate) answer: Result<Value, String>,
}

/// A hand-in of a result with its receipt.
#[derive(Debug)]
pub(crate) struct HandIn {
    pub(crate) result: Value,
    pub(crate) expected: ResultExpectation,
    /// The API's verdict.
    pub(crate) verdict: Value,
}

/// An accepted result on its way.
#[derive(Debug)]
pub(crate) struct Journey {
    pub(crate) state: String,
    pub(crate) code: Option<String>,
    /// The last the API said of it.
    pub(crate) view: Value,
}

/// Everything that happened on a day.
#[derive(Debug, Default)]
pub(crate) struct Tracked {
    pub(crate) checks: Vec<AskedCheck>,
    pub(crate) hand_ins: Vec<HandIn>,
    /// What became of the results that were expected to be accepted, by id.
    pub(crate) journeys: BTreeMap<String, Journey>,
    /// What an operator or the simulator could not do.
    pub(crate) mishaps: Vec<String>,
}

/// States from which a result does not move by itself.
const SETTLED: [&str; 7] = [
    "delivered",
    "confirmed",
    "verified",
    "no_op",
    "superseded",
    "dead",
    "discarded",
];

impl AskedCheck {
    pub(crate) fn as_expected(&self) -> bool {
        let Ok(answer) = &self.answer else { return false };
        let code_fits = match &self.expected.code {
            Some(code) => answer["code"] == code.as_str(),
            None => true,
        };
        answer["answer"] == self.expected.answer.as_str() && code_fits
    }
}

impl HandIn {
    pub(crate) fn result_id(&self) -> &str {
        self.result["result_id"].as_str().unwrap_or_default()
    }

    pub(crate) fn receipt_as_expected(&self) -> bool {
        let code_fits = match (self.expected.receipt, &self.expected.code) {
            (Receipt::Refused, Some(code)) => self.verdict["code"] == code.as_str(),
            (Receipt::Refused, None) | (Receipt::Accepted | Receipt::AlreadyAccepted, _) => true,
        };
        self.verdict["status"] == self.expected.receipt.as_str() && code_fits
    }

    /// Whether the script names an end for this result.
    pub(crate) fn has_end(&self) -> bool {
        self.expected.state.is_some()
    }
}

impl Journey {
    pub(crate) fn read(view: Value) -> Self {
        let text = |name: &str| view[name].as_str().map(str::to_owned);
        Self {
            state: text("state").unwrap_or_default(),
            code: text("code"),
            view,
        }
    }

    pub(crate) fn is_settled(&self) -> bool {
        SETTLED.contains(&self.state.as_str())
    }

    fn fits(&self, expected: &ResultExpectation) -> bool {
        let code_fits = match &expected.code {
            Some(code) => self.code.as_ref() == Some(code),
            None => true,
        };
        let proved =
            expected.state.as_deref() == Some("delivered") && ["confirmed", "verified"].contains(&self.state.as_str());
        (proved || expected.state.as_ref() == Some(&self.state)) && code_fits
    }
}

impl Tracked {
    /// Whether a result with an end has come to it.
    pub(crate) fn ended_as_expected(&self, hand_in: &HandIn) -> bool {
        let journey = self.journeys.get(hand_in.result_id());
        !hand_in.has_end() || journey.is_some_and(|journey| journey.fits(&hand_in.expected))
    }

    /// The results that are not where the script wants them, each once.
    pub(crate) fn unfinished(&self) -> Vec<String> {
        let open = self.hand_ins.iter().filter(|hand_in| !self.ended_as_expected(hand_in));
        let mut ids: Vec<String> = open.map(|hand_in| hand_in.result_id().to_owned()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Whether every result that is not where it should be will not get there by itself.
    pub(crate) fn is_stuck(&self) -> bool {
        let settled = |id: &String| self.journeys.get(id).is_some_and(Journey::is_settled);
        self.unfinished().iter().all(settled)
    }

    /// How many events have ended as their script says.
    pub(crate) fn ended(&self) -> usize {
        let checks = self.checks.iter().filter(|check| check.as_expected()).count();
        let hand_ins = self.hand_ins.iter();
        let results = hand_ins
            .filter(|hand_in| hand_in.receipt_as_expected() && self.ended_as_expected(hand_in))
            .count();
        checks + results
    }

    /// How many results are in each state.
    pub(crate) fn states(&self) -> BTreeMap<&str, usize> {
        let mut states = BTreeMap::new();
        for journey in self.journeys.values() {
            *states.entry(journey.state.as_str()).or_default() += 1;
        }
        states
    }

    /// How many results of a connector have not come to an end.
    pub(crate) fn waiting(&self, connector: &str) -> usize {
        let of_connector = |journey: &&Journey| journey.view["connector"] == connector;
        let journeys = self.journeys.values().filter(of_connector);
        journeys.filter(|journey| !journey.is_settled()).count()
    }

    /// The answers of checks with a code, each with the connector of its exam where results have told of it.
    pub(crate) fn answered_with(&self, code: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.checks.iter().filter_map(move |check| {
            let answer = check.answer.as_ref().ok().filter(|answer| answer["code"] == code)?;
            let of_exam = |journey: &&Journey| journey.view["exam_id"] == check.check.exam_id.as_str();
            let journey = self.journeys.values().find(of_exam)?;
            Some((journey.view["connector"].as_str()?, answer))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hand_in(expected: ResultExpectation, status: &str) -> HandIn {
        let (result, verdict) = (json!({"result_id": "r-1"}), json!({"status": status, "code": null}));
        HandIn {
            result,
            expected,
            verdict,
        }
    }

    fn expected(state: &str, code: Option<&str>) -> ResultExpectation {
        let code = code.map(str::to_owned);
        ResultExpectation {
            receipt: Receipt::Accepted,
            state: Some(state.to_owned()),
            code,
        }
    }

    fn tracked(expectation: ResultExpectation, view: Value) -> Tracked {
        let mut tracked = Tracked::default();
        tracked.hand_ins.push(hand_in(expectation, "accepted"));
        tracked.journeys.insert("r-1".to_owned(), Journey::read(view));
        tracked
    }

    #[test]
    fn a_result_has_ended_only_in_its_own_state_with_its_own_code() {
        let wanted = || expected("parked", Some("user_not_found"));
        assert_eq!(
            tracked(wanted(), json!({"state": "parked", "code": "user_not_found"})).ended(),
            1
        );
        assert_eq!(
            tracked(wanted(), json!({"state": "parked", "code": "forbidden"})).ended(),
            0
        );
        assert_eq!(
            tracked(wanted(), json!({"state": "delivered", "code": null})).ended(),
            0
        );
    }

    #[test]
    fn a_result_that_moves_on_is_waited_for_and_one_that_is_lost_is_not() {
        let moving = tracked(expected("delivered", None), json!({"state": "retrying"}));
        assert_eq!(
            (moving.unfinished(), moving.is_stuck()),
            (vec!["r-1".to_owned()], false)
        );
        let lost = tracked(expected("delivered", None), json!({"state": "dead"}));
        assert!(lost.is_stuck());
    }

    #[test]
    fn a_wrong_receipt_is_no_good_end() {
        let mut tracked = tracked(expected("delivered", None), json!({"state": "delivered"}));
        tracked.hand_ins[0].verdict = json!({"status": "already_accepted"});
        assert_eq!(tracked.ended(), 0);
    }

    #[test]
    fn an_outage_is_no_answer_of_a_check() {
        let check = Check {
            exam_id: "x".to_owned(),
            email: "y".to_owned(),
        };
        let expected = CheckExpectation {
            answer: "eligible".to_owned(),
            code: None,
        };
        let asked = AskedCheck {
            check,
            expected,
            answer: Err("gone".to_owned()),
        };
        assert!(!asked.as_expected());
    }
}
