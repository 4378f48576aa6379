//! The refusals of each operation: its own, and those that every call of its kind can meet.

use std::{collections::BTreeMap, str::FromStr};

use axum::http::StatusCode;
use passback_producer::Code;
use serde_json::{Map, Value, json};

use super::{headers, roles::ROLE};
use crate::{Role, problem::Problem};

/// Where a handler says which refusals are its own.
const CODES: &str = "x-passback-codes";
/// The id of the request in examples.
const SOME_REQUEST: &str = "01JDA0Z7QK8M6W3E5R9T2Y4V1X";

/// The codes by status; a code may come with another status than the catalogue's.
type Refusals = BTreeMap<u16, Vec<Code>>;

/// Adds to an operation every refusal that its callers may meet; what several share becomes a component.
pub(super) fn add(operation: &mut Value, components: &mut Map<String, Value>) {
    for (status, codes) in refusals(operation) {
        let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        let name = format!("{status}.{}", names.join("."));
        components
            .entry(name.clone())
            .or_insert_with(|| response(status, &codes));
        operation["responses"][status.to_string()] = json!({"$ref": format!("#/components/responses/{name}")});
    }
}

/// The codes that an operation itself names. A word that is none is left out here and found by the tests.
fn own(operation: &Value) -> impl Iterator<Item = Code> {
    let words = operation[CODES].as_array().into_iter().flatten();
    words.filter_map(|word| Code::from_str(word.as_str()?).ok())
}

fn refusals(operation: &Value) -> Refusals {
    let mut refusals = Refusals::new();
    let mut may = |code: Code, status: Option<u16>| {
        let status = status.unwrap_or_else(|| status_of(code));
        let codes = refusals.entry(status).or_default();
        if !codes.contains(&code) {
            codes.push(code);
        }
    };
    may(Code::InternalError, None);
    let role: Option<Role> = operation[ROLE].as_str().and_then(|word| word.parse().ok());
    if let Some(role) = role {
        for code in [
            Code::TokenMissing,
            Code::TokenInvalid,
            Code::TokenExpired,
            Code::TokenRevoked,
            Code::InvalidRequest,
            Code::TooLarge,
        ] {
            may(code, None);
        }
        if role > Role::Ingest {
            may(Code::RoleTooLow, None);
        }
        for code in [Code::StoreUnavailable, Code::StoreFull] {
            may(code, None);
        }
        may(Code::TooBusy, Some(503));
        // Whatever limits callers at all limits every one of them.
        for code in Code::ALL.iter().filter(|code| status_of(**code) == 429) {
            may(*code, None);
        }
    }
    // Whoever must show who they are may find the server full.
    if operation["security"].as_array().is_some_and(|ways| !ways.is_empty()) {
        may(Code::TooBusy, Some(503));
    }
    let body = &operation["requestBody"]["content"];
    if body.is_object() {
        may(Code::UnsupportedMediaType, None);
    }
    if body["application/json"].is_object() {
        may(Code::MalformedJson, None);
        // A body that broke off, or did not come in time.
        may(Code::BodyIncomplete, Some(400));
        may(Code::BodyIncomplete, None);
    }
    for code in own(operation) {
        may(code, None);
        if code == Code::TooBusy {
            // Of the caller, or of the server.
            may(code, Some(503));
        }
    }
    refusals
}

fn status_of(code: Code) -> u16 {
    code.entry()
        .http_status
        .unwrap_or(StatusCode::UNPROCESSABLE_ENTITY.as_u16())
}

fn response(status: u16, codes: &[Code]) -> Value {
    let mut examples = Map::new();
    for code in codes {
        let example = json!({"summary": code.entry().title, "value": example(*code, status)});
        examples.insert(code.as_str().to_owned(), example);
    }
    let lines: Vec<String> = codes
        .iter()
        .map(|code| format!("- `{code}`: {}", code.entry().title))
        .collect();
    let narrowed = json!({"properties": {"status": {"const": status}, "code": {"enum": codes}}});
    let mut response = json!({
        "description": lines.join("\n"),
        "content": {"application/problem+json": {
            "schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]},
            "examples": examples,
        }},
    });
    headers::add(&mut response, &status.to_string());
    response
}

/// The refusal as the server words it.
fn example(code: Code, status: u16) -> Value {
    let problem = Problem::new(code, code.entry().explanation);
    let problem = match StatusCode::from_u16(status) {
        Ok(status) => problem.with_status(status),
        Err(_) => problem,
    };
    // Plain structs of texts and numbers always serialise.
    serde_json::to_value(problem.body(Some(SOME_REQUEST))).unwrap_or_default()
}
