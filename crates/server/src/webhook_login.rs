//! What a caller of the webhook shows: HTTP Basic, and an extra header where one is asked for.

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use passback_registry::WebhookAccess;
use secrecy::{ExposeSecret, SecretString};

/// Longer credentials are not even decoded.
const MAX_CREDENTIALS_BYTES: usize = 2_048;

/// A user name and a password.
#[derive(Debug)]
pub(crate) struct Login {
    username: String,
    password: SecretString,
}

impl Login {
    /// The login in the Authorization header, if there is one that can be read.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, encoded) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > MAX_CREDENTIALS_BYTES {
            return None;
        }
        let decoded = STANDARD.decode(encoded.trim()).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        let (username, password) = text.split_once(':')?;
        Some(Self {
            username: username.to_owned(),
            password: SecretString::from(password),
        })
    }

    /// Whether it is one of the connector's.
    pub(crate) fn is_admitted(&self, access: &WebhookAccess) -> bool {
        access.admits(&self.username, self.password.expose_secret())
    }
}

/// The value of the header that the connector asks for; given twice, it counts as not given.
pub(crate) fn header_secret<'a>(access: &WebhookAccess, headers: &'a HeaderMap) -> Option<&'a [u8]> {
    let wanted = access.header.as_ref()?;
    let mut values = headers.get_all(wanted.name.as_str()).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.as_bytes())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Basic ZG9jZWJvOnM6ZWNyZXQ=", Some(("docebo", "s:ecret")))]
    #[case("basic  ZG9jZWJvOg==", Some(("docebo", "")))]
    #[case("Bearer ZG9jZWJvOg==", None)]
    #[case("Basic", None)]
    #[case("Basic %%%", None)]
    #[case("Basic ZG9jZWJv", None)]
    #[case("Basic /w==", None)]
    fn a_login_is_what_stands_before_and_after_the_first_colon(
        #[case] value: &'static str,
        #[case] wanted: Option<(&str, &str)>,
    ) {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
        let login = Login::of(&headers);
        let found = login
            .as_ref()
            .map(|login| (login.username.as_str(), login.password.expose_secret()));
        assert_eq!(found, wanted);
    }
}
