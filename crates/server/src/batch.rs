//! Results in bulk: NDJSON in, a verdict per line out, while the body still comes in.

use std::time::Duration;

use axum::{
    body::{Body, BodyDataStream},
    extract::{Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use passback_producer::{Code, ExamResult, IntakeError, Receipt};
use serde::Deserialize;

use crate::{
    answer::{AnswerSender, answer_channel},
    auth::{Identity, recheck},
    body::expect_media_type,
    body_lines::{BodyLines, Read},
    json::parse,
    lines::{Line, MAX_LINE_BYTES},
    parameters::Parameters,
    problem::{Fault, Problem},
    state::App,
    verdict::Verdict,
};

/// The most lines of a batch, blank ones left out.
const MAX_BATCH_LINES: usize = 10_000;
/// Lines per round trip to Redis.
const CHUNK_LINES: usize = 200;
/// The longest that a batch may take.
const MAX_DURATION: Duration = Duration::from_mins(10);
/// Refusals of one batch that say more than their code. Who has more than that has one mistake in all of them.
const MAX_EXPLAINED: usize = 1_000;
const MEDIA_TYPES: [&str; 3] = ["application/x-ndjson", "application/ndjson", "application/jsonl"];

/// `POST /v1/results/batch`
#[utoipa::path(
    post,
    path = "/v1/results/batch",
    operation_id = "handInBatch",
    tag = "results",
    summary = "Hand in up to 10,000 results, one per line",
    description = "NDJSON in, NDJSON out: a verdict per line (the schema BatchVerdict), in their order, while the body still comes in. A line has up to 16 KiB, the body up to 64 MiB. A batch that was cut off is sent again as it is.",
    request_body(content = String, content_type = "application/x-ndjson", description = "A result per line (the schema ExamResult)."),
    responses((status = 200, description = "A verdict per line.", body = String, content_type = "application/x-ndjson")),
    extensions(("x-passback-codes" = json!(["too_busy"]))),
)]
pub(crate) async fn hand_in_all(
    State(app): State<App>,
    identity: Identity,
    parameters: Parameters,
    request: Request,
) -> Result<Response, Problem> {
    parameters.only(&[])?;
    expect_media_type(request.headers(), &MEDIA_TYPES)?;
    let place = app.batches.take(&identity.id, "batches under way")?;
    // Holds every verdict of a batch: a sender that reads no answer before it has sent all never blocks us, or itself.
    // The place is held until the last one is taken or nobody takes any more: so long they are in memory.
    let (verdicts, answers) = answer_channel(MAX_BATCH_LINES + 2, place);
    let body = request.into_body().into_data_stream();
    tokio::spawn(Batch::new(app, identity, body, verdicts).run());
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
    identity: Identity,
    lines: BodyLines,
    /// Set once the store failed: the rest is refused without asking, for the caller repeats the batch anyway.
    store_failed: Option<Problem>,
    verdicts: AnswerSender,
    explained: usize,
}

impl Batch {
    fn new(app: App, identity: Identity, body: BodyDataStream, verdicts: AnswerSender) -> Self {
        Self {
            lines: BodyLines::new(body, MAX_BATCH_LINES, app.config.body_timeout_ms),
            app,
            identity,
            store_failed: None,
            verdicts,
            explained: 0,
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
                let line = self.lines.next_number();
                let chunk = self.lines.take(CHUNK_LINES);
                if chunk.is_empty() {
                    return self.too_many_lines();
                }
                // A batch goes on for minutes, and nothing is taken from a token that has ended meanwhile.
                if let Err(problem) = recheck(&self.app, &self.identity).await {
                    return End::Refused { line, problem };
                }
                let mut verdicts = self.judge(chunk).await;
                self.be_brief(&mut verdicts);
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

    /// Bounds what a batch of nothing but mistakes is told.
    fn be_brief(&mut self, verdicts: &mut [Verdict]) {
        for verdict in verdicts.iter_mut().filter(|verdict| verdict.is_explained()) {
            if self.explained >= MAX_EXPLAINED {
                verdict.leave_explanation();
            }
            self.explained += 1;
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
    let result = parse::<ExamResult>(bytes).map_err(|problem| {
        let id = serde_json::from_slice::<OnlyId>(bytes).ok();
        Verdict::refused(line.number, id.map(|only| only.result_id), &problem)
    })?;
    if result.result_id.is_empty() {
        // A header cannot give it here: it is one for all lines.
        let missing = Problem::invalid(vec![Fault::at("/result_id", "missing", "add it to the line")]);
        return Err(Verdict::refused(line.number, None, &missing));
    }
    Ok(result)
}
