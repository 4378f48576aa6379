//! A long selection in several calls to the queue, so that no single call holds Redis up.

use passback_queue::{JobId, QueueError};

/// Jobs per call.
const CHUNK_IDS: usize = 200;

/// What was done with a selection, up to its end or to the call that failed.
pub(crate) struct Done<T> {
    pub(crate) items: Vec<T>,
    pub(crate) failed: Option<QueueError>,
}

impl<T> Done<(JobId, T)> {
    /// Each verdict in another form.
    pub(crate) fn map<U>(self, form: impl Fn(JobId, T) -> U) -> Done<U> {
        Done {
            items: self.items.into_iter().map(|(id, verdict)| form(id, verdict)).collect(),
            failed: self.failed,
        }
    }
}

/// Makes one call after the other, until all is done or one fails.
pub(crate) async fn in_chunks<T, F>(ids: &[JobId], call: impl Fn(Vec<JobId>) -> F) -> Done<(JobId, T)>
where
    F: Future<Output = Result<Vec<T>, QueueError>>,
{
    let mut items = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK_IDS) {
        match call(chunk.to_vec()).await {
            Ok(verdicts) => items.extend(chunk.iter().copied().zip(verdicts)),
            Err(error) => {
                return Done {
                    items,
                    failed: Some(error),
                };
            }
        }
    }
    Done { items, failed: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_done_is_known_although_a_later_call_fails() {
        let ids: Vec<JobId> = (0..450).map(|number| JobId::from_parts(1, number)).collect();
        let until_the_third = async |chunk: Vec<JobId>| match chunk.len() {
            CHUNK_IDS => Ok(vec!["done"; CHUNK_IDS]),
            _ => Err(QueueError::TimedOut),
        };
        let done = in_chunks(&ids, until_the_third).await;
        assert_eq!(done.items.len(), 400);
        assert!(done.items.iter().map(|(id, _)| id).eq(&ids[..400]));
        assert!(matches!(done.failed, Some(QueueError::TimedOut)));
    }
}
