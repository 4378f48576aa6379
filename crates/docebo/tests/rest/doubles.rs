//! A guard and a shelf that write down, in one list, what they are asked and told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use passback_docebo::{Endpoint, Failure, Guard, Held, ShelvedToken, TokenShelf, Turn, TurnTicket};
use secrecy::ExposeSecret;
use tokio::sync::Notify;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// The guard was asked.
    Asked(Endpoint),
    /// A request reached the server.
    Arrived(String),
    /// The guard was told.
    Heard(Endpoint, Result<(), Failure>),
    /// The shelf was read.
    Read,
    /// A turn was asked for.
    Turn(Turn),
    /// This token was put on the shelf.
    Put(String),
    /// A turn was given up.
    GaveUp,
}

/// What happened, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Step>>>);

impl Log {
    pub(crate) fn add(&self, step: Step) {
        self.0.lock().unwrap().push(step);
    }

    pub(crate) fn steps(&self) -> Vec<Step> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, step: &Step) -> usize {
        self.steps().iter().filter(|other| *other == step).count()
    }

    /// What the guard was told.
    pub(crate) fn heard(&self) -> Vec<(Endpoint, Result<(), Failure>)> {
        let steps = self.steps().into_iter();
        steps
            .filter_map(|step| match step {
                Step::Heard(endpoint, outcome) => Some((endpoint, outcome)),
                Step::Asked(_) | Step::Arrived(_) | Step::Read | Step::Turn(_) | Step::Put(_) | Step::GaveUp => None,
            })
            .collect()
    }
}

/// A guard that decides by what happened so far.
#[derive(Debug)]
pub(crate) struct GuardDouble {
    pub(crate) log: Log,
    pub(crate) verdict: fn(&Log, Endpoint) -> Result<(), Held>,
}

impl GuardDouble {
    /// A guard that lets everything pass.
    pub(crate) fn open(log: &Log) -> Arc<Self> {
        Self::deciding(log, |_, _| Ok(()))
    }

    pub(crate) fn deciding(log: &Log, verdict: fn(&Log, Endpoint) -> Result<(), Held>) -> Arc<Self> {
        let log = log.clone();
        Arc::new(Self { log, verdict })
    }
}

impl Guard for GuardDouble {
    fn ask(&self, endpoint: Endpoint) -> BoxFuture<'_, Result<(), Held>> {
        self.log.add(Step::Asked(endpoint));
        ready((self.verdict)(&self.log, endpoint)).boxed()
    }

    fn heard<'a>(&'a self, endpoint: Endpoint, outcome: Result<(), &'a Failure>) -> BoxFuture<'a, ()> {
        self.log.add(Step::Heard(endpoint, outcome.map_err(Failure::clone)));
        ready(()).boxed()
    }
}

pub(crate) fn quota_used_up() -> Held {
    Held {
        why: "quota_used_up".into(),
        wait: Some(Duration::from_secs(90)),
    }
}

/// The failure that a caller gets from it.
pub(crate) fn held() -> Failure {
    let Held { why, wait } = quota_used_up();
    Failure::Held { why, wait }
}

/// What a shelf does when somebody wants the turn.
#[derive(Debug, Default)]
pub(crate) enum Manner {
    /// Gives it to one at a time.
    #[default]
    Orderly,
    /// The same, but somebody else puts this token there just before.
    Late(ShelvedToken),
    /// Somebody else has the turn and keeps it.
    Busy,
    /// The store does not answer at all.
    Gone,
}

/// A shelf in memory.
#[derive(Debug, Default)]
pub(crate) struct ShelfDouble {
    log: Log,
    manner: Manner,
    state: Mutex<ShelfState>,
    /// Somebody was told that it is not its turn.
    pub(crate) told_to_wait: Notify,
    pub(crate) gave_up: Notify,
}

#[derive(Debug, Default)]
struct ShelfState {
    token: Option<ShelvedToken>,
    turns: usize,
    turn: Option<TurnTicket>,
}

impl ShelfDouble {
    /// A shelf with nothing on it.
    pub(crate) fn empty(log: &Log, manner: Manner) -> Arc<Self> {
        let log = log.clone();
        Arc::new(Self {
            log,
            manner,
            ..Self::default()
        })
    }

    /// An orderly shelf with this token on it.
    pub(crate) fn holding(log: &Log, token: ShelvedToken) -> Arc<Self> {
        let shelf = Self::empty(log, Manner::Orderly);
        shelf.lay(token);
        shelf
    }

    /// Puts a token there as somebody else would.
    pub(crate) fn lay(&self, token: ShelvedToken) {
        self.state.lock().unwrap().token = Some(token);
    }

    pub(crate) fn token(&self) -> Option<ShelvedToken> {
        self.state.lock().unwrap().token.clone()
    }

    pub(crate) fn is_somebodys_turn(&self) -> bool {
        self.state.lock().unwrap().turn.is_some()
    }

    fn turn(&self) -> Turn {
        let mut state = self.state.lock().unwrap();
        let busy = match &self.manner {
            Manner::Orderly => state.turn.is_some(),
            Manner::Late(token) => {
                state.token = Some(token.clone());
                state.turn.is_some()
            }
            Manner::Busy => true,
            Manner::Gone => return Turn::NoShelf,
        };
        if busy {
            self.told_to_wait.notify_one();
            return Turn::SomebodyElses;
        }
        state.turns += 1;
        let ticket = TurnTicket::new(format!("turn {}", state.turns));
        state.turn = Some(ticket.clone());
        Turn::Yours(ticket)
    }
}

impl TokenShelf for ShelfDouble {
    fn read(&self) -> BoxFuture<'_, Option<ShelvedToken>> {
        self.log.add(Step::Read);
        ready(self.token()).boxed()
    }

    fn take_turn(&self) -> BoxFuture<'_, Turn> {
        let turn = self.turn();
        self.log.add(Step::Turn(turn.clone()));
        ready(turn).boxed()
    }

    fn put<'a>(&'a self, turn: &'a TurnTicket, token: &'a ShelvedToken) -> BoxFuture<'a, ()> {
        self.log.add(Step::Put(token.secret.expose_secret().to_owned()));
        let mut state = self.state.lock().unwrap();
        if state.turn.as_ref() == Some(turn) {
            state.token = Some(token.clone());
        }
        ready(()).boxed()
    }

    fn give_up(&self, turn: TurnTicket) -> BoxFuture<'_, ()> {
        self.log.add(Step::GaveUp);
        self.state.lock().unwrap().turn.take_if(|current| *current == turn);
        self.gave_up.notify_one();
        ready(()).boxed()
    }
}

pub(crate) fn shelved(secret: &str, id: &str) -> ShelvedToken {
    ShelvedToken {
        secret: secret.into(),
        id: id.to_owned(),
        keep_for: Duration::from_mins(30),
    }
}
