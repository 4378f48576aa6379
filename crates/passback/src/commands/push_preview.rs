//! `passback push --dry-run`: what would become of a result, as a difference.

use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::output::{self, Format, field, text_of};

/// The values of an enrolment, in the order in which they are shown.
const VALUES: [&str; 4] = ["status", "score", "completed_at", "field"];

/// Prints a preview, and says by the exit code whether somebody or something would stand in the way.
pub(super) fn print(format: Format, preview: &Value) -> Result<Exit, Failure> {
    if format == Format::Table {
        lines(preview).iter().try_for_each(|line| output::line(line))?;
        output::note("this was a dry run; nothing was changed");
    } else {
        output::item(format, preview)?;
    }
    Ok(exit_of(preview))
}

fn exit_of(preview: &Value) -> Exit {
    match preview["would"].as_str() {
        Some("write" | "no_op" | "superseded" | "nothing") => Exit::Done,
        Some("unknown") => Exit::Unverified,
        Some(_) | None => Exit::Failed,
    }
}

fn lines(preview: &Value) -> Vec<String> {
    let code = preview["code"]
        .as_str()
        .map(|code| format!(" ({code})"))
        .unwrap_or_default();
    let mut lines = vec![
        format!("{}: {}{code}", field(preview, "result_id"), field(preview, "title")),
        field(preview, "explanation"),
    ];
    let facts = [
        ("counts instead", "by"),
        ("as new as", "with"),
        ("stands as", "state"),
        ("user", "user_id"),
        ("user before", "user_id_before"),
        ("detail", "detail"),
    ];
    let known = facts.into_iter().filter(|(_, name)| !preview[*name].is_null());
    lines.extend(known.map(|(word, name)| format!("{word}: {}", field(preview, name))));
    if preview["unread"] == Value::Bool(true) {
        lines.push("the connector writes without reading first: whatever is there is overwritten".to_owned());
    }
    let request = &preview["request"];
    if !request.is_null() {
        lines.push(String::new());
        lines.push(format!("{} {}", field(request, "method"), field(request, "path")));
        lines.push(text_of(&request["body"]));
    }
    lines.extend(difference(preview));
    lines.extend(steps(preview));
    lines
}

/// What the enrolment holds, and, below each value that would change, what it would hold.
fn difference(preview: &Value) -> Vec<String> {
    let now = &preview["now"];
    if now.is_null() {
        return Vec::new();
    }
    let changes = preview["difference"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut lines = vec![String::new(), "the enrolment:".to_owned()];
    for name in VALUES {
        match changes.iter().find(|change| change["field"] == name) {
            Some(change) => {
                lines.push(format!("- {name:14}{}", field(change, "from")));
                lines.push(format!("+ {name:14}{}", field(change, "to")));
            }
            None if now[name].is_null() => {}
            None => lines.push(format!("  {name:14}{}", plain(&now[name]))),
        }
    }
    lines
}

/// A value as people write it: 87, not 87.0.
fn plain(value: &Value) -> String {
    let whole = value.as_f64().filter(|number| number.fract() == 0.0);
    whole.map_or_else(|| text_of(value), |whole| format!("{whole:.0}"))
}

fn steps(preview: &Value) -> Vec<String> {
    let steps = preview["resolution"].as_array().map(Vec::as_slice).unwrap_or_default();
    if steps.is_empty() || exit_of(preview) == Exit::Done {
        return Vec::new();
    }
    let heading = [String::new(), "to put it right:".to_owned()];
    let numbered = steps.iter().zip(1..);
    let numbered = numbered.map(|(step, number)| format!("  {number}. {}", text_of(step)));
    heading.into_iter().chain(numbered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_preview_reads_as_a_difference() {
        let preview = json!({
            "result_id": "r-1", "would": "write", "code": null, "title": "The result would be written",
            "explanation": "The enrolment is there.", "user_id": 13827, "unread": false, "resolution": [],
            "request": {"method": "PUT", "path": "/learn/v1/enrollments/146/13827", "body": {"status": 2}},
            "now": {"status": "subscribed", "score": 87.0, "completed_at": null},
            "difference": [
                {"field": "status", "from": "subscribed", "to": "completed"},
                {"field": "completed_at", "from": null, "to": "2026-11-20 09:30:11"},
            ],
        });
        let expected = [
            "r-1: The result would be written",
            "The enrolment is there.",
            "user: 13827",
            "",
            "PUT /learn/v1/enrollments/146/13827",
            "{\"status\":2}",
            "",
            "the enrolment:",
            "- status        subscribed",
            "+ status        completed",
            "  score         87",
            "- completed_at  -",
            "+ completed_at  2026-11-20 09:30:11",
        ];
        assert_eq!(lines(&preview), expected);
        assert_eq!(exit_of(&preview), Exit::Done);
    }

    #[test]
    fn what_stands_in_the_way_is_named_with_its_way_out() {
        let preview = json!({
            "result_id": "r-1", "would": "park", "code": "user_not_found", "title": "User not found",
            "explanation": "No user has it.", "resolution": ["Create the user."], "difference": [],
        });
        assert_eq!(
            lines(&preview),
            [
                "r-1: User not found (user_not_found)",
                "No user has it.",
                "",
                "to put it right:",
                "  1. Create the user.",
            ]
        );
        assert_eq!(exit_of(&preview), Exit::Failed);
        assert_eq!(exit_of(&json!({"would": "unknown"})), Exit::Unverified);
    }
}
