//! The access token: asked for once, shared by all, renewed by one.

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
use crate::lenient;
use crate::transport;

/// A token is renewed this long before Docebo lets it expire.
const RENEWAL_MARGIN: Duration = Duration::from_mins(1);
/// Docebo's documented life, for an answer that does not tell one.
const DEFAULT_LIFE_SECONDS: u64 = 3600;
/// A longer life is taken as this; it only has to fit a clock.
const MAX_LIFE_SECONDS: u64 = 30 * 24 * 3600;

/// A token as it goes with a call.
#[derive(Clone)]
pub(crate) struct Token {
    secret: SecretString,
    /// Which request for a token brought it.
    generation: u64,
}

impl Token {
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
    /// How many requests for a token have ended. Read before the lock is taken, to see whether one ended meanwhile.
    ended: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cached: Option<(Token, Instant)>,
    last: Option<Result<Token, Error>>,
}

impl State {
    fn usable(&self) -> Option<Token> {
        let (token, renew_at) = self.cached.as_ref()?;
        (Instant::now() < *renew_at).then(|| token.clone())
    }
}

impl Tokens {
    pub(crate) fn new(http: reqwest::Client, base_url: &str, credentials: Credentials) -> Self {
        Self {
            http,
            url: format!("{base_url}/oauth2/token"),
            credentials,
            ended: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// The cached token, or a new one.
    pub(crate) async fn current(&self, calls: &mut Calls) -> Result<Token, Error> {
        let seen = self.ended.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        match state.usable() {
            Some(token) => Ok(token),
            None => self.shared(&mut state, seen, calls).await,
        }
    }

    /// A token other than the one that Docebo refused.
    pub(crate) async fn instead_of(&self, refused: &Token, calls: &mut Calls) -> Result<Token, Error> {
        let seen = self.ended.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some((cached, _)) = &state.cached
            && cached.generation == refused.generation
        {
            state.cached = None;
        }
        match state.usable() {
            Some(token) => Ok(token),
            None => self.shared(&mut state, seen, calls).await,
        }
    }

    /// A new token in any case.
    pub(crate) async fn fresh(&self, calls: &mut Calls) -> Result<Token, Error> {
        let mut state = self.state.lock().await;
        self.ask(&mut state, calls).await
    }

    /// What somebody else was told while we waited for the lock is our answer too, be it a token or a refusal:
    /// fifty callers make one request, not fifty in a row.
    async fn shared(&self, state: &mut State, seen: u64, calls: &mut Calls) -> Result<Token, Error> {
        let ended_meanwhile = self.ended.load(Ordering::Acquire) > seen;
        match &state.last {
            Some(last) if ended_meanwhile => last.clone(),
            Some(_) | None => self.ask(state, calls).await,
        }
    }

    async fn ask(&self, state: &mut State, calls: &mut Calls) -> Result<Token, Error> {
        let asked_at = Instant::now();
        let generation = self.ended.load(Ordering::Acquire) + 1;
        let outcome = self.request(calls).await.map(|granted| {
            let token = Token {
                secret: granted.access_token,
                generation,
            };
            state.cached = Some((token.clone(), asked_at + granted.keep_for));
            token
        });
        state.last = Some(outcome.clone());
        self.ended.store(generation, Ordering::Release);
        outcome
    }

    async fn request(&self, calls: &mut Calls) -> Result<Granted, Error> {
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
            .map_err(|failure| failure.at(Endpoint::Token))
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
