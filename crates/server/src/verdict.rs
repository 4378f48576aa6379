//! What became of each line of a batch, and the way of the verdicts to the caller.

use std::io;

use bytes::Bytes;
use futures::{Stream, stream};
use passback_producer::Receipt;
use passback_queue::{JobId, Name};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::{
    problem::{Problem, ProblemBody},
    results::status_word,
};

/// The longest id that is repeated in a refusal.
const MAX_ECHO_CHARS: usize = 128;

/// What became of one line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = BatchVerdict)]
pub(crate) struct Verdict {
    line: u64,
    result_id: Option<String>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<JobId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Box<ProblemBody>>,
}

impl Verdict {
    /// The verdict on a line that was a result.
    pub(crate) fn new(line: u64, result_id: &str, receipt: &Result<Receipt, Problem>) -> Self {
        let receipt = match receipt {
            Ok(receipt) => receipt,
            Err(problem) => return Self::refused(line, Some(result_id.to_owned()), problem),
        };
        Self {
            line,
            result_id: Some(result_id.to_owned()),
            status: status_word(receipt),
            job_id: Some(receipt.job_id()),
            code: None,
            problem: None,
        }
    }

    /// The verdict on a line that was not taken.
    pub(crate) fn refused(line: u64, result_id: Option<String>, problem: &Problem) -> Self {
        // An id that breaks the rules may be anything, so it does not come back.
        let result_id = result_id.filter(|id| id.len() <= MAX_ECHO_CHARS && Name::new(id.as_str()).is_ok());
        let code = Some(problem.code().as_str());
        Self {
            line,
            result_id,
            status: "refused",
            job_id: None,
            code,
            problem: Some(Box::new(problem.body(None))),
        }
    }

    /// Whether it says more than a code.
    pub(crate) fn is_explained(&self) -> bool {
        self.problem.is_some()
    }

    /// Leaves the code to speak for itself.
    pub(crate) fn leave_explanation(&mut self) {
        self.problem = None;
    }
}

/// Nobody reads the verdicts any more.
#[derive(Debug)]
pub(crate) struct Deserted;

enum Message {
    Lines(Bytes),
    End,
}

/// The sending side; dropped without [`VerdictSender::end`], it cuts the answer off.
pub(crate) struct VerdictSender(mpsc::Sender<Message>);

impl VerdictSender {
    /// Sends verdicts, one line each. Never waits: the channel has room for all that one batch can say.
    pub(crate) fn send<T: Serialize>(&self, verdicts: &[T]) -> Result<(), Deserted> {
        let mut lines = Vec::new();
        for verdict in verdicts {
            // Plain structs of texts and numbers always serialise; without one we would rather cut than lie.
            serde_json::to_writer(&mut lines, verdict).map_err(|_| Deserted)?;
            lines.push(b'\n');
        }
        self.0.try_send(Message::Lines(lines.into())).map_err(|_| Deserted)
    }

    /// Waits until everything was taken, or nobody takes any more.
    pub(crate) async fn taken(&self) {
        self.0.closed().await;
    }

    /// Says that the answer is whole.
    pub(crate) fn end(&self) {
        // An error means that nobody listens any more.
        let _ = self.0.try_send(Message::End);
    }
}

/// A channel for up to `messages` batches of verdicts.
pub(crate) fn answer_channel(messages: usize) -> (VerdictSender, impl Stream<Item = io::Result<Bytes>> + Send) {
    let (sender, receiver) = mpsc::channel(messages);
    let answers = stream::unfold(Some(receiver), |receiver| async {
        let mut receiver: mpsc::Receiver<Message> = receiver?;
        match receiver.recv().await {
            Some(Message::Lines(lines)) => Some((Ok(lines), Some(receiver))),
            Some(Message::End) => None,
            None => Some((Err(io::Error::other("the batch was broken off")), None)),
        }
    });
    (VerdictSender(sender), answers)
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;

    #[tokio::test]
    async fn an_answer_without_its_end_is_an_error_to_the_reader() {
        let (sender, answers) = answer_channel(4);
        sender.send::<Verdict>(&[]).unwrap();
        drop(sender);
        let received: Vec<_> = answers.collect().await;
        assert!(received[0].is_ok());
        assert!(received[1].is_err());
    }

    #[tokio::test]
    async fn an_answer_with_its_end_is_whole() {
        let (sender, answers) = answer_channel(4);
        sender.send::<Verdict>(&[]).unwrap();
        sender.end();
        drop(sender);
        let received: Vec<_> = answers.collect().await;
        assert_eq!(received.len(), 1);
    }
}
