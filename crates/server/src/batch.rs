//! Results in bulk: NDJSON in, a verdict per line out, while the body still comes in.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, BodyDataStream},
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use passback_producer::{Code, ExamResult, IntakeError, Receipt};
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    body::expect_media_type,
    body_lines::{BodyLines, Read},
    json::parse,
    lines::{Line, MAX_LINE_BYTES},
    parameters::Parameters,
    problem::Problem,
    state::App,
    verdict::{Verdict, VerdictSender, answer_channel},
};

/// The most lines of a batch, blank ones left out.
const MAX_BATCH_LINES: usize = 10_000;
/// Lines per round trip to Redis.
const CHUNK_LINES: usize = 200;
/// The longest that a batch may take.
const MAX_DURATION: Duration = Duration::from_mins(10);
const MEDIA_TYPES: [&str; 3] = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

/// `POST /v1/results/batch`
pub(crate) async fn hand_in_all(
    State(app): State<App>,
    parameters: Parameters,
    request: Request,
) -> Result<Response, Problem> {
    parameters.only(&[])?;
    expect_media_type(request.headers(), &MEDIA_TYPES)?;
    let permit = Arc::clone(&app.batches).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::new(Code::TooBusy, "Too many batches are under way at this moment."))?;
    // Holds every verdict of a batch: a sender that reads no answer before it has sent all never blocks us, or itself.
    let (verdicts, answers) = answer_channel(MAX_BATCH_LINES + 2);
    let body = request.into_body().into_data_stream();
    tokio::spawn(Batch::new(app, body, verdicts, permit).run());
    let mut response = Body::from_stream(answers).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(response)
}

/// Why no more lines of a batch are read.
enum End {
    /// Every line has its verdict.
    Whole,
    /// From this line on nothing was read; the last verdict says why.
    Refused { line: u64, problem: Problem },
    /// Nobody reads the verdicts any more, or it took too long.
    Abandoned,
}

struct Batch {
    app: App,
    lines: BodyLines,
    /// Set once the store failed: the rest is refused without asking, for the caller repeats the batch anyway.
    store_failed: Option<Problem>,
    verdicts: VerdictSender,
    /// Held until the batch is at its end, however that comes.
    _permit: OwnedSemaphorePermit,
}

impl Batch {
    fn new(app: App, body: BodyDataStream, verdicts: VerdictSender, permit: OwnedSemaphorePermit) -> Self {
        Self {
            lines: BodyLines::new(body, MAX_BATCH_LINES, app.config.body_timeout_ms),
            app,
            store_failed: None,
            verdicts,
            _permit: permit,
        }
    }

    async fn run(mut self) {
        let end = tokio::time::timeout(MAX_DURATION, self.work())
            .await
            .unwrap_or(End::Abandoned);
        match end {
            End::Whole => self.verdicts.end(),
            End::Refused { line, problem } => {
                if self.verdicts.send(&[Verdict::refused(line, None, &problem)]).is_ok() {
                    self.verdicts.end();
                }
            }
            // A sender dropped without `end` cuts the connection, so that nobody takes the answer for a whole one.
            End::Abandoned => {}
        }
    }

    async fn work(&mut self) -> End {
        loop {
            let read = self.lines.read_on().await;
            let all = !matches!(read, Read::More);
            while self.lines.waiting() >= CHUNK_LINES || (all && self.lines.waiting() > 0) {
                let chunk = self.lines.take(CHUNK_LINES);
                if chunk.is_empty() {
                    return self.too_many_lines();
                }
                let verdicts = self.judge(chunk).await;
                if self.verdicts.send(&verdicts).is_err() {
                    return End::Abandoned;
                }
            }
            match read {
                Read::More | Read::Pause => {}
                Read::End => return End::Whole,
                Read::Failed(problem) => {
                    return End::Refused {
                        line: self.lines.next_number(),
                        problem,
                    };
                }
            }
        }
    }

    fn too_many_lines(&self) -> End {
        let detail = format!("A batch has up to {MAX_BATCH_LINES} lines; this one and all after it were not read.");
        End::Refused {
            line: self.lines.next_number(),
            problem: Problem::new(Code::TooManyLines, detail),
        }
    }

    /// One verdict per line, in the order of the lines.
    async fn judge(&mut self, chunk: Vec<Line>) -> Vec<Verdict> {
        let read: Vec<(u64, Result<ExamResult, Verdict>)> =
            chunk.into_iter().map(|line| (line.number, read_line(&line))).collect();
        let results: Vec<ExamResult> = read
            .iter()
            .filter_map(|(_, result)| result.as_ref().ok().cloned())
            .collect();
        let mut receipts = self.hand_in(&results).await.into_iter();
        read.into_iter()
            .filter_map(|(line, result)| match result {
                Err(refused) => Some(refused),
                Ok(result) => receipts
                    .next()
                    .map(|receipt| Verdict::new(line, &result.result_id, &receipt)),
            })
            .collect()
    }

    /// A receipt or a refusal for each result.
    async fn hand_in(&mut self, results: &[ExamResult]) -> Vec<Result<Receipt, Problem>> {
        if let Some(problem) = &self.store_failed {
            return results.iter().map(|_| Err(problem.clone())).collect();
        }
        let verdicts = self.app.producer.push_all(results).await;
        let mut receipts = Vec::with_capacity(verdicts.len());
        for verdict in verdicts {
            receipts.push(match verdict {
                Ok(receipt) => Ok(receipt),
                // Turned into a problem once, which logs it, however many lines it hits.
                Err(IntakeError::Store(error)) if !error.is_of_one_item() => {
                    Err(self.store_failed.get_or_insert_with(|| Problem::from(error)).clone())
                }
                Err(refusal) => Err(refusal.into()),
            });
        }
        receipts
    }
}

/// What is left of a line that is not a result: the id, if it has one.
#[derive(Deserialize)]
struct OnlyId {
    result_id: String,
}

fn read_line(line: &Line) -> Result<ExamResult, Verdict> {
    let Some(bytes) = &line.bytes else {
        let detail = format!("The line is longer than {MAX_LINE_BYTES} bytes.");
        return Err(Verdict::refused(
            line.number,
            None,
            &Problem::new(Code::TooLarge, detail),
        ));
    };
    parse::<ExamResult>(bytes).map_err(|problem| {
        let id = serde_json::from_slice::<OnlyId>(bytes).ok();
        Verdict::refused(line.number, id.map(|only| only.result_id), &problem)
    })
}
