//! The page of all messages: what each code means, who acts, and the steps.

use maud::{Markup, html};
use passback_producer::{Code, Entry};

use super::{layout::page, prose::line};

/// The whole page.
pub(super) fn render() -> String {
    let entries = Code::ALL.iter().map(|code| code.entry());
    let (refusals, others): (Vec<Entry>, Vec<Entry>) = entries.partition(|entry| entry.http_status.is_some());
    let body = html! {
        h1 { "Messages" }
        p { "Every code that answers, lists and refusals hold; the same words stand on the command line and in logs." }
        (section("Refused requests", &refusals))
        (section("Checks, results and jobs", &others))
    };
    page("passback: messages", &body)
}

fn section(title: &str, entries: &[Entry]) -> Markup {
    html! {
        h2 { (title) }
        @for entry in entries { (message(entry)) }
    }
}

fn message(entry: &Entry) -> Markup {
    let yes_no = |value: bool| if value { "yes" } else { "no" };
    html! {
        article id=(entry.code) {
            h3 { a href={ "#" (entry.code) } { code { (entry.code) } } " " (entry.title) }
            p { (line(entry.explanation)) }
            p.quiet {
                "Who acts: " (entry.who_acts.title()) " · safe to retry: " (yes_no(entry.safe_to_retry))
                " · releases itself: " (yes_no(entry.releases_itself))
                @if let Some(status) = entry.http_status { " · HTTP status " (status) }
            }
            ol { @for step in entry.resolution { li { (line(step)) } } }
        }
    }
}
