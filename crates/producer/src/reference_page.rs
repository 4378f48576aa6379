//! The message catalogue as a page for people: `docs/messages.md` is this text.

use std::fmt::Write;

use crate::{Code, Entry};

const HEAD: &str = "\
# Messages

Everything that passback has to say about a check, a result, a job or a request, by its code. The same words stand in
answers of the API, on the command line (`passback explain CODE`) and in logs.

This page is made from the catalogue in `crates/producer/src/catalogue`. To make it anew:
`passback explain --markdown > docs/messages.md`.

- **Safe to retry**: the same request or job may be run again without harm.
- **Releases itself**: passback goes on by itself once the cause is gone.
";

/// Renders the whole catalogue as Markdown.
pub fn reference_page() -> String {
    let mut page = String::from(HEAD);
    let (refusals, others): (Vec<Entry>, Vec<Entry>) = Code::ALL
        .iter()
        .map(|code| code.entry())
        .partition(|entry| entry.http_status.is_some());
    section(&mut page, "Checks, results and jobs", &others);
    section(&mut page, "Refused requests", &refusals);
    page
}

fn section(page: &mut String, title: &str, entries: &[Entry]) {
    // Writing to a text never fails.
    let _ = write!(
        page,
        "\n## {title}\n\n| code | what happened | who acts |\n|---|---|---|\n"
    );
    for entry in entries {
        let Entry { code, title, .. } = entry;
        let _ = writeln!(page, "| [`{code}`](#{code}) | {title} | {} |", entry.who_acts.title());
    }
    for entry in entries {
        message(page, entry);
    }
}

fn message(page: &mut String, entry: &Entry) {
    let status = match entry.http_status {
        Some(status) => format!(" · HTTP status {status}"),
        None => String::new(),
    };
    let facts = format!(
        "Who acts: {} · safe to retry: {} · releases itself: {}{status}",
        entry.who_acts.title(),
        yes_no(entry.safe_to_retry),
        yes_no(entry.releases_itself),
    );
    let Entry {
        code,
        title,
        explanation,
        ..
    } = entry;
    let _ = write!(page, "\n### {code}\n\n**{title}**\n\n{explanation}\n\n{facts}\n\n");
    for (number, step) in (1..).zip(entry.resolution) {
        let _ = writeln!(page, "{number}. {step}");
    }
}

fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
