//! The state of an enrolment.

use std::fmt;

use serde_json::Value;

use crate::lenient;

/// An unknown state is kept this far.
const MAX_OTHER_CHARS: usize = 64;

/// The state of an enrolment at Docebo. There is no "failed" among them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EnrollmentStatus {
    /// On the waiting list (-2).
    WaitingList,
    /// Waits for somebody's confirmation (-1).
    ToConfirm,
    /// Enrolled, not begun (0).
    Subscribed,
    /// Begun (1).
    InProgress,
    /// Completed (2).
    Completed,
    /// Suspended (3).
    Suspended,
    /// Overbooking (4).
    Overbooking,
    /// A state that this version does not know, as Docebo wrote it.
    Other(String),
}

impl EnrollmentStatus {
    /// Docebo's number, as a write sends it; `None` for an unknown state that is no number.
    pub fn code(&self) -> Option<i8> {
        match self {
            Self::WaitingList => Some(-2),
            Self::ToConfirm => Some(-1),
            Self::Subscribed => Some(0),
            Self::InProgress => Some(1),
            Self::Completed => Some(2),
            Self::Suspended => Some(3),
            Self::Overbooking => Some(4),
            Self::Other(text) => text.parse().ok(),
        }
    }

    /// The state's name, or for an unknown state what Docebo wrote.
    pub fn as_str(&self) -> &str {
        match self {
            Self::WaitingList => "waiting_list",
            Self::ToConfirm => "to_confirm",
            Self::Subscribed => "subscribed",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Suspended => "suspended",
            Self::Overbooking => "overbooking",
            Self::Other(text) => text,
        }
    }

    /// Reads a number or a name in any form that Docebo's APIs use; never fails.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let name = text.to_lowercase().replace([' ', '-'], "_");
        match name.as_str() {
            "waiting" | "waiting_list" | "waiting_users" => Self::WaitingList,
            "to_confirm" | "to_be_confirmed" | "enrollment_to_confirm" => Self::ToConfirm,
            "subscribed" | "enrolled" | "not_started" => Self::Subscribed,
            "in_progress" => Self::InProgress,
            "completed" => Self::Completed,
            "suspended" => Self::Suspended,
            "overbooking" => Self::Overbooking,
            _ => text
                .parse()
                .ok()
                .and_then(Self::known)
                .unwrap_or_else(|| Self::Other(text.chars().take(MAX_OTHER_CHARS).collect())),
        }
    }

    /// Reads a JSON number or string; `None` for anything else.
    pub(crate) fn decode(value: &Value) -> Option<Self> {
        match lenient::integer(value) {
            Some(code) => Some(Self::known(code).unwrap_or_else(|| Self::Other(code.to_string()))),
            None => value.as_str().filter(|text| !text.trim().is_empty()).map(Self::parse),
        }
    }

    fn known(code: i64) -> Option<Self> {
        match code {
            -2 => Some(Self::WaitingList),
            -1 => Some(Self::ToConfirm),
            0 => Some(Self::Subscribed),
            1 => Some(Self::InProgress),
            2 => Some(Self::Completed),
            3 => Some(Self::Suspended),
            4 => Some(Self::Overbooking),
            _ => None,
        }
    }
}

impl fmt::Display for EnrollmentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::EnrollmentStatus::{self, *};

    #[rstest]
    #[case(json!(-2), WaitingList)]
    #[case(json!("waiting"), WaitingList)]
    #[case(json!("waiting_list"), WaitingList)]
    #[case(json!("-1"), ToConfirm)]
    #[case(json!("to_confirm"), ToConfirm)]
    #[case(json!(0), Subscribed)]
    #[case(json!("0"), Subscribed)]
    #[case(json!("subscribed"), Subscribed)]
    #[case(json!("not_started"), Subscribed)]
    #[case(json!("Enrolled"), Subscribed)]
    #[case(json!(1.0), InProgress)]
    #[case(json!("in_progress"), InProgress)]
    #[case(json!("In Progress"), InProgress)]
    #[case(json!(2), Completed)]
    #[case(json!(" completed "), Completed)]
    #[case(json!("suspended"), Suspended)]
    #[case(json!("4"), Overbooking)]
    #[case(json!("overbooking"), Overbooking)]
    #[case(json!(17), Other("17".into()))]
    #[case(json!("archived"), Other("archived".into()))]
    fn a_status_is_read_in_every_form(#[case] value: Value, #[case] expected: EnrollmentStatus) {
        assert_eq!(EnrollmentStatus::decode(&value), Some(expected));
    }

    #[rstest]
    #[case(json!(null))]
    #[case(json!(""))]
    #[case(json!([]))]
    #[case(json!(true))]
    fn what_is_no_status_is_not_guessed(#[case] value: Value) {
        assert_eq!(EnrollmentStatus::decode(&value), None);
    }

    #[rstest]
    #[case(WaitingList)]
    #[case(ToConfirm)]
    #[case(Subscribed)]
    #[case(InProgress)]
    #[case(Completed)]
    #[case(Suspended)]
    #[case(Overbooking)]
    fn code_and_name_lead_back_to_the_status(#[case] status: EnrollmentStatus) {
        let code = status.code().unwrap();
        assert_eq!(EnrollmentStatus::decode(&json!(code)), Some(status.clone()));
        assert_eq!(EnrollmentStatus::parse(status.as_str()), status);
    }

    proptest! {
        #[test]
        fn any_text_is_some_status(text in any::<String>()) {
            let status = EnrollmentStatus::parse(&text);
            prop_assert!(status.as_str().chars().count() <= 64);
            prop_assert_eq!(EnrollmentStatus::parse(status.as_str()).code(), status.code());
        }
    }
}
