//! The address that a request comes from: the peer's, or what a trusted proxy says of it.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, HeaderName, request::Parts},
};
use ipnet::IpNet;

use crate::state::App;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The most proxies that are looked through.
const MAX_HOPS: usize = 32;

/// The address that a request comes from.
///
/// `0.0.0.0` where the request came over no socket, as in a test of the routes alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        Ok(Self(origin(peer, &parts.headers, &app.config.trusted_proxies)))
    }
}

/// The first address, from our end of the way, that is no trusted proxy's.
///
/// Each proxy adds on the right whom it was called by, so everything left of an address that is not trusted may be a
/// lie. What is no address ends the way as well: nothing left of it can be believed.
fn origin(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let mut origin = peer.to_canonical();
    let hops = headers.get_all(FORWARDED_FOR).iter().rev();
    let hops = hops
        .flat_map(|value| value.to_str().unwrap_or("?").rsplit(','))
        .map(parse);
    for hop in hops.take(MAX_HOPS) {
        if !is_trusted(origin) {
            break;
        }
        let Some(hop) = hop else { break };
        origin = hop;
    }
    origin
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::no_proxy_is_trusted("192.0.2.7", &["203.0.113.9"], "192.0.2.7")]
    #[case::no_header("10.0.0.1", &[], "10.0.0.1")]
    #[case::one_proxy("10.0.0.1", &["203.0.113.9"], "203.0.113.9")]
    #[case::what_the_caller_made_up_is_left_of_its_own("10.0.0.1", &["127.0.0.1, 203.0.113.9"], "203.0.113.9")]
    #[case::several_proxies("10.0.0.1", &["198.51.100.4, 203.0.113.9, 10.0.0.2"], "203.0.113.9")]
    #[case::several_headers("10.0.0.1", &["198.51.100.4", "203.0.113.9", "10.0.0.2"], "203.0.113.9")]
    #[case::all_are_proxies("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3")]
    #[case::not_an_address("10.0.0.1", &["203.0.113.9, unknown, 10.0.0.2"], "10.0.0.2")]
    #[case::empty("10.0.0.1", &[""], "10.0.0.1")]
    #[case::with_a_port("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9")]
    #[case::ipv6("10.0.0.1", &["2001:db8::7"], "2001:db8::7")]
    #[case::ipv6_with_a_port("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7")]
    #[case::ipv6_in_brackets("10.0.0.1", &["[2001:db8::7]"], "2001:db8::7")]
    #[case::ipv4_in_ipv6("::ffff:10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9")]
    fn an_address_is_believed_as_far_as_who_says_it(#[case] peer: &str, #[case] said: &[&str], #[case] expected: &str) {
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let found = origin(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(found, expected.parse::<IpAddr>().unwrap());
    }

    #[test]
    fn a_way_without_end_is_not_walked_to_its_end() {
        let mut headers = HeaderMap::new();
        let way = format!("203.0.113.9{}", ", 10.0.0.2".repeat(1_000));
        headers.append(FORWARDED_FOR, HeaderValue::from_str(&way).unwrap());
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let found = origin("10.0.0.1".parse().unwrap(), &headers, &trusted);
        assert_eq!(found, "10.0.0.2".parse::<IpAddr>().unwrap());
    }
}
