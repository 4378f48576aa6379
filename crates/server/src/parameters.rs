//! Query parameters: known ones only, each parsed once.

use std::{collections::BTreeMap, fmt::Display, str::FromStr};

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use passback_producer::Code;

use crate::problem::{Fault, Problem};

/// The longest query string.
const MAX_QUERY_BYTES: usize = 4_096;
/// The most that a caller may ask for in one page.
const MAX_PAGE_ITEMS: usize = 500;
/// What a page holds if the caller does not say.
const PAGE_ITEMS: usize = 100;
/// The longest reason.
const MAX_REASON_CHARS: usize = 500;

/// A request's query parameters.
#[derive(Debug)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if parts.uri.query().is_some_and(|query| query.len() > MAX_QUERY_BYTES) {
            return Err(Problem::new(
                Code::TooLarge,
                format!("The query is longer than {MAX_QUERY_BYTES} bytes."),
            ));
        }
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::new(Code::InvalidRequest, "The query string cannot be read."))?;
        let mut parameters = BTreeMap::new();
        for (name, value) in pairs {
            if parameters.contains_key(&name) {
                return Err(Problem::invalid(vec![Fault::of_parameter(
                    &name,
                    "given twice",
                    "give it once",
                )]));
            }
            parameters.insert(name, value);
        }
        Ok(Self(parameters))
    }
}

impl Parameters {
    /// Refuses every parameter that is not among these.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, Problem> {
        let unknown: Vec<Fault> = self
            .0
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
            .map(|name| {
                let fix = if known.is_empty() {
                    "leave it out; this call takes none".to_owned()
                } else {
                    format!("leave it out; known: {}", known.join(", "))
                };
                Fault::of_parameter(name, "unknown parameter", fix)
            })
            .collect();
        if unknown.is_empty() {
            Ok(self)
        } else {
            Err(Problem::invalid(unknown))
        }
    }

    /// A parameter's text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that has a type; its error says what it should be.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|error: T::Err| {
            Problem::invalid(vec![Fault::of_parameter(
                name,
                "not a value it can have",
                error.to_string(),
            )])
        })
    }

    /// A switch: absent means `otherwise`.
    pub(crate) fn switch(&self, name: &str, otherwise: bool) -> Result<bool, Problem> {
        match self.text(name) {
            None => Ok(otherwise),
            Some("true" | "1" | "") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(_) => Err(Problem::invalid(vec![Fault::of_parameter(
                name,
                "neither true nor false",
                "use true or false",
            )])),
        }
    }

    /// How many items a page is to have.
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = self.text("limit") else {
            return Ok(PAGE_ITEMS);
        };
        let limit = text.parse().ok().filter(|limit| (1..=MAX_PAGE_ITEMS).contains(limit));
        limit.ok_or_else(|| {
            let fix = format!("use a whole number from 1 to {MAX_PAGE_ITEMS}");
            Problem::invalid(vec![Fault::of_parameter("limit", "not a number of items", fix)])
        })
    }

    /// Why something is removed; a removal has no body to say it in.
    pub(crate) fn reason(&self) -> Result<String, Problem> {
        let reason = self.text("reason").unwrap_or_default().trim();
        if is_reason(reason) {
            return Ok(reason.to_owned());
        }
        let fix = format!("say why, in 1 to {MAX_REASON_CHARS} characters: ?reason=…");
        Err(Problem::invalid(vec![Fault::of_parameter(
            "reason",
            "missing or too long",
            fix,
        )]))
    }
}

/// Checks the reason in a body.
pub(crate) fn reason_in_body(reason: &str) -> Result<String, Fault> {
    let reason = reason.trim();
    if is_reason(reason) {
        return Ok(reason.to_owned());
    }
    let fix = format!("say why, in 1 to {MAX_REASON_CHARS} characters");
    Err(Fault::at("/reason", "empty or too long", fix))
}

fn is_reason(reason: &str) -> bool {
    let chars = reason.chars().take(MAX_REASON_CHARS + 1).count();
    (1..=MAX_REASON_CHARS).contains(&chars) && !reason.chars().any(char::is_control)
}
