//! Which Docebo platform a connector leads to: its numbers of users and courses count there, and nowhere else.

use passback_registry::ConnectorId;

use crate::{Producer, StoreError};

/// What the names of all platforms end in that have none of their own.
const DOCEBO_S_OWN: &str = ".docebosaas.com";

impl Producer {
    /// The platform that a connector leads to now, by its domain; none where there is no such connector.
    pub async fn platform_of(&self, connector: &ConnectorId) -> Result<Option<String>, StoreError> {
        let view = self.registry.connector_view(connector).await?;
        Ok(view.map(|view| view.domain))
    }
}

/// The platform that an event comes from: the connector's, unless Docebo names another one. Of two names only Docebo's own
/// say that they are two platforms: a platform with a name of its own has one of Docebo's beside.
pub(crate) fn told_by(domain: &str, original_domain: Option<&str>) -> String {
    let original = original_domain.and_then(docebo_name);
    match (docebo_name(domain), original) {
        (Some(ours), Some(theirs)) if ours != theirs => theirs,
        (Some(_) | None, Some(_) | None) => domain.to_owned(),
    }
}

/// The host in this text, if it has one of Docebo's own names.
fn docebo_name(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_plain = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
    };
    host.strip_suffix(DOCEBO_S_OWN)
        .is_some_and(is_plain)
        .then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::told_by;

    #[rstest]
    #[case::the_same("acme.docebosaas.com", Some("acme.docebosaas.com"), "acme.docebosaas.com")]
    #[case::the_same_in_capitals("acme.docebosaas.com", Some(" ACME.DoceboSaaS.com"), "acme.docebosaas.com")]
    #[case::the_same_as_an_address(
        "acme.docebosaas.com:443",
        Some("https://acme.docebosaas.com/learn"),
        "acme.docebosaas.com:443"
    )]
    #[case::a_copy(
        "acme.docebosaas.com",
        Some("acme-Sandbox.docebosaas.com"),
        "acme-sandbox.docebosaas.com"
    )]
    #[case::a_name_of_its_own("learn.acme.example", Some("acme.docebosaas.com"), "learn.acme.example")]
    #[case::named_by_its_own("acme.docebosaas.com", Some("learn.acme.example"), "acme.docebosaas.com")]
    #[case::not_named("acme.docebosaas.com", None, "acme.docebosaas.com")]
    #[case::no_name("acme.docebosaas.com", Some("remy@x.docebosaas.com"), "acme.docebosaas.com")]
    #[case::only_the_ending("acme.docebosaas.com", Some(".docebosaas.com"), "acme.docebosaas.com")]
    #[case::a_simulator(
        "http://127.0.0.1:9100",
        Some("example-domain.docebosaas.com"),
        "http://127.0.0.1:9100"
    )]
    fn two_names_of_docebo_s_own_are_two_platforms(
        #[case] domain: &str,
        #[case] original: Option<&str>,
        #[case] platform: &str,
    ) {
        assert_eq!(told_by(domain, original), platform);
    }
}
