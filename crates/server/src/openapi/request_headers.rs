//! Headers of requests, which the types of a handler do not show.

use serde_json::{Value, json};

/// The parameters that every operation has.
pub(super) fn components() -> Value {
    json!({
        "RequestId": {
            "name": "X-Request-Id",
            "in": "header",
            "description": "An id of the caller's own for this request: up to 128 letters, digits and `-_.:/=+`. The answer and \
                the server's log repeat it. Anything else is replaced by a new one.",
            "schema": {"type": "string"},
        },
    })
}

/// Adds the headers that an operation looks at.
pub(super) fn add(operation: &mut Value) {
    let own: &[fn() -> Value] = match operation["operationId"].as_str().unwrap_or_default() {
        "handInResult" => &[idempotency_key],
        "askEligibility" | "readEligibility" | "readPlan" => &[prefer],
        "readEvents" | "readDoceboEvents" => &[prefer, last_event_id],
        "storeConnector" | "removeConnector" | "storeExam" | "removeExam" => &[if_match, if_none_match],
        "readDescription" | "readReference" | "readMessages" | "readReferenceStyle" => &[if_not_known],
        _ => &[],
    };
    if !operation["parameters"].is_array() {
        operation["parameters"] = json!([]);
    }
    let Value::Array(parameters) = &mut operation["parameters"] else {
        return;
    };
    parameters.extend(own.iter().map(|header| header()));
    parameters.push(json!({"$ref": "#/components/parameters/RequestId"}));
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Another place for `result_id`, bare or in quotes. Given in both, it must be the same.",
        "schema": {"type": "string", "pattern": "^(\"[A-Za-z0-9._:-]{1,128}\"|[A-Za-z0-9._:-]{1,128})$"},
    })
}

/// A preference is a wish (RFC 7240): any text is taken.
fn prefer() -> Value {
    json!({
        "name": "Prefer",
        "in": "header",
        "description": "`wait=8`: stay on the line for up to so many seconds, 30 at most. The parameter `wait` goes before it. \
            `Preference-Applied` says what was done.",
        "schema": {"type": "string"},
    })
}

fn last_event_id() -> Value {
    json!({
        "name": "Last-Event-ID",
        "in": "header",
        "description": "The `id` of the last event of a stream, to go on behind it; goes before `after`. Only for streams.",
        "schema": {"type": "string"},
    })
}

fn if_match() -> Value {
    condition(
        "If-Match",
        "Change it only in this state: the `ETag` of an answer, several with commas between them, or `*` for any.",
    )
}

fn if_none_match() -> Value {
    condition(
        "If-None-Match",
        "`*`: only create it. With an `ETag`: change it only in another state.",
    )
}

fn condition(name: &str, description: &str) -> Value {
    json!({
        "name": name,
        "in": "header",
        "description": description,
        "schema": {"type": "string", "pattern": "^([*]|(W/)?\"[ !#-~]*\"( *, *(W/)?\"[ !#-~]*\"){0,63})$"},
    })
}

fn if_not_known() -> Value {
    json!({
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of the answer before: what has not changed is not sent again.",
        "schema": {"type": "string"},
    })
}
