//! A refusal of the API in the words of the command line.

use reqwest::StatusCode;
use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::output::text_of;

/// The failure that an answer other than 2xx stands for.
pub(crate) fn refusal(status: StatusCode, text: &str) -> Failure {
    refusal_of_login(status, text, TOKEN)
}

/// How a caller with a token says who he is.
const TOKEN: &str = "set PASSBACK_API_TOKEN, or run the command in the folder of a running `passback dev`";
/// How a caller of a webhook says who he is.
pub(crate) const WEBHOOK_LOGIN: &str = "give what the connector's `webhook` has: --username, --password-file or \
                                        PASSBACK_WEBHOOK_PASSWORD, and --header NAME=@FILE if it has a header";

/// The same for a caller who says in another way than by a token who he is.
pub(crate) fn refusal_of_login(status: StatusCode, text: &str, login: &str) -> Failure {
    let exit = exit_of(status);
    let Ok(problem) = serde_json::from_str::<Value>(text) else {
        return Failure::new(exit, format!("the server answered {status}"))
            .fix("let PASSBACK_API_URL name the passback API");
    };
    let mut failure = Failure::new(exit, sentence(status, &problem));
    for error in field_errors(&problem) {
        failure = failure.detail(error);
    }
    let steps = problem["resolution"].as_array().map(Vec::as_slice).unwrap_or_default();
    for step in steps {
        failure = failure.fix(text_of(step));
    }
    if status == StatusCode::UNAUTHORIZED {
        failure = failure.fix(login);
    }
    failure
}

/// The failure of a call that was answered in part, from the problem that its last line names.
pub(crate) fn refusal_of(problem: &Value) -> Failure {
    let status = problem["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    match status {
        Some(status) => refusal(status, &problem.to_string()),
        None => Failure::unavailable("the server's answer broke off before its end").fix("run the same command again"),
    }
}

fn sentence(status: StatusCode, problem: &Value) -> String {
    match (problem["title"].as_str(), problem["detail"].as_str()) {
        (Some(title), Some(detail)) if !detail.is_empty() => format!("{title}: {detail}"),
        (Some(title), _) => title.to_owned(),
        (None, _) => format!("the server answered {status}"),
    }
}

/// The errors of single fields, each with its fix.
pub(crate) fn field_errors(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors
        .iter()
        .map(|error| {
            let places = ["pointer", "parameter", "header"].map(|kind| &error[kind]);
            let place = places
                .into_iter()
                .find(|place| !place.is_null())
                .unwrap_or(&Value::Null);
            format!(
                "{}: {}; {}",
                text_of(place),
                text_of(&error["problem"]),
                text_of(&error["fix"])
            )
        })
        .collect()
}

fn exit_of(status: StatusCode) -> Exit {
    match status {
        StatusCode::NOT_FOUND => Exit::NotFound,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Exit::Unavailable,
        refused if refused.is_client_error() => Exit::Refused,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_problem_is_said_with_its_fields_and_its_way_out() {
        let problem = json!({
            "title": "Invalid request", "detail": "/score_percent: is 120", "code": "invalid_request",
            "errors": [{"pointer": "/score_percent", "problem": "is 120", "fix": "write 0 to 100"}],
            "resolution": ["Correct the fields."]
        });
        let failure = refusal(StatusCode::UNPROCESSABLE_ENTITY, &problem.to_string());
        assert_eq!(failure.exit, Exit::Refused);
        let said = "error: Invalid request: /score_percent: is 120\n  /score_percent: is 120; write 0 to 100\nfix: Correct the fields.";
        assert_eq!(failure.to_string(), said);
    }

    #[test]
    fn a_refused_login_leads_to_what_the_caller_has_shown() {
        let said = |login| refusal_of_login(StatusCode::UNAUTHORIZED, "{}", login).to_string();
        assert!(said(TOKEN).contains("PASSBACK_API_TOKEN"));
        let webhook = said(WEBHOOK_LOGIN);
        assert!(!webhook.contains("PASSBACK_API_TOKEN"), "{webhook}");
        for way in ["--username", "--password-file", "PASSBACK_WEBHOOK_PASSWORD", "--header"] {
            assert!(webhook.contains(way), "{way}: {webhook}");
        }
    }

    #[test]
    fn an_answer_that_is_no_problem_is_said_by_its_status() {
        let failure = refusal(StatusCode::BAD_GATEWAY, "<html>");
        assert_eq!(failure.exit, Exit::Unavailable);
        assert!(failure.to_string().contains("502"));
    }
}
