//! Where a Docebo platform answers: `https` always, except a simulator on this machine.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const MAX_HOST_CHARS: usize = 253;
const MAX_LABEL_CHARS: usize = 63;

/// A text that is not a usable domain, with the reason and the way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDomain {
    /// The text is no host name, or carries more than scheme, host and port.
    #[error("not a domain: use the host alone, for example acme.docebosaas.com (no path, query or user)")]
    Malformed,
    /// A number in place of a name: certificates are issued to names.
    #[error("an IP address: use the platform's host name, for example acme.docebosaas.com")]
    Address,
    /// Plain `http` to a host that is not this machine.
    #[error("plain http: leave the scheme away or use https, for secrets travel on this connection")]
    PlainHttp,
    /// Plain `http` to this machine, where the configuration does not allow it.
    #[error("http to this machine is not allowed here: set connectors.allow_http_loopback = true (development only)")]
    LoopbackNotAllowed,
    /// A scheme that is neither `https` nor `http`.
    #[error("an unknown scheme: leave the scheme away or use https")]
    UnknownScheme,
}

/// The origin of one Docebo platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    https: bool,
    authority: String,
}

impl Domain {
    /// Parses `acme.docebosaas.com` or `https://acme.docebosaas.com`; `http://127.0.0.1:9100` only where loopback is allowed.
    pub fn parse(text: &str, allow_http_loopback: bool) -> Result<Self, InvalidDomain> {
        let text = text.trim().to_ascii_lowercase();
        let (https, rest) = match text.split_once("://") {
            None => (true, text.as_str()),
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            Some(_) => return Err(InvalidDomain::UnknownScheme),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let host = host(authority)?;
        let domain = Self {
            https,
            authority: authority.to_owned(),
        };
        match (https, host) {
            (true, Host::Name) => Ok(domain),
            (true, Host::Loopback | Host::Address) => Err(InvalidDomain::Address),
            (false, Host::Loopback) if allow_http_loopback => Ok(domain),
            (false, Host::Loopback) => Err(InvalidDomain::LoopbackNotAllowed),
            (false, Host::Name | Host::Address) => Err(InvalidDomain::PlainHttp),
        }
    }

    /// Scheme, host and port, without a slash at the end.
    pub fn base_url(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        format!("{scheme}://{}", self.authority)
    }

    /// Whether the connection is encrypted; only a simulator on this machine may do without.
    pub fn is_https(&self) -> bool {
        self.https
    }
}

impl fmt::Display for Domain {
    /// The short form that people write: no scheme where it is `https`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.https {
            formatter.write_str(&self.authority)
        } else {
            formatter.write_str(&self.base_url())
        }
    }
}

enum Host {
    Name,
    Loopback,
    Address,
}

fn host(authority: &str) -> Result<Host, InvalidDomain> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or(InvalidDomain::Malformed)?;
        let address: Ipv6Addr = address.parse().map_err(|_| InvalidDomain::Malformed)?;
        if !port.is_empty() {
            check_port(port.strip_prefix(':').ok_or(InvalidDomain::Malformed)?)?;
        }
        return Ok(of_address(IpAddr::V6(address)));
    }
    let name = match authority.split_once(':') {
        None => authority,
        Some((name, port)) => {
            check_port(port)?;
            name
        }
    };
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return Ok(of_address(IpAddr::V4(address)));
    }
    // Every name under `localhost` is the machine itself (RFC 6761); containers use one for the simulator.
    if name == "localhost" || name.ends_with(".localhost") {
        return Ok(Host::Loopback);
    }
    check_name(name).map(|()| Host::Name)
}

fn of_address(address: IpAddr) -> Host {
    if address.is_loopback() {
        Host::Loopback
    } else {
        Host::Address
    }
}

fn check_port(port: &str) -> Result<(), InvalidDomain> {
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(number) if digits && number > 0 => Ok(()),
        Ok(_) | Err(_) => Err(InvalidDomain::Malformed),
    }
}

fn check_name(name: &str) -> Result<(), InvalidDomain> {
    let label_fits = |label: &str| {
        (1..=MAX_LABEL_CHARS).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    // A URL parser reads a last label of digits as part of an IPv4 address ("127.1", "1.2.3.0x4").
    let last_is_a_name = name
        .rsplit('.')
        .next()
        .is_some_and(|label| label.starts_with(|first: char| first.is_ascii_alphabetic()));
    let fits = name.len() <= MAX_HOST_CHARS && name.contains('.') && name.split('.').all(label_fits);
    if fits && last_is_a_name {
        Ok(())
    } else {
        Err(InvalidDomain::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::{Domain, InvalidDomain};
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("acme.docebosaas.com", "https://acme.docebosaas.com")]
    #[case(" https://Acme.docebosaas.com/ ", "https://acme.docebosaas.com")]
    #[case("https://learn.acme.example:8443", "https://learn.acme.example:8443")]
    #[case("http://127.0.0.1:9100", "http://127.0.0.1:9100")]
    #[case("http://localhost:9100/", "http://localhost:9100")]
    #[case("http://[::1]:9100", "http://[::1]:9100")]
    #[case("http://simulator.localhost:9100", "http://simulator.localhost:9100")]
    fn a_usable_domain_becomes_its_origin(#[case] text: &str, #[case] base_url: &str) {
        assert_eq!(Domain::parse(text, true).unwrap().base_url(), base_url);
    }

    #[rstest]
    #[case("", InvalidDomain::Malformed)]
    #[case("acme", InvalidDomain::Malformed)]
    #[case("acme.docebosaas.com/learn", InvalidDomain::Malformed)]
    #[case("acme.docebosaas.com?x=1", InvalidDomain::Malformed)]
    #[case("acme.docebosaas.com#x", InvalidDomain::Malformed)]
    #[case("user:secret@acme.docebosaas.com", InvalidDomain::Malformed)]
    #[case("https://user@acme.docebosaas.com", InvalidDomain::Malformed)]
    #[case("acme..com", InvalidDomain::Malformed)]
    #[case("-acme.com", InvalidDomain::Malformed)]
    #[case("acme.com:0", InvalidDomain::Malformed)]
    #[case("acme.com:+80", InvalidDomain::Malformed)]
    #[case("acme.com:70000", InvalidDomain::Malformed)]
    #[case("acme .com", InvalidDomain::Malformed)]
    #[case("https://127.1", InvalidDomain::Malformed)]
    #[case("https://10.0.0.7", InvalidDomain::Address)]
    #[case("127.0.0.1:9100", InvalidDomain::Address)]
    #[case("https://localhost", InvalidDomain::Address)]
    #[case("http://acme.docebosaas.com", InvalidDomain::PlainHttp)]
    #[case("http://127.0.0.1.evil.example", InvalidDomain::PlainHttp)]
    #[case("http://localhost.evil.example", InvalidDomain::PlainHttp)]
    #[case("http://192.168.0.4:9100", InvalidDomain::PlainHttp)]
    #[case("ftp://acme.docebosaas.com", InvalidDomain::UnknownScheme)]
    fn anything_else_is_refused_by_its_reason(#[case] text: &str, #[case] reason: InvalidDomain) {
        assert_eq!(Domain::parse(text, true).unwrap_err(), reason);
    }

    #[test]
    fn plain_http_to_this_machine_needs_permission() {
        assert_eq!(
            Domain::parse("http://127.0.0.1:9100", false).unwrap_err(),
            InvalidDomain::LoopbackNotAllowed
        );
    }

    proptest! {
        #[test]
        fn what_is_shown_parses_to_the_same_domain(text in "(https?://)?[a-z0-9.:/@\\[\\]-]{0,40}") {
            if let Ok(domain) = Domain::parse(&text, true) {
                prop_assert_eq!(Domain::parse(&domain.to_string(), true), Ok(domain.clone()));
                prop_assert_eq!(Domain::parse(&domain.base_url(), true), Ok(domain));
            }
        }
    }
}
