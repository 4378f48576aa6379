//! Why a webhook of Docebo is not taken.

use super::{Actor, Code, Entry, problems::of_caller};

pub(super) const WEBHOOK_UNAUTHORIZED: Entry = Entry {
    who_acts: Actor::OrganisationAdmin,
    ..of_caller(
        Code::WebhookUnauthorized,
        401,
        "Docebo's webhook shows other credentials",
        "User name, password or extra header of the call are not those of the connector's webhook access. Nothing was stored; Docebo sends the events again for a while.",
        &[
            "Compare user name and password in Docebo's webhook with the connector's entry: webhook = { username, password }.",
            "While a password is changed, let the entry have both: webhook = { …, also = [{ username, password }] }.",
            "Where the entry asks for a header, see that whoever stands in front of passback sends it, once.",
        ],
    )
};

pub(super) const WEBHOOK_SOURCE_REFUSED: Entry = Entry {
    who_acts: Actor::Platform,
    ..of_caller(
        Code::WebhookSourceRefused,
        403,
        "The webhook comes from another address",
        "The connector takes webhooks from certain addresses only, and this call came from another one. Nothing was stored; Docebo sends the events again for a while.",
        &[
            "Add the address to the connector's entry: webhook = { …, sources = [\"203.0.113.0/24\"] }. The server's log names it.",
            "Behind a reverse proxy, name the proxy in http.trusted_proxies, or every call seems to come from it.",
        ],
    )
};
