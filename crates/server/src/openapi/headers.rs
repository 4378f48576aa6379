//! Headers of answers.

use serde_json::{Value, json};

/// The headers that several answers have.
pub(super) fn components() -> Value {
    json!({
        "RequestId": {
            "description": "The id of the request: the one that was sent, or a new one. The server's log has it.",
            "required": true,
            "schema": {"type": "string", "minLength": 1, "maxLength": 128},
        },
        "RetryAfter": {
            "description": "After how many seconds to ask again.",
            "required": true,
            "schema": {"type": "string", "pattern": "^[0-9]+$"},
        },
        "Challenge": {
            "description": "How to say who is asking.",
            "required": true,
            "schema": {"type": "string"},
        },
    })
}

/// Adds the headers of every answer with this status.
pub(super) fn add(response: &mut Value, status: &str) {
    let mut headers = vec![("X-Request-Id", "RequestId")];
    match status {
        "401" => headers.push(("WWW-Authenticate", "Challenge")),
        "429" | "503" => headers.push(("Retry-After", "RetryAfter")),
        _ => {}
    }
    for (header, component) in headers {
        response["headers"][header] = json!({"$ref": format!("#/components/headers/{component}")});
    }
}
