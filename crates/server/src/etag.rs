//! Entity tags of connectors and exams, and the conditions that a request makes of them (RFC 9110, section 13).
//!
//! A tag names a state of the entry as it is stored, for the writers of entries. How a connector stands at the moment is
//! not part of it, so readers always get the whole answer: one who was told that nothing has changed would miss that.

use std::fmt::Write;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use passback_producer::Code;
use passback_registry::Stamp;

use crate::problem::{Fault, Problem};

/// The most tags of one condition.
const MAX_TAGS: usize = 64;

/// The entity tag of a state.
pub(crate) fn tag_of(stamp: Stamp) -> String {
    let mut tag = String::with_capacity(36);
    let (created, updated) = (stamp.created_at.as_millisecond(), stamp.updated_at.as_millisecond());
    // Writing into a text never fails.
    let _ = write!(tag, "\"{created:x}-{updated:x}\"");
    tag
}

/// An answer about an entry in this state.
pub(crate) fn tagged(stamp: Stamp, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if let Ok(value) = HeaderValue::from_str(&tag_of(stamp)) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// What a condition names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    /// Any state, as long as there is one.
    Any,
    /// These states; a weak tag is noted as such.
    List(Vec<Tag>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Tag {
    weak: bool,
    /// With its quotes.
    text: String,
}

/// The conditions of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    wanted: Option<Tags>,
    unwanted: Option<Tags>,
}

impl<S: Sync> FromRequestParts<S> for Conditions {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(&parts.headers)
    }
}

impl Conditions {
    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        Ok(Self {
            wanted: tags(headers, &header::IF_MATCH)?,
            unwanted: tags(headers, &header::IF_NONE_MATCH)?,
        })
    }

    /// Whether the request makes any.
    pub(crate) fn are_made(&self) -> bool {
        self.wanted.is_some() || self.unwanted.is_some()
    }

    /// Whether a change may be made to an entry in this state; none is an entry that is not there.
    pub(crate) fn admit(&self, state: Option<Stamp>) -> bool {
        let tag = state.map(tag_of);
        let wanted = self
            .wanted
            .as_ref()
            .is_none_or(|wanted| wanted.fit(tag.as_deref(), false));
        let unwanted = self
            .unwanted
            .as_ref()
            .is_some_and(|unwanted| unwanted.fit(tag.as_deref(), true));
        wanted && !unwanted
    }

    /// Refuses a change to an entry in another state than the request is about.
    pub(crate) fn check(&self, state: Option<Stamp>) -> Result<(), Problem> {
        if self.admit(state) {
            return Ok(());
        }
        Err(refused(state))
    }
}

impl Tags {
    /// Whether a state is among them. Only a reader may take a weak tag for as good as a strong one.
    fn fit(&self, tag: Option<&str>, weakly: bool) -> bool {
        match (self, tag) {
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::List(tags), Some(tag)) => tags.iter().any(|one| one.text == tag && (weakly || !one.weak)),
        }
    }
}

/// The state is another one; who asks is told which, if there is one.
pub(crate) fn refused(state: Option<Stamp>) -> Problem {
    let problem = match state {
        Some(stamp) => Problem::new(Code::PreconditionFailed, "The entry is in another state.").fix(format!(
            "Its state is now {}: read it, and decide again.",
            tag_of(stamp)
        )),
        None => Problem::new(Code::PreconditionFailed, "There is no entry of this id."),
    };
    problem.with_status(StatusCode::PRECONDITION_FAILED)
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Problem> {
    let mut tags = Vec::new();
    let mut given = false;
    for value in headers.get_all(name) {
        given = true;
        let text = value.to_str().map_err(|_| unreadable(name))?.trim();
        if text == "*" {
            return Ok(Some(Tags::Any));
        }
        read_list(text, &mut tags).ok_or_else(|| unreadable(name))?;
    }
    Ok(given.then_some(Tags::List(tags)))
}

/// Reads `"a", W/"b"`. A comma may stand inside a tag, so the text is not simply cut at commas.
fn read_list(mut text: &str, into: &mut Vec<Tag>) -> Option<()> {
    loop {
        let (weak, rest) = match text.strip_prefix("W/") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let end = rest.strip_prefix('"')?.find('"')? + 2;
        if into.len() >= MAX_TAGS {
            return None;
        }
        into.push(Tag {
            weak,
            text: rest[..end].to_owned(),
        });
        let rest = rest[end..].trim_start();
        if rest.is_empty() {
            return Some(());
        }
        text = rest.strip_prefix(',')?.trim_start();
    }
}

/// A condition that is not understood must not be passed over: the change may be one that it was to prevent.
fn unreadable(name: &HeaderName) -> Problem {
    let fix = "send the ETag of an answer with its quotes, several with commas between them, or *";
    Problem::invalid(vec![Fault::of_header(name.as_str(), "not a list of entity tags", fix)])
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use rstest::rstest;

    use super::*;

    fn state() -> Stamp {
        Stamp {
            created_at: Timestamp::from_millisecond(0x1a).unwrap(),
            updated_at: Timestamp::from_millisecond(0x2b).unwrap(),
        }
    }

    fn conditions(name: &HeaderName, values: &[&str]) -> Result<Conditions, Problem> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        Conditions::read(&headers)
    }

    #[rstest]
    #[case(&["\"1a-2b\""], true, false)]
    #[case(&["\"1a-2c\""], false, false)]
    #[case(&["\"x\", \"1a-2b\""], true, false)]
    #[case(&["\"x,y\" , \"1a-2b\""], true, false)]
    #[case(&["\"x\"", "\"1a-2b\""], true, false)]
    #[case::a_weak_tag_is_not_enough(&["W/\"1a-2b\""], false, false)]
    #[case::any(&["*"], true, false)]
    fn a_change_is_made_only_to_the_state_that_it_names(
        #[case] values: &[&str],
        #[case] stored: bool,
        #[case] absent: bool,
    ) {
        let conditions = conditions(&header::IF_MATCH, values).unwrap();
        assert_eq!(
            (conditions.admit(Some(state())), conditions.admit(None)),
            (stored, absent)
        );
    }

    #[rstest]
    #[case(&["*"], false, true)]
    #[case(&["\"1a-2b\""], false, true)]
    #[case(&["W/\"1a-2b\""], false, true)]
    #[case(&["\"x\""], true, true)]
    fn a_change_is_not_made_to_a_state_that_is_excluded(
        #[case] values: &[&str],
        #[case] stored: bool,
        #[case] absent: bool,
    ) {
        let conditions = conditions(&header::IF_NONE_MATCH, values).unwrap();
        assert_eq!(
            (conditions.admit(Some(state())), conditions.admit(None)),
            (stored, absent)
        );
    }

    #[rstest]
    #[case("")]
    #[case("1a-2b")]
    #[case("\"1a")]
    #[case("\"a\" \"b\"")]
    #[case("\"a\",")]
    #[case("w/\"a\"")]
    fn a_condition_that_cannot_be_read_is_refused(#[case] value: &str) {
        assert!(conditions(&header::IF_MATCH, &[value]).is_err());
    }
}
