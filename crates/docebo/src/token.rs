//! The access token: asked for once, shared by all, renewed by one.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::answer::Answer;
use crate::call::{Calls, Endpoint};
use crate::config::Credentials;
use crate::failure::{Error, Failure};
use crate::guard::GuardPost;
use crate::lenient;
use crate::token_shelf::{OwnTurn, Patience, ShelvedToken, TokenShelf, Turn};
use crate::transport;

/// A token is renewed this long before Docebo lets it expire.
const RENEWAL_MARGIN: Duration = Duration::from_mins(1);
/// Docebo's documented life, for an answer that does not tell one.
const DEFAULT_LIFE_SECONDS: u64 = 3600;
/// A longer life is taken as this; it only has to fit a clock.
const MAX_LIFE_SECONDS: u64 = 30 * 24 * 3600;
/// How long a call waits for the token that somebody else is asking for.
const PATIENCE: Duration = Duration::from_secs(20);
/// The same for a token that a person waits for and that is asked for in any case.
const PATIENCE_OF_A_PERSON: Duration = Duration::from_secs(5);
/// The shelf holds one token, and a slow process may put an older one back: a few suffice.
const MAX_REFUSED_REMEMBERED: usize = 16;

/// A token as it goes with a call.
#[derive(Clone)]
pub(crate) struct Token {
    secret: SecretString,
    /// Which grant brought it, among those of all processes.
    id: String,
    /// Whether another process may have got it long ago.
    from_shelf: bool,
}

impl Token {
    pub(crate) fn is_from_shelf(&self) -> bool {
        self.from_shelf
    }

    /// The value of the `Authorization` header, marked so that no log shows it.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        bearer(self.secret.expose_secret())
    }

    pub(crate) fn secret(&self) -> SecretString {
        self.secret.clone()
    }
}

/// One connector's token cache.
pub(crate) struct Tokens {
    http: reqwest::Client,
    url: String,
    credentials: Credentials,
    shelf: Option<Arc<dyn TokenShelf>>,
    /// How many requests for a token have ended. Read before the lock is taken, to see whether one ended meanwhile.
    ended: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cached: Option<(Token, Instant)>,
    last: Option<Result<Token, Error>>,
    /// Ids of tokens that Docebo refused, the newest last.
    refused: VecDeque<String>,
}

impl State {
    fn usable(&self) -> Option<Token> {
        let (token, renew_at) = self.cached.as_ref()?;
        (Instant::now() < *renew_at).then(|| token.clone())
    }

    fn refuse(&mut self, refused: &Token) {
        self.cached.take_if(|(cached, _)| cached.id == refused.id);
        if self.refused.contains(&refused.id) {
            return;
        }
        if self.refused.len() == MAX_REFUSED_REMEMBERED {
            self.refused.pop_front();
        }
        self.refused.push_back(refused.id.clone());
    }

    /// The token on the shelf, unless it cannot be used or was refused.
    async fn take_from(&mut self, store: &dyn TokenShelf) -> Option<Token> {
        let looked_at = Instant::now();
        let ShelvedToken { secret, id, keep_for } = store.read().await?;
        if keep_for.is_zero() || self.refused.contains(&id) || bearer(secret.expose_secret()).is_none() {
            return None;
        }
        let token = Token {
            secret,
            id,
            from_shelf: true,
        };
        let keep_for = keep_for.min(Duration::from_secs(MAX_LIFE_SECONDS));
        self.cached = Some((token.clone(), looked_at + keep_for));
        Some(token)
    }
}

/// Which token will do.
#[derive(Clone, Copy)]
enum Wanted {
    /// The one on the shelf, or a new one.
    Usable,
    /// A new one only.
    New,
}

/// What a caller knew and wanted when it came to the lock.
struct Arrival {
    ended: u64,
    patience: Patience,
}

impl Tokens {
    pub(crate) fn new(
        http: reqwest::Client,
        base_url: &str,
        credentials: Credentials,
        shelf: Option<Arc<dyn TokenShelf>>,
    ) -> Self {
        Self {
            http,
            url: format!("{base_url}/oauth2/token"),
            credentials,
            shelf,
            ended: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// The cached token, that of the shelf, or a new one.
    pub(crate) async fn current(&self, guard: &GuardPost, calls: &mut Calls) -> Result<Token, Error> {
        let arrival = self.arrival();
        let mut state = self.state.lock().await;
        self.usable(&mut state, arrival, guard, calls).await
    }

    /// A token other than the one that Docebo refused.
    pub(crate) async fn instead_of(
        &self,
        refused: &Token,
        guard: &GuardPost,
        calls: &mut Calls,
    ) -> Result<Token, Error> {
        let arrival = self.arrival();
        let mut state = self.state.lock().await;
        state.refuse(refused);
        self.usable(&mut state, arrival, guard, calls).await
    }

    /// A new token in any case.
    pub(crate) async fn fresh(&self, guard: &GuardPost, calls: &mut Calls) -> Result<Token, Error> {
        let patience = Patience::of(PATIENCE_OF_A_PERSON);
        let mut state = self.state.lock().await;
        self.obtain(&mut state, Wanted::New, patience, guard, calls).await
    }

    /// The patience runs from here, the wait for the lock included: callers in a row do not add up theirs.
    fn arrival(&self) -> Arrival {
        Arrival {
            ended: self.ended.load(Ordering::Acquire),
            patience: Patience::of(PATIENCE),
        }
    }

    /// What somebody else was told while we waited for the lock is our answer too, be it a token or a refusal:
    /// fifty callers make one request, not fifty in a row. What their guard told them is not: ours may let us pass.
    async fn usable(
        &self,
        state: &mut State,
        arrival: Arrival,
        guard: &GuardPost,
        calls: &mut Calls,
    ) -> Result<Token, Error> {
        if let Some(token) = state.usable() {
            return Ok(token);
        }
        let ended_meanwhile = self.ended.load(Ordering::Acquire) > arrival.ended;
        match &state.last {
            Some(last) if ended_meanwhile => last.clone(),
            Some(_) | None => self.obtain(state, Wanted::Usable, arrival.patience, guard, calls).await,
        }
    }

    /// Looks on the shelf and asks Docebo in turn with the other processes, or alone when there is no turn to be had.
    async fn obtain(
        &self,
        state: &mut State,
        wanted: Wanted,
        mut patience: Patience,
        guard: &GuardPost,
        calls: &mut Calls,
    ) -> Result<Token, Error> {
        let Some(store) = &self.shelf else {
            return self.ask(state, None, guard, calls).await;
        };
        loop {
            if let Some(token) = from_shelf(state, wanted, store).await {
                return Ok(token);
            }
            match store.take_turn().await {
                Turn::Yours(ticket) => {
                    let turn = OwnTurn::new(store, ticket);
                    // Somebody may have put one there between our look and our turn.
                    let outcome = match from_shelf(state, wanted, store).await {
                        Some(token) => Ok(token),
                        None => self.ask(state, Some(&turn), guard, calls).await,
                    };
                    turn.give_up().await;
                    return outcome;
                }
                Turn::SomebodyElses if patience.pause().await => {}
                Turn::SomebodyElses | Turn::NoShelf => return self.ask(state, None, guard, calls).await,
            }
        }
    }

    /// Asks Docebo. A guard that holds the request back leaves no trace here: no request has ended.
    async fn ask(
        &self,
        state: &mut State,
        turn: Option<&OwnTurn>,
        guard: &GuardPost,
        calls: &mut Calls,
    ) -> Result<Token, Error> {
        guard.ask(Endpoint::Token).await?;
        let asked_at = Instant::now();
        let answered = self.request(calls).await;
        // Kept before anything else is awaited: what was granted is not lost when this future is dropped.
        let granted = answered.as_ref().map(|granted| {
            let token = Token {
                secret: granted.access_token.clone(),
                id: format!("{:032x}", fastrand::u128(..)),
                from_shelf: false,
            };
            let renew_at = asked_at + granted.keep_for;
            state.cached = Some((token.clone(), renew_at));
            (token, renew_at)
        });
        let outcome = match &granted {
            Ok((token, _)) => Ok(token.clone()),
            Err(failure) => Err((*failure).clone().at(Endpoint::Token)),
        };
        state.last = Some(outcome.clone());
        self.ended.fetch_add(1, Ordering::Release);

        guard.heard(Endpoint::Token, answered.as_ref().map(|_| ())).await;
        if let (Some(turn), Ok((token, renew_at))) = (turn, granted) {
            put(turn, token, renew_at).await;
        }
        outcome
    }

    async fn request(&self, calls: &mut Calls) -> Result<Granted, Failure> {
        let credentials = &self.credentials;
        let form = [
            ("grant_type", "password"),
            ("scope", "api"),
            ("client_id", &credentials.client_id),
            ("client_secret", credentials.client_secret.expose_secret()),
            ("username", &credentials.username),
            ("password", credentials.password.expose_secret()),
        ];
        let request = self.http.post(&self.url).form(&form);
        let withheld = vec![
            credentials.client_secret.clone(),
            credentials.password.clone(),
            SecretString::from(credentials.username.as_str()),
        ];
        transport::send(request, calls.begin(Endpoint::Token), withheld)
            .await
            .and_then(|answer| Granted::decode(&answer))
    }
}

async fn from_shelf(state: &mut State, wanted: Wanted, store: &Arc<dyn TokenShelf>) -> Option<Token> {
    match wanted {
        Wanted::Usable => state.take_from(store.as_ref()).await,
        Wanted::New => None,
    }
}

/// Shares a token for what is left of it; one that may not be used again is of no use to others either.
async fn put(turn: &OwnTurn, token: Token, renew_at: Instant) {
    let keep_for = renew_at.saturating_duration_since(Instant::now());
    if !keep_for.is_zero() {
        let Token { secret, id, .. } = token;
        turn.put(&ShelvedToken { secret, id, keep_for }).await;
    }
}

/// What the token route granted.
struct Granted {
    access_token: SecretString,
    keep_for: Duration,
}

impl Granted {
    fn decode(answer: &Answer) -> Result<Self, Failure> {
        if let Some(refused) = credentials_refused(answer) {
            return Err(refused);
        }
        let json = answer.json()?;
        let data = lenient::unwrapped(&json);
        let access_token = data
            .get("access_token")
            .and_then(Value::as_str)
            .filter(|token| !token.is_empty() && bearer(token).is_some())
            .ok_or_else(|| answer.unexpected_shape("there is no usable `access_token`"))?;
        Ok(Self {
            access_token: SecretString::from(access_token),
            keep_for: keep_for(data.get("expires_in").and_then(lenient::id)),
        })
    }
}

/// A refusal by name, whatever its status, or by a status that means nothing else on this route.
fn credentials_refused(answer: &Answer) -> Option<Failure> {
    let refusal = || Failure::CredentialsRefused { detail: answer.said() };
    match answer.status.as_u16() {
        400 | 401 => Some(refusal()),
        403 => body_object(answer).map(|_| refusal()),
        200..=299 => body_object(answer)
            .filter(|body| body.get("error").is_some_and(Value::is_string))
            .map(|_| refusal()),
        _ => None,
    }
}

fn body_object(answer: &Answer) -> Option<Value> {
    serde_json::from_slice(&answer.body).ok().filter(Value::is_object)
}

/// Until 60 s before the end; of a life shorter than two minutes, the first half, so that a short-lived token is
/// used more than once.
fn keep_for(life_seconds: Option<u64>) -> Duration {
    let life_seconds = life_seconds.unwrap_or(DEFAULT_LIFE_SECONDS);
    let life = Duration::from_secs(life_seconds.min(MAX_LIFE_SECONDS));
    life.saturating_sub(RENEWAL_MARGIN).max(life / 2)
}

fn bearer(token: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::{bearer, keep_for};

    #[rstest]
    #[case(Some(3600), 3540)]
    #[case(Some(120), 60)]
    #[case(Some(30), 15)]
    #[case(Some(0), 0)]
    #[case(None, 3540)]
    #[case(Some(u64::MAX), 30 * 24 * 3600 - 60)]
    fn a_token_is_kept_until_a_minute_before_its_end(#[case] life_s: Option<u64>, #[case] expected_s: u64) {
        assert_eq!(keep_for(life_s), Duration::from_secs(expected_s));
    }

    #[test]
    fn the_header_hides_the_token_from_debug_output() {
        assert!(!format!("{:?}", bearer("opensesame").unwrap()).contains("opensesame"));
        assert!(bearer("two\nlines").is_none());
    }
}
