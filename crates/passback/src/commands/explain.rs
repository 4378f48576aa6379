//! `passback explain`

use clap::Args;
use passback_producer::{Code, Entry, reference_page};
use serde_json::{Value, json};
use strsim::damerau_levenshtein;

use crate::exit::{Exit, Failure};
use crate::output::{self, Column, Format, column, field};

/// Codes that are named for one that there is not.
const MAX_SUGGESTED: usize = 3;

/// Which message to explain.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code, such as `manual_override`; without it, all codes are listed.
    code: Option<String>,
    /// Print the whole catalogue as a page of Markdown.
    #[arg(long, conflicts_with_all = ["code", "output"])]
    markdown: bool,
    /// How to print it.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

const COLUMNS: [Column; 4] = [
    column("CODE", |entry| field(entry, "code")),
    column("TITLE", |entry| field(entry, "title")),
    column("WHO ACTS", |entry| field(entry, "who_acts")),
    column("HTTP", |entry| field(entry, "http_status")),
];

/// Explains a message of the catalogue, or lists them all; asks no server.
pub(crate) fn run(args: &ExplainArgs) -> Result<Exit, Failure> {
    if args.markdown {
        output::line(reference_page().trim_end())?;
        return Ok(Exit::Done);
    }
    let Some(text) = &args.code else {
        let entries: Vec<Value> = Code::ALL.iter().map(|code| json!(code.entry())).collect();
        output::list(args.output, &entries, &COLUMNS)?;
        return Ok(Exit::Done);
    };
    let code: Code = text.parse().map_err(|_| unknown(text))?;
    match args.output {
        Format::Table => lines(&code.entry()).iter().try_for_each(|line| output::line(line))?,
        Format::Json | Format::Ndjson => output::item(args.output, &json!(code.entry()))?,
    }
    Ok(Exit::Done)
}

fn lines(entry: &Entry) -> Vec<String> {
    let yes_no = |value: bool| if value { "yes" } else { "no" };
    let mut lines = vec![
        format!("{} ({})", entry.title, entry.code),
        entry.explanation.to_owned(),
        String::new(),
        format!("who acts          {}", entry.who_acts.title()),
        format!("safe to retry     {}", yes_no(entry.safe_to_retry)),
        format!("releases itself   {}", yes_no(entry.releases_itself)),
    ];
    lines.extend(entry.http_status.map(|status| format!("HTTP status       {status}")));
    lines.extend([String::new(), "what to do:".to_owned()]);
    let numbered = entry.resolution.iter().zip(1..);
    lines.extend(numbered.map(|(step, number)| format!("  {number}. {step}")));
    lines
}

fn unknown(text: &str) -> Failure {
    let nearest = nearest(text);
    let fix = if nearest.is_empty() {
        "list all codes: passback explain".to_owned()
    } else {
        format!("did you mean {}? All codes: passback explain", nearest.join(", "))
    };
    Failure::new(Exit::NotFound, "there is no message of this code").fix(fix)
}

/// The codes that were most likely meant: those that hold the text, and those that are spelled much alike.
fn nearest(text: &str) -> Vec<&'static str> {
    let mut near: Vec<(usize, &str)> = Code::ALL
        .iter()
        .map(|code| code.as_str())
        .filter_map(|code| {
            let holds = text.len() > 2 && code.contains(text);
            let distance = if holds { 0 } else { damerau_levenshtein(text, code) };
            (distance * 3 <= code.len()).then_some((distance, code))
        })
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().take(MAX_SUGGESTED).map(|(_, code)| code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_code_finds_the_one_meant() {
        assert_eq!(nearest("manual_overide"), ["manual_override"]);
        assert_eq!(nearest("user-not-found").first(), Some(&"user_not_found"));
        assert!(nearest("credentials").contains(&"credentials_refused"));
        assert!(nearest("entirely different").is_empty());
        let failure = unknown("manual_overide");
        assert_eq!(failure.exit, Exit::NotFound);
        assert!(failure.to_string().contains("manual_override"), "{failure}");
    }

    #[test]
    fn a_message_is_said_whole() {
        let entry = Code::CredentialsRefused.entry();
        let text = lines(&entry).join("\n");
        assert!(
            text.starts_with("Docebo authentication is not valid (credentials_refused)\n"),
            "{text}"
        );
        for said in [entry.explanation, entry.who_acts.title()]
            .iter()
            .chain(entry.resolution)
        {
            assert!(text.contains(said), "{said}");
        }
    }
}
