//! Networks and origins, as the configuration names them.

use std::net::IpAddr;

use ipnet::IpNet;
use reqwest::Url;

/// Reads an address or a network; an error says what to write.
pub(super) fn parse_network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().map(|network| network.trunc()).ok();
    let network = network.or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    network.ok_or_else(|| "write an address or a network, such as \"10.0.0.5\" or \"10.1.0.0/16\"".to_owned())
}

/// Reads an origin; an error says what to write.
pub(super) fn parse_origin(text: &str) -> Result<String, String> {
    if text == "*" {
        return Err("name each origin: any page at all is never let in".to_owned());
    }
    let url = Url::parse(text)
        .ok()
        .filter(|url| ["http", "https"].contains(&url.scheme()));
    // Browsers compare origins letter by letter, so only the form that they send is of use.
    let origin = url.map(|url| url.origin().ascii_serialization());
    match origin {
        Some(origin) if origin == text => Ok(origin),
        Some(origin) => Err(format!("write \"{origin}\"")),
        None => Err("write scheme and host, such as \"https://console.example.org\"".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("10.0.0.5", Some("10.0.0.5/32"))]
    #[case("10.1.2.3/16", Some("10.1.0.0/16"))]
    #[case("2001:db8::/32", Some("2001:db8::/32"))]
    #[case("::1", Some("::1/128"))]
    #[case("10.0.0.0/33", None)]
    #[case("proxy.example.org", None)]
    #[case("", None)]
    fn a_network_is_an_address_or_a_range_of_them(#[case] text: &str, #[case] network: Option<&str>) {
        assert_eq!(
            parse_network(text).ok().map(|network| network.to_string()).as_deref(),
            network
        );
    }

    #[rstest]
    #[case("https://console.example.org", Ok("https://console.example.org"))]
    #[case("http://localhost:3000", Ok("http://localhost:3000"))]
    #[case("https://console.example.org/", Err("write \"https://console.example.org\""))]
    #[case("https://Console.example.org:443/x", Err("write \"https://console.example.org\""))]
    #[case("*", Err("name each origin: any page at all is never let in"))]
    #[case("null", Err("write scheme and host, such as \"https://console.example.org\""))]
    fn an_origin_is_as_a_browser_sends_it(#[case] text: &str, #[case] expected: Result<&str, &str>) {
        let found = parse_origin(text);
        assert_eq!(found.as_deref().map_err(String::as_str), expected);
    }
}
