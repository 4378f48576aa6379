//! The way of a long answer to its caller: all of it may wait there, and it waits for no caller without end.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures::{Stream, stream};
use serde::Serialize;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// The longest from the first line of an answer to the last one that is taken: ten minutes to make it, and again as long
/// to take it. Who takes no byte for a while is cut off before; this is for who takes one now and then.
const MAX_DURATION: Duration = Duration::from_mins(20);

/// Nobody reads the answer any more.
#[derive(Debug)]
pub(crate) struct Deserted;

enum Message {
    Bytes(Bytes),
    End,
}

/// The sending side; dropped without [`AnswerSender::end`], it cuts the answer off.
pub(crate) struct AnswerSender(Sender<Message>);

impl AnswerSender {
    /// Sends lines of JSON. Never waits: the channel has room for all that one answer can say.
    pub(crate) fn send<T: Serialize>(&self, lines: &[T]) -> Result<(), Deserted> {
        let mut bytes = Vec::new();
        for line in lines {
            // Plain structs of texts and numbers always serialise; without one we would rather cut than lie.
            serde_json::to_writer(&mut bytes, line).map_err(|_| Deserted)?;
            bytes.push(b'\n');
        }
        self.send_bytes(bytes.into())
    }

    /// Sends a piece of the answer as it is.
    pub(crate) fn send_bytes(&self, bytes: Bytes) -> Result<(), Deserted> {
        self.0.try_send(Message::Bytes(bytes)).map_err(|_| Deserted)
    }

    /// Says that the answer is whole.
    pub(crate) fn end(&self) {
        // An error means that nobody listens any more.
        let _ = self.0.try_send(Message::End);
    }
}

/// A channel for up to `messages` pieces of an answer, which holds something until they are taken, or given up.
pub(crate) fn answer_channel(
    messages: usize,
    held: impl Send + 'static,
) -> (AnswerSender, impl Stream<Item = io::Result<Bytes>> + Send) {
    channel(messages, held, MAX_DURATION)
}

fn channel(
    messages: usize,
    held: impl Send + 'static,
    patience: Duration,
) -> (AnswerSender, impl Stream<Item = io::Result<Bytes>> + Send) {
    let (sender, made) = mpsc::channel(messages);
    // What waits for the caller waits before this one, where it can be dropped although the caller does not go.
    let (hand_on, handed) = mpsc::channel(1);
    let held = Arc::new(Mutex::new(Some(held)));
    // At the very end of the answer, so that who asks again at once finds the place free.
    let by_reader = Release(Arc::clone(&held));
    let by_time = Release(held);
    tokio::spawn(async move {
        let _by_time = by_time;
        // At the time-out all that waits is dropped, and the answer is cut off.
        let _ = tokio::time::timeout(patience, hand_all_on(made, &hand_on)).await;
    });
    let answers = stream::unfold(Some((handed, by_reader)), |reader| async {
        let (mut handed, by_reader) = reader?;
        match handed.recv().await {
            Some(Message::Bytes(bytes)) => Some((Ok(bytes), Some((handed, by_reader)))),
            Some(Message::End) => None,
            None => Some((Err(io::Error::other("the answer was broken off")), None)),
        }
    });
    (AnswerSender(sender), answers)
}

/// Frees what is held when it is dropped, whoever else would free it later.
struct Release<T>(Arc<Mutex<Option<T>>>);

impl<T> Drop for Release<T> {
    fn drop(&mut self) {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(held);
    }
}

/// Hands on each piece as soon as the one before is taken, and waits for the last one to be taken.
async fn hand_all_on(mut made: Receiver<Message>, hand_on: &Sender<Message>) {
    loop {
        let message = tokio::select! {
            message = made.recv() => message,
            () = hand_on.closed() => return,
        };
        let Some(message) = message else { return };
        let last = matches!(message, Message::End);
        if hand_on.send(message).await.is_err() {
            return;
        }
        if last {
            return hand_on.closed().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use tokio_util::sync::CancellationToken;

    use super::*;

    const PIECES: usize = 100;

    /// An answer of which nothing is taken yet, and a token that is cancelled when its place is free.
    fn answer(
        patience: Duration,
    ) -> (
        AnswerSender,
        impl Stream<Item = io::Result<Bytes>> + Send,
        CancellationToken,
    ) {
        let free = CancellationToken::new();
        let (sender, answers) = channel(PIECES + 1, free.clone().drop_guard(), patience);
        for number in 0..PIECES {
            sender.send(&[number]).unwrap();
        }
        (sender, answers, free)
    }

    #[tokio::test]
    async fn an_answer_without_its_end_is_an_error_to_the_reader() {
        let (sender, answers, free) = answer(MAX_DURATION);
        drop(sender);
        let received: Vec<_> = answers.collect().await;
        assert_eq!(received.len(), PIECES + 1);
        assert!(received[..PIECES].iter().all(Result::is_ok) && received[PIECES].is_err());
        free.cancelled().await;
    }

    #[tokio::test]
    async fn an_answer_with_its_end_is_whole() {
        let (sender, answers, free) = answer(MAX_DURATION);
        sender.end();
        drop(sender);
        assert!(!free.is_cancelled());
        let received: Vec<_> = answers.collect().await;
        assert!(received.len() == PIECES && received.iter().all(Result::is_ok));
        assert!(free.is_cancelled(), "at once");
    }

    #[tokio::test]
    async fn who_takes_a_piece_now_and_then_holds_a_place_no_longer_than_it_may() {
        let (sender, answers, free) = answer(Duration::from_millis(50));
        sender.end();
        let mut answers = Box::pin(answers);
        answers.next().await.unwrap().unwrap();
        // Although the reader is still there, and is yet to come to the end.
        free.cancelled().await;
        // What was handed on before, and then no end that could be taken for one.
        let left: Vec<_> = answers.collect().await;
        assert!(left.len() < 4 && left.last().unwrap().is_err(), "{left:?}");
    }

    #[tokio::test]
    async fn who_stops_reading_frees_the_place_at_once_and_is_known_to_be_gone() {
        let (sender, answers, free) = answer(MAX_DURATION);
        drop(answers);
        free.cancelled().await;
        let gone = async {
            while sender.send(&[1]).is_ok() {
                tokio::task::yield_now().await;
            }
        };
        gone.await;
    }
}
