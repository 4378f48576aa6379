//! `passback dead export`: every dead letter that matches, one line of JSON each.

use std::io::{self, Write};
use std::time::Duration;

use clap::Args;
use serde_json::Value;

use super::dead_plan::DeadFilter;
use super::filter::borrowed;
use crate::api::Api;
use crate::exit::{Exit, Failure};
use crate::output;

/// Cuts in a row, without a line between them, after which an export is given up.
const MAX_CUTS: u32 = 5;
/// The pause after such a cut: the server is away, or has too much to do.
const RETRY: Duration = Duration::from_secs(2);

/// Which dead letters to export.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    filter: DeadFilter,
    /// Go on behind this cursor: that of the last line of an export that was not finished.
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

/// How far an export has come.
#[derive(Debug)]
struct Export {
    /// The cursor of the last line that came whole.
    after: Option<String>,
    lines: usize,
    retry: Duration,
}

/// Why an answer has no more.
enum End {
    /// It broke off, or there was none, as may happen: another one goes on.
    Cut,
    /// Another one would be no better.
    Failed(Failure),
}

/// Prints them as they come. The server cuts off what takes too long; then the rest is asked for.
pub(crate) async fn run(api: &Api, args: ExportArgs) -> Result<Exit, Failure> {
    let query = args.filter.query()?;
    let mut export = Export {
        after: args.after,
        lines: 0,
        retry: RETRY,
    };
    export.print(api, &borrowed(&query), &mut io::stdout()).await?;
    output::note(&format!("{} dead letter(s)", export.lines));
    Ok(Exit::Done)
}

impl Export {
    /// To the end, however many answers that takes.
    async fn print(&mut self, api: &Api, query: &[(&str, &str)], out: &mut impl Write) -> Result<(), Failure> {
        let mut cuts = 0;
        loop {
            let lines = self.lines;
            match self.go_on(api, query, out).await {
                Ok(()) => return Ok(()),
                Err(End::Failed(failure)) => return Err(self.way_on(failure)),
                Err(End::Cut) => {}
            }
            cuts = if self.lines > lines { 0 } else { cuts + 1 };
            // A server of an earlier version gives no cursors; from the beginning it would all come twice.
            let lost = self.after.is_none() && self.lines > 0;
            if cuts >= MAX_CUTS || lost {
                let sentence = format!(
                    "the export broke off after {} lines: what was printed is not all",
                    self.lines
                );
                return Err(self.way_on(Failure::unavailable(sentence)));
            }
            if cuts > 0 {
                tokio::time::sleep(self.retry).await;
            }
        }
    }

    /// As far as one answer goes.
    async fn go_on(&mut self, api: &Api, query: &[(&str, &str)], out: &mut impl Write) -> Result<(), End> {
        let after = self.after.clone();
        let mut query = query.to_vec();
        query.extend(after.as_deref().map(|cursor| ("after", cursor)));
        let mut answer = match api.open(&["v1", "dead-letters", "export"], &query).await {
            Ok(answer) => answer,
            // Who has begun waits for a server that is started anew; who has not is told at once.
            Err(failure) if failure.exit == Exit::Unavailable && self.lines > 0 => return Err(End::Cut),
            Err(failure) => return Err(End::Failed(failure)),
        };
        let mut text = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|_| End::Cut)? {
            text.extend_from_slice(&piece);
            let Some(end) = text.iter().rposition(|byte| *byte == b'\n') else {
                continue;
            };
            // Half a line would spoil the whole file: it comes again with the rest.
            let whole: Vec<u8> = text.drain(..=end).collect();
            let written = out.write_all(&whole).and_then(|()| out.flush());
            written.map_err(|error| End::Failed(Failure::output(&error)))?;
            self.note(&whole);
        }
        if text.is_empty() { Ok(()) } else { Err(End::Cut) }
    }

    fn note(&mut self, whole: &[u8]) {
        let mut lines = whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        self.lines += lines.clone().count();
        let last: Option<Value> = lines.next_back().and_then(|line| serde_json::from_slice(line).ok());
        if let Some(cursor) = last.as_ref().and_then(|line| line["cursor"].as_str()) {
            self.after = Some(cursor.to_owned());
        }
    }

    /// The failure, and how the rest is had later.
    fn way_on(&self, failure: Failure) -> Failure {
        match &self.after {
            Some(cursor) if !failure.sentence.is_empty() => {
                failure.fix(format!("for the rest, run the same command with --after {cursor}"))
            }
            Some(_) | None => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::stub;

    async fn exported(answers: Vec<String>) -> (String, Result<(), Failure>, stub::Stub) {
        let stub = stub::answering(answers);
        let api = Api::new(&stub.address, None).unwrap();
        let mut export = Export {
            after: None,
            lines: 0,
            retry: Duration::ZERO,
        };
        let mut out = Vec::new();
        let ended = export.print(&api, &[("code", "rejected")], &mut out).await;
        (String::from_utf8(out).unwrap(), ended, stub)
    }

    const FIRST: &str = "{\"cursor\":\"1-A\"}\n{\"cursor\":\"2-B\"}\n";
    const LAST: &str = "{\"cursor\":\"3-C\"}\n";

    #[tokio::test]
    async fn an_export_that_is_cut_off_is_had_whole_and_each_line_once() {
        let (out, ended, stub) = exported(vec![
            stub::cut(&format!("{FIRST}{{\"curs")),
            stub::whole("503 Service Unavailable", "{}"),
            stub::whole("200 OK", LAST),
        ])
        .await;
        assert!(ended.is_ok(), "{ended:?}");
        assert_eq!(out, format!("{FIRST}{LAST}"));
        let asked = stub.asked();
        assert_eq!(asked[0], "GET /v1/dead-letters/export?code=rejected HTTP/1.1");
        assert_eq!(asked[2], "GET /v1/dead-letters/export?code=rejected&after=2-B HTTP/1.1");
    }

    #[tokio::test]
    async fn an_export_that_gets_no_further_is_given_up_with_the_way_to_go_on() {
        let mut answers = vec![stub::cut(FIRST)];
        answers.extend((0..MAX_CUTS).map(|_| stub::cut("")));
        let (out, ended, _stub) = exported(answers).await;
        assert_eq!(out, FIRST);
        let failure = ended.unwrap_err();
        assert_eq!(failure.exit, Exit::Unavailable);
        assert!(failure.to_string().contains("--after 2-B"), "{failure}");
    }

    #[tokio::test]
    async fn lines_without_cursors_are_not_printed_twice() {
        let (out, ended, _stub) = exported(vec![stub::cut("{}\n"), stub::whole("200 OK", "{}\n")]).await;
        assert_eq!((out.as_str(), ended.is_err()), ("{}\n", true));
    }
}
