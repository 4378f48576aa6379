//! One HTTP answer, and what it means when it is not the expected one.

use std::time::Duration;

use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::failure::Failure;
use crate::redact;

/// A longer body is not read.
pub(crate) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// An HTTP answer with as much of its body as is read.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
    /// Whether `body` is all of it.
    pub(crate) whole: bool,
    /// What the request held and an excerpt must not repeat.
    pub(crate) withheld: Vec<SecretString>,
}

impl Answer {
    /// Whether the answer has no content at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.body.trim_ascii().is_empty()
    }

    /// The JSON of a 2xx, or the failure that this answer is.
    pub(crate) fn json(&self) -> Result<Value, Failure> {
        if !self.status.is_success() {
            return Err(self.refusal());
        }
        let declared_json = self.content_type.as_deref().map(is_json);
        if declared_json == Some(false) {
            return Err(self.not_json());
        }
        if !self.whole {
            return Err(self.unexpected_shape("the answer is larger than 1 MiB"));
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            if declared_json.is_none() {
                return self.not_json();
            }
            let place = format!("broken JSON at line {} column {}", error.line(), error.column());
            self.unexpected_shape(&place)
        })
    }

    /// JSON whose shape is not the documented one.
    pub(crate) fn unexpected_shape(&self, detail: &str) -> Failure {
        Failure::UnexpectedShape {
            detail: self.excerpt(detail),
            excerpt: self.body_excerpt(),
        }
    }

    /// What a status other than 2xx means.
    pub(crate) fn refusal(&self) -> Failure {
        let status = self.status.as_u16();
        let detail = self.said();
        match status {
            400 | 422 => Failure::Rejected { status, detail },
            401 => Failure::CredentialsRefused { detail },
            403 => Failure::Forbidden { detail },
            // A maintenance page, or another site's: it says nothing of what was asked for.
            404 if self.is_html() => self.not_json(),
            404 => Failure::NotFound { detail },
            429 => Failure::Throttled {
                retry_after: self.retry_after,
            },
            408 | 500..=599 => Failure::Unavailable {
                status,
                retry_after: self.retry_after,
            },
            _ => Failure::Unexpected { status, detail },
        }
    }

    /// Whether the answer is a web page.
    pub(crate) fn is_html(&self) -> bool {
        match self.content_type.as_deref().map(essence) {
            Some(essence) => matches!(essence.as_str(), "text/html" | "application/xhtml+xml"),
            None => self.body.trim_ascii_start().starts_with(b"<"),
        }
    }

    /// Docebo's own words about an error, or how the body begins.
    pub(crate) fn said(&self) -> String {
        if self.is_empty() {
            return "an empty answer".to_owned();
        }
        let parsed: Option<Value> = serde_json::from_slice(&self.body).ok();
        let words: Vec<String> = ["error", "error_description", "name", "message"]
            .iter()
            .filter_map(|name| parsed.as_ref()?.get(name))
            .filter_map(|value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Array(_) | Value::Object(_) => Some(value.to_string()),
                Value::Null | Value::Bool(_) | Value::Number(_) => None,
            })
            .collect();
        if words.is_empty() {
            self.body_excerpt()
        } else {
            self.excerpt(&words.join(": "))
        }
    }

    /// Foreign text that comes with this answer, fit for a record.
    pub(crate) fn excerpt(&self, text: &str) -> String {
        let withheld: Vec<&str> = self.withheld.iter().map(ExposeSecret::expose_secret).collect();
        redact::excerpt_without(text, &withheld)
    }

    fn body_excerpt(&self) -> String {
        self.excerpt(&String::from_utf8_lossy(&self.body))
    }

    fn not_json(&self) -> Failure {
        Failure::NotJson {
            status: self.status.as_u16(),
            content_type: self.content_type.as_deref().map(redact::excerpt),
            excerpt: self.body_excerpt(),
        }
    }
}

/// A content type without its parameters.
fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

fn is_json(content_type: &str) -> bool {
    let essence = essence(content_type);
    matches!(essence.as_str(), "application/json" | "text/json") || essence.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use rstest::rstest;
    use serde_json::json;

    use super::Answer;
    use crate::failure::Failure;

    fn answer(status: u16, content_type: Option<&str>, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            content_type: content_type.map(str::to_owned),
            retry_after: None,
            body: body.as_bytes().to_vec(),
            whole: true,
            withheld: vec!["hush".into()],
        }
    }

    #[rstest]
    #[case(Some("application/json"))]
    #[case(Some("Application/JSON; charset=UTF-8"))]
    #[case(Some("application/hal+json"))]
    #[case(Some("text/json"))]
    #[case(None)]
    fn json_is_read_under_every_json_content_type(#[case] content_type: Option<&str>) {
        let read = answer(200, content_type, r#"{"data":1}"#).json();
        assert_eq!(read, Ok(json!({"data": 1})));
    }

    #[rstest]
    #[case(Some("text/html"), "{}")]
    #[case(Some("text/plain; charset=utf-8"), "{}")]
    #[case(Some(""), "{}")]
    #[case(None, "<html>Log in</html>")]
    #[case(None, "")]
    fn another_content_type_is_not_json(#[case] content_type: Option<&str>, #[case] body: &str) {
        let read = answer(200, content_type, body).json();
        assert!(matches!(read, Err(Failure::NotJson { status: 200, .. })), "{read:?}");
    }

    #[rstest]
    #[case(r#"{"data":"#)]
    #[case("")]
    fn broken_json_under_a_json_content_type_is_an_unexpected_shape(#[case] body: &str) {
        let read = answer(200, Some("application/json"), body).json();
        assert!(matches!(read, Err(Failure::UnexpectedShape { .. })), "{read:?}");
    }

    #[rstest]
    #[case(r#"{"name":"Bad Request","message":"score","status":400}"#, "Bad Request: score")]
    #[case(r#"{"message":["a","b"]}"#, r#"["a","b"]"#)]
    #[case(
        r#"{"error":"invalid_grant","error_description":"hush is wrong"}"#,
        "invalid_grant: [redacted] is wrong"
    )]
    #[case(r#"{"success":false,"error":201}"#, r#"{"success":false,"error":201}"#)]
    #[case("<h1>Bad\nRequest</h1>", "<h1>Bad Request</h1>")]
    #[case(" ", "an empty answer")]
    fn an_error_is_told_in_its_own_words(#[case] body: &str, #[case] expected: &str) {
        assert_eq!(answer(400, None, body).said(), expected);
    }
}
