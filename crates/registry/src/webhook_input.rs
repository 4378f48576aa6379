//! What Docebo must show at our webhook, as people and programs write it, before it is believed.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::field_check::FieldCheck;
use crate::webhook_access::{WebhookAccess, WebhookHeader, WebhookLogin};

/// Logins beside the first one; each takes part in every comparison.
pub(crate) const MAX_ALSO_LOGINS: usize = 4;
const MAX_SOURCES: usize = 64;
const MAX_HEADER_NAME_BYTES: usize = 64;
/// The bits by which IPv6 says that an address is an IPv4 one.
const V4_MAPPED_BITS: u8 = 96;
/// Headers that mean something else already, or that whatever stands between Docebo and us writes or drops.
const TAKEN_HEADERS: [&str; 12] = [
    "authorization",
    "proxy-authorization",
    "host",
    "connection",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "user-agent",
    "forwarded",
    "x-forwarded-for",
    "x-request-id",
];

/// What Docebo shows when it calls our webhook, as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of `WebhookAccess`")]
pub struct WebhookInput {
    pub username: Option<String>,
    #[serde(deserialize_with = "crate::secret_text::deserialize")]
    pub password: Option<SecretString>,
    pub also: Option<Vec<WebhookLoginInput>>,
    pub header: Option<WebhookHeaderInput>,
    pub sources: Option<Vec<String>>,
}

/// One more login, as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of `WebhookLogin`")]
pub struct WebhookLoginInput {
    pub username: Option<String>,
    #[serde(deserialize_with = "crate::secret_text::deserialize")]
    pub password: Option<SecretString>,
}

/// The header with a secret, as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of `WebhookHeader`")]
pub struct WebhookHeaderInput {
    pub name: Option<String>,
    #[serde(deserialize_with = "crate::secret_text::deserialize")]
    pub value: Option<SecretString>,
}

impl WebhookInput {
    pub(crate) fn check(&self, check: &mut FieldCheck) -> Option<WebhookAccess> {
        let first = login("webhook", self.username.as_deref(), self.password.as_ref(), check);
        let also = self.also(check);
        let header = self.header.as_ref().map(|header| header.check(check));
        let sources = self.sources(check);
        let first = first?;
        Some(WebhookAccess {
            username: first.username,
            password: first.password,
            also,
            header: header.flatten(),
            sources,
        })
    }

    fn also(&self, check: &mut FieldCheck) -> Vec<WebhookLogin> {
        let also = self.also.as_deref().unwrap_or_default();
        if also.len() > MAX_ALSO_LOGINS {
            let fix = format!("keep at most {MAX_ALSO_LOGINS}");
            check.refuse("webhook.also", format!("{} further logins", also.len()), fix);
        }
        let logins = also.iter().take(MAX_ALSO_LOGINS).enumerate();
        logins
            .filter_map(|(index, input)| {
                let path = format!("webhook.also.{index}");
                login(&path, input.username.as_deref(), input.password.as_ref(), check)
            })
            .collect()
    }

    fn sources(&self, check: &mut FieldCheck) -> Vec<IpNet> {
        let texts = self.sources.as_deref().unwrap_or_default();
        if texts.len() > MAX_SOURCES {
            let fix = format!("name at most {MAX_SOURCES}, larger ones");
            check.refuse("webhook.sources", format!("{} networks", texts.len()), fix);
        }
        let mut seen = HashSet::new();
        let mut sources = Vec::new();
        for (index, text) in texts.iter().take(MAX_SOURCES).enumerate() {
            match network(text) {
                // Twice the same says the same.
                Ok(source) => sources.extend(seen.insert(source).then_some(source)),
                Err((problem, fix)) => check.refuse(&format!("webhook.sources.{index}"), problem, fix),
            }
        }
        sources
    }
}

impl WebhookHeaderInput {
    fn check(&self, check: &mut FieldCheck) -> Option<WebhookHeader> {
        let name = check.text("webhook.header.name", self.name.as_deref());
        let value = check.secret("webhook.header.value", self.value.as_ref());
        let name = name.filter(|name| is_free_header(name, check));
        let value = value.filter(|value| is_header_value(value, check));
        Some(WebhookHeader {
            name: name?.to_owned(),
            value: value?.clone(),
        })
    }
}

fn login(
    path: &str,
    username: Option<&str>,
    password: Option<&SecretString>,
    check: &mut FieldCheck,
) -> Option<WebhookLogin> {
    let name_field = format!("{path}.username");
    let username = check.text(&name_field, username);
    let password = check.secret(&format!("{path}.password"), password);
    // Basic authentication ends the user name at the first colon.
    if username.is_some_and(|name| name.contains(':')) {
        check.refuse(&name_field, "contains ':'", "leave it out");
    }
    Some(WebhookLogin {
        username: username?.to_owned(),
        password: password?.clone(),
    })
}

fn is_free_header(name: &str, check: &mut FieldCheck) -> bool {
    const FIELD: &str = "webhook.header.name";
    const MARKS: &[u8] = b"!#$%&'*+-.^_`|~";
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || MARKS.contains(&byte);
    if name.len() > MAX_HEADER_NAME_BYTES || !name.bytes().all(allowed) {
        let fix = format!("use at most {MAX_HEADER_NAME_BYTES} letters, digits and '-', such as X-Passback-Secret");
        check.refuse(FIELD, "no name that a header can have", fix);
        return false;
    }
    if TAKEN_HEADERS.iter().any(|taken| taken.eq_ignore_ascii_case(name)) {
        let fix = "choose a name of your own, such as X-Passback-Secret";
        check.refuse(FIELD, format!("'{name}' has a meaning of its own"), fix);
        return false;
    }
    true
}

/// What a header cannot carry would never fit, and nobody would see why.
fn is_header_value(value: &SecretString, check: &mut FieldCheck) -> bool {
    let text = value.expose_secret();
    let bare = text.trim() == text;
    let fits = bare && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !fits {
        check.refuse(
            "webhook.header.value",
            "holds what a header cannot carry",
            "use printable ASCII characters, without blanks at either end",
        );
    }
    fits
}

/// Reads `203.0.113.0/24`, `2001:db8::/32`, or a single address.
fn network(text: &str) -> Result<IpNet, (String, String)> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address.to_canonical()));
    }
    let network: IpNet = text.parse().map_err(|_| {
        let fix = "write an address or a network, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32";
        ("not a network".to_owned(), fix.to_owned())
    })?;
    let network = without_v6_clothes(network);
    if network.trunc() == network {
        return Ok(network);
    }
    let problem = "an address inside a network, not the network itself".to_owned();
    let fix = format!("write {} for all of it, or {} alone", network.trunc(), network.addr());
    Err((problem, fix))
}

/// A network of IPv4 addresses that is written as one of IPv6 is kept as what it is; addresses are compared so, too.
fn without_v6_clothes(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else {
        return network;
    };
    let bits = v6.prefix_len().checked_sub(V4_MAPPED_BITS);
    let address = Ipv6Addr::to_ipv4_mapped(&v6.addr());
    match (bits, address) {
        (Some(bits), Some(address)) => Ipv4Net::new(address, bits).map_or(network, IpNet::V4),
        (_, _) => network,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("203.0.113.7", "203.0.113.7/32")]
    #[case(" 203.0.113.0/24 ", "203.0.113.0/24")]
    #[case("::ffff:203.0.113.7", "203.0.113.7/32")]
    #[case("::ffff:203.0.113.0/120", "203.0.113.0/24")]
    #[case("2001:db8::1", "2001:db8::1/128")]
    #[case("2001:db8::/32", "2001:db8::/32")]
    #[case("0.0.0.0/0", "0.0.0.0/0")]
    fn a_network_is_kept_in_its_plainest_form(#[case] text: &str, #[case] kept: &str) {
        assert_eq!(network(text).unwrap().to_string(), kept);
    }

    #[rstest]
    #[case("")]
    #[case("docebo.com")]
    #[case("203.0.113")]
    #[case("203.0.113.0/33")]
    #[case("203.0.113.0/-1")]
    #[case("2001:db8::/129")]
    #[case("203.0.113.0/255.255.255.0")]
    #[case("fe80::1%eth0")]
    fn what_is_no_network_is_refused(#[case] text: &str) {
        assert!(network(text).is_err(), "{text}");
    }

    #[test]
    fn a_network_with_too_much_in_it_is_answered_with_both_that_may_be_meant() {
        let (_, fix) = network("203.0.113.7/24").unwrap_err();
        assert_eq!(fix, "write 203.0.113.0/24 for all of it, or 203.0.113.7 alone");
    }
}
