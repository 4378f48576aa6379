//! Reads the search for users.

use std::fmt;

use serde_json::Value;

use crate::ids::UserId;
use crate::lenient;

/// One user found by an exact e-mail address.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Docebo's number.
    pub id: UserId,
    /// The e-mail address as Docebo has it.
    pub email: String,
    /// Whether the user is active, if Docebo says so.
    pub active: Option<bool>,
    /// Whether the user's account has expired, if Docebo says so.
    pub expired: Option<bool>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("email", &"[redacted]")
            .field("active", &self.active)
            .field("expired", &self.expired)
            .finish()
    }
}

/// One page of the search.
#[derive(Debug)]
pub(crate) struct UserPage {
    /// The users of this page whose e-mail is the wanted one.
    pub(crate) matches: Vec<User>,
    /// Whether Docebo has more.
    pub(crate) has_more: bool,
}

impl UserPage {
    /// Reads one page and keeps exact matches: the search itself also answers partial hits in other fields.
    pub(crate) fn decode(answer: &Value, wanted_email: &str) -> Result<Self, String> {
        if lenient::is_error(answer) {
            return Err("an error under a success".to_owned());
        }
        let data = lenient::unwrapped(answer);
        if data.is_null() || data.as_array().is_some_and(Vec::is_empty) {
            return Ok(Self {
                matches: Vec::new(),
                has_more: false,
            });
        }
        let items = data.get("items").ok_or("there is no `items`")?;
        let rows = lenient::rows(items).ok_or("`items` is not a list")?;
        let wanted = folded(wanted_email);
        let mut matches = Vec::new();
        for row in rows {
            if !row.is_object() {
                return Err("a row of `items` is not an object".to_owned());
            }
            let email = row.get("email").and_then(Value::as_str).unwrap_or_default();
            if !wanted.is_empty() && folded(email) == wanted {
                matches.push(decode_user(row, email)?);
            }
        }
        Ok(Self {
            matches,
            has_more: has_more(data)?,
        })
    }
}

fn decode_user(row: &Value, email: &str) -> Result<User, String> {
    let id = row
        .get("user_id")
        .and_then(lenient::id)
        .ok_or("`user_id` is missing or not a number")?;
    Ok(User {
        id: UserId(id),
        email: email.to_owned(),
        active: row.get("status").and_then(active),
        expired: row.get("expired").and_then(lenient::flag),
    })
}

/// What a status says, in whichever form; none where it says something else.
pub(crate) fn active(status: &Value) -> Option<bool> {
    lenient::flag(status).or_else(|| match status.as_str()?.trim().to_ascii_lowercase().as_str() {
        "active" => Some(true),
        "suspended" | "inactive" | "deactivated" => Some(false),
        _ => None,
    })
}

/// An answer that does not say whether there is more is complete; one that says it unreadably is an error.
fn has_more(data: &Value) -> Result<bool, String> {
    match data.get("has_more_data") {
        Some(value) if !lenient::is_blank(value) => {
            lenient::flag(value).ok_or_else(|| "`has_more_data` is neither yes nor no".to_owned())
        }
        Some(_) | None => {
            let number = |name| data.get(name).and_then(lenient::integer);
            Ok(
                matches!((number("current_page"), number("total_page_count")), (Some(page), Some(pages)) if page < pages),
            )
        }
    }
}

fn folded(email: &str) -> String {
    email.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::{User, UserPage};
    use crate::any_json::any_json;
    use crate::ids::UserId;

    fn page(items: &Value) -> Value {
        json!({"data": {"items": items, "count": 1, "has_more_data": false}, "version": "1.0.0", "_links": []})
    }

    #[rstest]
    #[case(json!([{"user_id": "13827", "email": "r.moreau@example.org", "status": "1", "expired": false}]))]
    #[case(json!([{"user_id": 13827, "email": " R.Moreau@Example.ORG ", "status": 1, "expired": 0, "field_12": []}]))]
    #[case(json!({"3": {"user_id": 13827.0, "email": "r.moreau@example.org", "status": true, "expired": "0"}}))]
    fn a_match_is_read_in_every_form(#[case] items: Value) {
        let page = UserPage::decode(&page(&items), " r.MOREAU@example.org ").unwrap();
        let [user] = page.matches.as_slice() else {
            panic!("one match expected, not {:?}", page.matches)
        };
        assert_eq!(
            (user.id, user.active, user.expired),
            (UserId(13827), Some(true), Some(false))
        );
        assert!(!page.has_more);
    }

    #[test]
    fn partial_hits_and_rows_without_email_are_no_matches() {
        let items = json!([
            {"user_id": 1, "email": "r.moreau@example.org.uk"},
            {"user_id": 2, "email": "xr.moreau@example.org"},
            {"user_id": "odd", "email": null, "username": "r.moreau@example.org"},
            {"user_id": 4},
        ]);
        assert!(
            UserPage::decode(&page(&items), "r.moreau@example.org")
                .unwrap()
                .matches
                .is_empty()
        );
    }

    #[test]
    fn an_empty_address_matches_nobody() {
        let items = json!([{"user_id": 1, "email": ""}]);
        assert!(UserPage::decode(&page(&items), " ").unwrap().matches.is_empty());
    }

    #[rstest]
    #[case(json!({"data": {"items": [], "has_more_data": true}}), true)]
    #[case(json!({"data": {"items": [], "has_more_data": "1"}}), true)]
    #[case(json!({"data": {"items": [], "current_page": 1, "total_page_count": "3"}}), true)]
    #[case(json!({"data": {"items": [], "current_page": 3, "total_page_count": 3}}), false)]
    #[case(json!({"items": null}), false)]
    #[case(json!({"data": []}), false)]
    fn whether_there_is_more_is_read_in_every_form(#[case] answer: Value, #[case] expected: bool) {
        assert_eq!(UserPage::decode(&answer, "a@b.c").unwrap().has_more, expected);
    }

    #[rstest]
    #[case(json!({"data": {"users": []}}))]
    #[case(json!({"success": false, "error": 201}))]
    #[case(json!({"data": null, "name": "Forbidden"}))]
    #[case(json!({"data": [], "message": "no access"}))]
    #[case(json!({"items": [], "message": "no access"}))]
    #[case(json!({"data": {"items": "none"}}))]
    #[case(json!({"data": {"items": [7]}}))]
    #[case(json!({"data": {"items": [{"email": "a@b.c"}]}}))]
    #[case(json!({"data": {"items": [{"email": "a@b.c", "user_id": "x"}]}}))]
    #[case(json!({"data": {"items": [], "has_more_data": "perhaps"}}))]
    #[case(json!("hello"))]
    fn another_shape_is_an_error_and_not_a_guess(#[case] answer: Value) {
        assert!(UserPage::decode(&answer, "a@b.c").is_err());
    }

    #[test]
    fn debug_output_hides_the_address() {
        let user = User {
            id: UserId(1),
            email: "r.moreau@example.org".into(),
            active: None,
            expired: None,
        };
        assert!(!format!("{user:?}").contains("moreau"));
    }

    proptest! {
        #[test]
        fn any_json_is_a_page_or_an_error(value in any_json(), email in "[a-z@.]{0,6}") {
            let _ = UserPage::decode(&value, &email);
            let _ = UserPage::decode(&page(&value), &email);
            let _ = UserPage::decode(&page(&json!([{"user_id": value, "email": email}])), &email);
        }
    }
}
