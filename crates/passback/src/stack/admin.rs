//! The administrator's token of `dev` and `demo`.

use passback_producer::Producer;
use passback_registry::StoredTokens;
use passback_server::TokenHash;
use secrecy::SecretString;

use crate::commands::token_new::new_token;
use crate::exit::Failure;
use crate::output;

/// The token that was wanted, or a new one if somebody has revoked that: a revoked token lets nobody in any more.
pub(super) async fn token_in_force(producer: &Producer, wanted: SecretString) -> Result<SecretString, Failure> {
    let stored = producer.registry().stored_tokens().await;
    let stored = stored.map_err(|error| Failure::unavailable(format!("the tokens cannot be read: {error}")))?;
    if is_revoked(&stored, &wanted) {
        output::note("the administrator's token was revoked, so a new one was made; it is kept in the data folder");
        return new_token();
    }
    Ok(wanted)
}

fn is_revoked(stored: &StoredTokens, token: &SecretString) -> bool {
    stored.revocation(&TokenHash::of(token).id()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use passback_registry::Revocation;

    #[test]
    fn a_token_that_somebody_revoked_is_not_used_again() {
        let token = SecretString::from("token");
        let mut stored = StoredTokens::default();
        assert!(!is_revoked(&stored, &token));
        let revocation: Revocation =
            serde_json::from_str(r#"{"at":"2026-11-22T09:30:11Z","by":"admin","reason":"leaked"}"#).unwrap();
        stored.revocations.insert(TokenHash::of(&token).id(), revocation);
        assert!(is_revoked(&stored, &token));
        assert!(!is_revoked(&stored, &SecretString::from("another")));
    }
}
