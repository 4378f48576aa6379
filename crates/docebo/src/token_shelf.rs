//! Where processes share one token, and take turns in asking for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use secrecy::SecretString;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep};

/// The first pause before looking again whether somebody else's turn has ended.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// A place for one platform's token that all processes reach, and the turn to ask Docebo for a new one.
///
/// The shelf is a help and never a hindrance: each method ends soon whatever the store does, and none of them fails.
/// A token that cannot be read is `None`, and a store that does not answer is [`Turn::NoShelf`].
pub trait TokenShelf: fmt::Debug + Send + Sync {
    /// The token on the shelf, if there is one that can still be used.
    fn read(&self) -> BoxFuture<'_, Option<ShelvedToken>>;

    /// Takes the turn to ask Docebo, unless somebody has it.
    ///
    /// A turn must end by itself after a while: its holder may have died.
    fn take_turn(&self) -> BoxFuture<'_, Turn>;

    /// Puts a token on the shelf, in place of the one there; of no effect when the turn has ended meanwhile.
    fn put<'a>(&'a self, turn: &'a TurnTicket, token: &'a ShelvedToken) -> BoxFuture<'a, ()>;

    /// Ends a turn; of no effect when it has ended already.
    fn give_up(&self, turn: TurnTicket) -> BoxFuture<'_, ()>;
}

/// Whose turn it is to ask Docebo for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// The caller's, until the ticket is given up.
    Yours(TurnTicket),
    /// Somebody else's: a token, or word of a refusal, is on its way.
    SomebodyElses,
    /// The store does not answer: go on alone.
    NoShelf,
}

/// The proof of a turn, in the shelf's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnTicket(String);

impl TurnTicket {
    /// Makes a ticket from what the shelf will know it by.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What the ticket was made from.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A token as it lies on the shelf.
#[derive(Debug, Clone)]
pub struct ShelvedToken {
    /// The token itself.
    pub secret: SecretString,
    /// Tells this token from every other one that was granted.
    pub id: String,
    /// For how long it may still be used, counted from the moment it is read or put; the margin before its end at
    /// Docebo is already taken off.
    pub keep_for: Duration,
}

/// A turn of our own. It is given up when it is dropped too, so that a call cut short does not make others wait.
pub(crate) struct OwnTurn {
    shelf: Arc<dyn TokenShelf>,
    ticket: Option<TurnTicket>,
}

impl OwnTurn {
    pub(crate) fn new(store: &Arc<dyn TokenShelf>, ticket: TurnTicket) -> Self {
        Self {
            shelf: Arc::clone(store),
            ticket: Some(ticket),
        }
    }

    pub(crate) async fn put(&self, token: &ShelvedToken) {
        if let Some(ticket) = &self.ticket {
            self.shelf.put(ticket, token).await;
        }
    }

    pub(crate) async fn give_up(mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.shelf.give_up(ticket).await;
        }
    }
}

impl Drop for OwnTurn {
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        // Without a runtime nothing can be told any more; the turn then ends by itself.
        if let Ok(runtime) = Handle::try_current() {
            let store = Arc::clone(&self.shelf);
            runtime.spawn(async move { store.give_up(ticket).await });
        }
    }
}

/// How long a caller still waits for somebody else's turn to end.
#[derive(Debug)]
pub(crate) struct Patience {
    until: Instant,
    next_pause: Duration,
}

impl Patience {
    pub(crate) fn of(limit: Duration) -> Self {
        Self {
            until: Instant::now() + limit,
            next_pause: FIRST_PAUSE,
        }
    }

    /// Waits a little; `false`, without a wait, when the patience is at its end.
    pub(crate) async fn pause(&mut self) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        sleep(self.next_pause.min(left)).await;
        self.next_pause = LONGEST_PAUSE.min(self.next_pause * 2);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Patience, ShelvedToken};

    #[tokio::test(start_paused = true)]
    async fn pauses_grow_and_end_with_the_patience() {
        let mut patience = Patience::of(Duration::from_millis(700));
        let mut pauses_ms = Vec::new();
        loop {
            let before = Instant::now();
            if !patience.pause().await {
                break;
            }
            pauses_ms.push(before.elapsed().as_millis());
        }
        assert_eq!(pauses_ms, [50, 100, 200, 200, 150]);
    }

    #[test]
    fn debug_output_hides_the_token() {
        let token = ShelvedToken {
            secret: "opensesame".into(),
            id: "1".into(),
            keep_for: Duration::ZERO,
        };
        assert!(!format!("{token:?}").contains("opensesame"));
    }
}
