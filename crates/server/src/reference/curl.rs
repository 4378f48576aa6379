//! A call as a command to copy.

use serde_json::Value;

/// The ids that stand for the ones in paths, as in the examples of bodies.
const IDS: [(&str, &str); 4] = [
    ("{connector}", "acme"),
    ("{result_id}", "r-1842"),
    ("{lane}", "push"),
    ("{id}", "01JDA104C9N7P2S5T8V1W3X6Y0"),
];

/// The command for an operation; `media_type` and `example` where it has a body.
pub(super) fn command(method: &str, path: &str, operation: &Value, body: Option<(&str, &Value)>) -> String {
    let mut address = format!("http://127.0.0.1:8080{}", with_ids(path));
    let required = operation["parameters"].as_array().into_iter().flatten();
    let mut separator = "?";
    for parameter in required.filter(|parameter| parameter["in"] == "query" && parameter["required"] == true) {
        let name = parameter["name"].as_str().unwrap_or_default();
        let example = parameter["example"].as_str().unwrap_or("true").replace(' ', "%20");
        for part in [separator, name, "=", &example] {
            address.push_str(part);
        }
        separator = "&";
    }
    let mut words = vec!["curl".to_owned()];
    let usual = if body.is_some() { "POST" } else { "GET" };
    if method != usual {
        words.push(format!("-X {method}"));
    }
    words.push(quoted(&address));
    let needs = operation["security"].as_array().map(Vec::as_slice).unwrap_or_default();
    if needs.iter().any(|need| !need["webhook"].is_null()) {
        words.push("-u USERNAME:PASSWORD".to_owned());
    } else if !needs.is_empty() {
        words.push("-H \"Authorization: Bearer $PASSBACK_TOKEN\"".to_owned());
    }
    if let Some((media_type, example)) = body {
        words.push(format!("-H 'Content-Type: {media_type}'"));
        let text = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        words.push(format!("--data-binary {}", quoted(&text)));
    }
    words.join(" \\\n  ")
}

fn with_ids(path: &str) -> String {
    let path = if path.starts_with("/v1/connectors/") {
        path.replace("{id}", "acme")
    } else if path.starts_with("/v1/exams/") {
        path.replace("{id}", "forklift-01")
    } else {
        path.to_owned()
    };
    IDS.iter().fold(path, |path, (name, id)| path.replace(name, id))
}

/// A text as a shell takes it word for word.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_quotes_what_a_shell_would_read() {
        let operation = json!({"security": [{"bearer": []}], "parameters": []});
        let example = json!({"reason": "it's over"});
        let command = command(
            "POST",
            "/v1/jobs/{id}/cancel",
            &operation,
            Some(("application/json", &example)),
        );
        assert_eq!(
            command,
            "curl \\\n  'http://127.0.0.1:8080/v1/jobs/01JDA104C9N7P2S5T8V1W3X6Y0/cancel' \\\n  \
             -H \"Authorization: Bearer $PASSBACK_TOKEN\" \\\n  -H 'Content-Type: application/json' \\\n  \
             --data-binary '{\"reason\":\"it'\\''s over\"}'"
        );
    }

    #[test]
    fn a_webhook_is_sent_with_basic_and_to_a_connector() {
        let operation = json!({"security": [{"webhook": []}], "parameters": []});
        assert_eq!(
            command(
                "POST",
                "/webhooks/docebo/{connector}",
                &operation,
                Some(("application/json", &json!({})))
            ),
            "curl \\\n  'http://127.0.0.1:8080/webhooks/docebo/acme' \\\n  -u USERNAME:PASSWORD \\\n  \
             -H 'Content-Type: application/json' \\\n  --data-binary '{}'"
        );
    }

    #[test]
    fn a_parameter_that_is_needed_is_in_the_command() {
        let operation = json!({"parameters": [
            {"in": "query", "name": "reason", "required": true, "example": "it is over"},
            {"in": "query", "name": "limit", "required": false},
        ]});
        let command = command("DELETE", "/v1/exams/{id}", &operation, None);
        assert_eq!(
            command,
            "curl \\\n  -X DELETE \\\n  'http://127.0.0.1:8080/v1/exams/forklift-01?reason=it%20is%20over'"
        );
    }
}
