//! What Docebo must show when it calls our webhook: a login, perhaps a header, perhaps an address.
//!
//! Nothing here stops at the first difference: how long an answer takes says nothing about the secrets.

use std::net::IpAddr;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// One user name with its password.
#[derive(Debug, Clone)]
pub struct WebhookLogin {
    /// The user name of the basic authentication.
    pub username: String,
    /// The password of the basic authentication.
    pub password: SecretString,
}

/// A header of its own that carries a secret, beside the login.
#[derive(Debug, Clone)]
pub struct WebhookHeader {
    /// The header's name, in the letters in which it was written.
    pub name: String,
    /// What it must hold.
    pub value: SecretString,
}

/// What Docebo must show when it calls our webhook.
#[derive(Debug, Clone)]
pub struct WebhookAccess {
    /// The user name of its basic authentication.
    pub username: String,
    /// The password of its basic authentication.
    pub password: SecretString,
    /// Further logins that are as good, so that a password can be changed without losing a call.
    pub also: Vec<WebhookLogin>,
    /// A header that must be there too.
    pub header: Option<WebhookHeader>,
    /// The networks that calls may come from; none means any.
    pub sources: Vec<IpNet>,
}

impl WebhookAccess {
    /// Whether the login is one of those that are good; looks at all of them, whichever is right.
    pub fn admits(&self, username: &str, password: &str) -> bool {
        let shown = fingerprint(username, password);
        let first = fingerprint(&self.username, self.password.expose_secret());
        let mut admitted = shown.ct_eq(&first);
        for login in &self.also {
            let known = fingerprint(&login.username, login.password.expose_secret());
            admitted |= shown.ct_eq(&known);
        }
        admitted.into()
    }

    /// Whether the header that is asked for holds its secret; true where none is asked for.
    pub fn header_fits(&self, value: Option<&[u8]>) -> bool {
        let Some(header) = &self.header else {
            return true;
        };
        let known = Sha256::digest(header.value.expose_secret().as_bytes());
        let shown = Sha256::digest(value.unwrap_or_default());
        // An absent header is not an empty one, whatever the secret is.
        (known.ct_eq(&shown) & Choice::from(u8::from(value.is_some()))).into()
    }

    /// Whether a call may come from this address; an IPv4 address in IPv6 clothes counts as what it is.
    pub fn source_fits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.sources.is_empty() || self.sources.iter().any(|source| source.contains(&address))
    }
}

/// Both hashed by themselves, so that neither's length shows and nothing can slip from one into the other.
fn fingerprint(username: &str, password: &str) -> [u8; 64] {
    let mut both = [0; 64];
    let (left, right) = both.split_at_mut(32);
    left.copy_from_slice(&Sha256::digest(username.as_bytes()));
    right.copy_from_slice(&Sha256::digest(password.as_bytes()));
    both
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn access() -> WebhookAccess {
        let login = |username: &str, password: &str| WebhookLogin {
            username: username.to_owned(),
            password: SecretString::from(password),
        };
        WebhookAccess {
            username: "docebo".to_owned(),
            password: SecretString::from("first"),
            also: vec![login("docebo", "second"), login("docebo-2", "third:with colon")],
            header: None,
            sources: Vec::new(),
        }
    }

    #[rstest]
    #[case("docebo", "first", true)]
    #[case("docebo", "second", true)]
    #[case("docebo-2", "third:with colon", true)]
    #[case("docebo", "third:with colon", false)]
    #[case("docebo-2", "first", false)]
    #[case("docebofirst", "", false)]
    #[case("", "docebofirst", false)]
    #[case("Docebo", "first", false)]
    #[case("docebo", "first ", false)]
    #[case("docebo", "", false)]
    #[case("", "", false)]
    fn every_login_is_good_and_none_is_mixed_of_two(
        #[case] username: &str,
        #[case] password: &str,
        #[case] good: bool,
    ) {
        assert_eq!(access().admits(username, password), good);
    }

    #[test]
    fn a_header_is_only_asked_for_where_there_is_one() {
        let mut access = access();
        assert!(access.header_fits(None) && access.header_fits(Some(b"whatever")));
        access.header = Some(WebhookHeader {
            name: "X-Passback-Secret".to_owned(),
            value: SecretString::from("s3cret"),
        });
        assert!(access.header_fits(Some(b"s3cret")));
        for wrong in [None, Some(&b""[..]), Some(b"s3cre"), Some(b"s3crets"), Some(b"\xff")] {
            assert!(!access.header_fits(wrong), "{wrong:?}");
        }
    }

    #[rstest]
    #[case("203.0.113.0/24", "203.0.113.9", true)]
    #[case("203.0.113.0/24", "::ffff:203.0.113.9", true)]
    #[case("203.0.113.0/24", "203.0.114.9", false)]
    #[case("203.0.113.0/24", "::203.0.113.9", false)]
    #[case("203.0.113.7/32", "203.0.113.7", true)]
    #[case("203.0.113.7/32", "203.0.113.8", false)]
    #[case("2001:db8::/32", "2001:db8::1", true)]
    #[case("2001:db8::/32", "2001:db9::1", false)]
    #[case("0.0.0.0/0", "::1", false)]
    fn a_call_comes_from_one_of_the_networks(#[case] source: &str, #[case] address: &str, #[case] fits: bool) {
        let access = WebhookAccess {
            sources: vec!["198.51.100.0/30".parse().unwrap(), source.parse().unwrap()],
            ..access()
        };
        assert_eq!(access.source_fits(address.parse().unwrap()), fits);
    }

    #[test]
    fn any_address_will_do_where_no_network_is_named() {
        assert!(access().source_fits("192.0.2.1".parse().unwrap()));
        assert!(access().source_fits("2001:db8::1".parse().unwrap()));
    }
}
