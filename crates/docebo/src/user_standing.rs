//! Reads how one user stands.

use serde_json::Value;

use crate::ids::UserId;
use crate::lenient;
use crate::user::active;

/// Where the record of a user is, in whichever form Docebo answers: one client saw the first.
const RECORD: [&str; 2] = ["user_data", "user"];
const USER_ID: [&str; 4] = ["user_id", "id_user", "idst", "id"];

/// Whether Docebo lets a user in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserStanding {
    /// The account is active.
    Active,
    /// The account is there, and shut out.
    ShutOut,
    /// The answer does not say it.
    Unsaid,
}

impl UserStanding {
    /// Reads the answer of one user's route. Only a status says anything: what is empty may be a user who is gone, or a
    /// form that nobody has described.
    pub(crate) fn decode(answer: &Value, user: UserId) -> Result<Self, String> {
        if lenient::is_error(answer) {
            return Err("an error under a success".to_owned());
        }
        let data = lenient::unwrapped(answer);
        let record = RECORD.iter().find_map(|name| data.get(name)).unwrap_or(data);
        let named = USER_ID.iter().find_map(|name| lenient::id(record.get(name)?));
        if named.is_some_and(|id| id != user.0) {
            return Err("it is about another user".to_owned());
        }
        Ok(match record.get("status").and_then(active) {
            Some(true) => Self::Active,
            Some(false) => Self::ShutOut,
            None => Self::Unsaid,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::UserStanding;
    use crate::any_json::any_json;
    use crate::ids::UserId;

    fn standing(answer: &Value) -> Result<UserStanding, String> {
        UserStanding::decode(answer, UserId(7))
    }

    #[rstest]
    #[case(json!({"data": {"user_data": {"user_id": "7", "status": "1"}}}), UserStanding::Active)]
    #[case(json!({"data": {"user_data": {"idst": 7, "status": 1}}}), UserStanding::Active)]
    #[case(json!({"data": {"user_data": {"status": "active"}}}), UserStanding::Active)]
    #[case(json!({"data": {"user_id": 7, "status": true}}), UserStanding::Active)]
    #[case(json!({"data": {"user": {"id": 7, "status": "0"}}}), UserStanding::ShutOut)]
    #[case(json!({"user_data": {"status": 0}}), UserStanding::ShutOut)]
    #[case(json!({"data": {"user_data": {"status": "suspended"}}}), UserStanding::ShutOut)]
    #[case(json!({"data": {"user_data": {"status": "on leave"}}}), UserStanding::Unsaid)]
    #[case(json!({"data": {"user_data": {"user_id": 7}}}), UserStanding::Unsaid)]
    #[case(json!({"data": {"user_data": []}}), UserStanding::Unsaid)]
    #[case(json!({"data": []}), UserStanding::Unsaid)]
    #[case(json!({"data": null}), UserStanding::Unsaid)]
    fn only_a_status_says_how_a_user_stands(#[case] answer: Value, #[case] expected: UserStanding) {
        assert_eq!(standing(&answer), Ok(expected));
    }

    #[rstest]
    #[case(json!({"data": {"user_data": {"user_id": 8, "status": 1}}}))]
    #[case(json!({"data": null, "name": "Forbidden"}))]
    fn another_user_s_status_is_an_error_and_not_a_guess(#[case] answer: Value) {
        assert!(standing(&answer).is_err());
    }

    proptest! {
        #[test]
        fn any_json_is_a_standing_or_an_error(value in any_json()) {
            let _ = standing(&value);
            let _ = standing(&json!({"data": {"user_data": value}}));
        }
    }
}
