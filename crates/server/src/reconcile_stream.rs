//! Reconciling line by line: an answer per id while the body still comes in, and a summary as the last line.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use passback_producer::{Code, FieldProblem, Reconciled};
use passback_queue::Name;
use passback_registry::TokenId;
use serde::{Deserialize, Serialize};

use crate::{
    answer::{AnswerSender, answer_channel},
    auth::{Identity, recheck},
    body_lines::{BodyLines, Read},
    lines::{Line, MAX_LINE_BYTES},
    places::Place,
    problem::Problem,
    reconcile::{CHUNK_IDS, MAX_IDS, Summary, id_of, look_up},
    state::App,
    verdict::Verdict,
};

/// The longest that it may take.
const MAX_DURATION: Duration = Duration::from_mins(10);

/// Where the id of a line stands.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileLine)]
pub(crate) struct LineAnswer {
    line: u64,
    result_id: Option<String>,
    status: &'static str,
    state: Option<String>,
    code: Option<String>,
    /// What is wrong with a line that is no id.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// The last line of a whole answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileLastLine)]
pub(crate) struct LastLine<'a> {
    summary: &'a Summary,
}

/// Why no more lines are read.
enum End {
    /// Every line has its answer.
    Whole,
    /// From this line on nothing was looked up; the last line says why, and there is no summary.
    Refused { line: u64, problem: Problem },
    /// Nobody reads the answers any more, or it took too long.
    Abandoned,
}

/// Answers while the body comes in.
pub(crate) fn answer(app: App, identity: Identity, body: Body, place: Place<TokenId>) -> Response {
    // Holds every line of an answer: who reads no answer before all is sent never blocks us, or itself.
    // The place is held until the last line is taken or nobody takes any more: so long the lines are in memory.
    let (sender, answers) = answer_channel(MAX_IDS + 2, place);
    let lines = BodyLines::new(body.into_data_stream(), MAX_IDS, app.config.body_timeout_ms);
    let reconciliation = Reconciliation {
        app,
        identity,
        lines,
        summary: Summary::default(),
        sender,
    };
    tokio::spawn(reconciliation.run());
    let mut response = Body::from_stream(answers).into_response();
    let ndjson = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, ndjson);
    response
}

struct Reconciliation {
    app: App,
    identity: Identity,
    lines: BodyLines,
    summary: Summary,
    sender: AnswerSender,
}

impl Reconciliation {
    async fn run(mut self) {
        let end = tokio::time::timeout(MAX_DURATION, self.work())
            .await
            .unwrap_or(End::Abandoned);
        let sent = match end {
            End::Whole => self.sender.send(&[LastLine { summary: &self.summary }]),
            End::Refused { line, problem } => self.sender.send(&[Verdict::refused(line, None, &problem)]),
            // A sender dropped without `end` cuts the connection, so that nobody takes the answer for a whole one.
            End::Abandoned => return,
        };
        if sent.is_ok() {
            self.sender.end();
        }
    }

    async fn work(&mut self) -> End {
        loop {
            let read = self.lines.read_on().await;
            let all = !matches!(read, Read::More);
            while self.lines.waiting() >= CHUNK_IDS || (all && self.lines.waiting() > 0) {
                let first = self.lines.next_number();
                let chunk = self.lines.take(CHUNK_IDS);
                if chunk.is_empty() {
                    return too_many_ids(first);
                }
                if let Err(problem) = recheck(&self.app, &self.identity).await {
                    return End::Refused { line: first, problem };
                }
                match self.look_up(chunk).await {
                    Ok(answers) if self.sender.send(&answers).is_ok() => {}
                    Ok(_) => return End::Abandoned,
                    Err(problem) => return End::Refused { line: first, problem },
                }
            }
            match read {
                Read::More | Read::Pause => {}
                Read::End => return End::Whole,
                Read::Failed(problem) => {
                    let line = self.lines.next_number();
                    return End::Refused { line, problem };
                }
            }
        }
    }

    async fn look_up(&mut self, chunk: Vec<Line>) -> Result<Vec<LineAnswer>, Problem> {
        let given = chunk.into_iter().map(|line| (line.number, read_line(&line))).collect();
        let found = look_up(&self.app, given).await?;
        Ok(found.into_iter().map(|(line, found)| self.told(line, found)).collect())
    }

    fn told(&mut self, line: u64, found: Result<(Name, Reconciled), FieldProblem>) -> LineAnswer {
        match found {
            Ok((id, found)) => {
                self.summary.count(found.arrival);
                LineAnswer {
                    line,
                    result_id: Some(id.to_string()),
                    status: found.arrival.as_str(),
                    state: found.state,
                    code: found.code,
                    detail: None,
                }
            }
            Err(problem) => {
                self.summary.count_invalid();
                LineAnswer {
                    line,
                    result_id: None,
                    status: "invalid",
                    state: None,
                    code: Some(Code::InvalidRequest.to_string()),
                    detail: Some(problem.to_string()),
                }
            }
        }
    }
}

fn too_many_ids(line: u64) -> End {
    let detail = format!("One call takes up to {MAX_IDS} ids; this line and all after it were not looked up.");
    let problem = Problem::new(Code::TooManyLines, detail).fix("Ask for the rest in another call.");
    End::Refused { line, problem }
}

/// A line that is JSON: an id, or something with one, such as the result itself.
#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Id(String),
    Result { result_id: String },
}

/// The id of a line: bare, as a JSON text, or in a JSON object as `result_id`.
fn read_line(line: &Line) -> Result<Name, FieldProblem> {
    let Some(bytes) = &line.bytes else {
        let problem = format!("is longer than {MAX_LINE_BYTES} bytes");
        return Err(FieldProblem::new("result_id", problem, "send one id on each line"));
    };
    let bytes = bytes.trim_ascii();
    if !bytes.starts_with(b"{") && !bytes.starts_with(b"\"") {
        return id_of(std::str::from_utf8(bytes).unwrap_or_default());
    }
    match serde_json::from_slice(bytes) {
        Ok(Given::Id(id) | Given::Result { result_id: id }) => id_of(&id),
        Err(_) => {
            let fix = "send an id, or a JSON object with result_id, on each line";
            Err(FieldProblem::new("result_id", "cannot be read", fix))
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("r-1", Some("r-1"))]
    #[case(" r-1\r", Some("r-1"))]
    #[case("\"r-1\"", Some("r-1"))]
    #[case(r#"{"result_id": "r-1", "email": "r.moreau@example.org"}"#, Some("r-1"))]
    #[case("7", Some("7"))]
    #[case("r 1", None)]
    #[case(r#"{"id": "r-1"}"#, None)]
    #[case(r#"{"result_id": 7}"#, None)]
    #[case("{", None)]
    fn an_id_is_read_however_a_line_gives_it(#[case] text: &str, #[case] id: Option<&str>) {
        let line = Line {
            number: 1,
            bytes: Some(Bytes::copy_from_slice(text.as_bytes())),
        };
        let read = read_line(&line).ok();
        assert_eq!(read.as_ref().map(Name::as_str), id);
    }
}
