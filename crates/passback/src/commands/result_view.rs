//! A result for people: where it stands, its steps, and what a person must decide.

use serde_json::Value;

use super::job::print_steps;
use crate::exit::Failure;
use crate::output::{self, Column, Format, column, field, text_of};

/// The parts of an enrolment that results write, as they are called in answers and for people.
const PARTS: [(&str, &str); 4] = [
    ("status", "status"),
    ("score", "score"),
    ("completed_at", "completed (UTC)"),
    ("field", "field"),
];

const STEP_COLUMNS: [Column; 4] = [
    column("AT", |step| field(step, "at")),
    column("STEP", |step| field(step, "step")),
    column("CODE", |step| field(step, "code")),
    column("REFERENCE", |step| field(step, "reference")),
];

/// The same where a person has decided.
const DECIDED_COLUMNS: [Column; 6] = {
    let [at, step, code, reference] = STEP_COLUMNS;
    [
        at,
        step,
        code,
        reference,
        column("BY", |step| field(step, "actor")),
        column("REASON", |step| field(step, "reason")),
    ]
};

/// What a reader looks for, before all the rest.
const FIRST: [&str; 7] = [
    "result_id",
    "state",
    "code",
    "title",
    "who_acts",
    "next_at",
    "superseded_by",
];
/// Stands below the fields: it is whole sentences.
const EXPLANATION: &str = "explanation";

/// Prints a result; as a table with its steps and its case.
pub(super) fn print_result(format: Format, result: &Value) -> Result<(), Failure> {
    if format != Format::Table {
        return output::item(format, result);
    }
    fields(result).iter().try_for_each(|line| output::line(line))?;
    print_steps(result)?;
    if !result["case"].is_null() {
        output::line(&format!("\n{}", case_text(&result["case"])))?;
    }
    let steps = result["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    output::line("")?;
    let decided = steps
        .iter()
        .any(|step| step["actor"].is_string() || step["reason"].is_string());
    if decided {
        output::list(format, steps, &DECIDED_COLUMNS)
    } else {
        output::list(format, steps, &STEP_COLUMNS)
    }
}

/// The fields below each other, what matters most first, and the explanation.
fn fields(result: &Value) -> Vec<String> {
    let said = |value: &Value| !value.is_null() && !value.is_array() && !value.is_object();
    let all = result.as_object().into_iter().flat_map(|fields| fields.keys());
    let rest = all
        .map(String::as_str)
        .filter(|name| !FIRST.contains(name) && *name != EXPLANATION);
    let names: Vec<&str> = FIRST
        .into_iter()
        .chain(rest)
        .filter(|name| said(&result[*name]))
        .collect();
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0) + 2;
    let lines = names
        .into_iter()
        .map(|name| format!("{name:width$}{}", field(result, name)));
    let explanation = result[EXPLANATION].as_str().map(|text| format!("\n{text}"));
    lines.chain(explanation).collect()
}

/// Shows a case to whoever is about to decide it.
pub(super) fn note_case(case: &Value) {
    output::note(&case_text(case));
}

/// The values side by side, that of the contradicting result where there is one, and whom or what else it is about.
fn case_text(case: &Value) -> String {
    let mut sides = vec!["ours", "theirs", "last_known"];
    let mut headings = vec!["TO DECIDE", "OURS", "THEIRS", "LAST KNOWN"];
    if !case["other"].is_null() {
        sides.insert(1, "other");
        headings.insert(2, "THE OTHER");
    }
    let said = |part: &str| sides.iter().any(|side| !case[*side][part].is_null());
    let rows = PARTS.iter().filter(|(part, _)| said(part)).map(|(part, name)| {
        let mut row = vec![(*name).to_owned()];
        row.extend(sides.iter().map(|side| text_of(&case[*side][part])));
        row
    });
    let table = output::table(&headings, rows);
    let mut lines = vec![table];
    if !case["user_id"].is_null() {
        lines.push(format!("Docebo user: {}", field(case, "user_id")));
    }
    if !case["user_id_before"].is_null() {
        lines.push(format!(
            "earlier results went to the user {}",
            field(case, "user_id_before")
        ));
    }
    if !case["conflicts_with"].is_null() {
        lines.push(format!("contradicts the result {}", field(case, "conflicts_with")));
    }
    lines.push(format!("found at {}, {}", field(case, "found_at"), field(case, "code")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_three_values_stand_side_by_side() {
        let case = json!({
            "code": "manual_override", "found_at": "2026-11-22T09:30:11Z", "user_id": 13827,
            "ours": {"status": "completed", "score": 87.0, "completed_at": "2026-11-20 09:30:11"},
            "theirs": {"status": "completed", "score": 91.0, "completed_at": null},
            "last_known": null, "user_id_before": null, "conflicts_with": null,
        });
        let expected = "\
TO DECIDE        OURS                 THEIRS     LAST KNOWN
status           completed            completed  -
score            87.0                 91.0       -
completed (UTC)  2026-11-20 09:30:11  -          -
Docebo user: 13827
found at 2026-11-22T09:30:11Z, manual_override";
        assert_eq!(case_text(&case), expected);
    }

    #[test]
    fn what_the_contradicting_result_would_write_stands_beside_ours() {
        let case = json!({
            "code": "conflict", "found_at": "2026-11-22T09:30:11Z", "conflicts_with": "r-0",
            "ours": {"status": "completed"}, "other": {"status": "in_progress"},
        });
        let text = case_text(&case);
        assert!(
            text.starts_with("TO DECIDE  OURS       THE OTHER    THEIRS  LAST KNOWN\n"),
            "{text}"
        );
        assert!(text.contains("status     completed  in_progress  -       -"), "{text}");
    }

    #[test]
    fn what_matters_most_stands_first() {
        let result = json!({
            "attempts": 2, "code": "manual_override", "explanation": "Somebody changed it.", "result_id": "r-1",
            "state": "parked", "steps": [], "superseded_by": null, "title": "Changed in Docebo", "who_acts": "operator",
        });
        let expected = [
            "result_id  r-1",
            "state      parked",
            "code       manual_override",
            "title      Changed in Docebo",
            "who_acts   operator",
            "attempts   2",
            "\nSomebody changed it.",
        ];
        assert_eq!(fields(&result), expected);
    }

    #[test]
    fn another_user_or_result_is_named() {
        let case = json!({
            "code": "identity_changed", "found_at": "2026-11-22T09:30:11Z", "ours": {"status": "completed"},
            "user_id": 2, "user_id_before": 1, "conflicts_with": "r-0",
        });
        let text = case_text(&case);
        assert!(text.contains("earlier results went to the user 1"), "{text}");
        assert!(text.contains("contradicts the result r-0"), "{text}");
    }
}
