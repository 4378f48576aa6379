//! What a call to Docebo meets.

use super::{Actor, Code, Entry};

pub(super) const DOCEBO_UNREACHABLE: Entry = Entry {
    code: Code::DoceboUnreachable.as_str(),
    title: "Docebo cannot be reached",
    explanation: "No connection to the organisation's Docebo platform came about, or it broke. \
                  This says nothing about the candidate.",
    who_acts: Actor::Platform,
    resolution: &[
        "If several connectors are affected, check this network's way out: DNS, firewall, proxy.",
        "If it is one connector, check its domain: passback connector show ID.",
        "Results are tried again by themselves; a check can be asked again at once.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const DOCEBO_UNAVAILABLE: Entry = Entry {
    code: Code::DoceboUnavailable.as_str(),
    title: "Docebo is not available",
    explanation: "Docebo answered that it cannot answer now (status 408 or 5xx). This says nothing about the candidate.",
    who_acts: Actor::Docebo,
    resolution: &[
        "Look at status.docebo.com if it lasts.",
        "Results are tried again by themselves, ever more slowly; a check can be asked again later.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const DOCEBO_THROTTLED: Entry = Entry {
    code: Code::DoceboThrottled.as_str(),
    title: "Docebo's quota is used up",
    explanation: "Docebo allows a number of calls in an hour for each IP address, and it is used up. \
                  Calls go on when it allows them again; no attempt is lost by waiting.",
    who_acts: Actor::Nobody,
    resolution: &[
        "Wait: the quota comes back by itself within the hour.",
        "If it happens often, find what else calls Docebo from the same address, or ask Docebo for a larger quota.",
        "Set calls_per_hour of the connector to what is really allowed.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const DOCEBO_TIMED_OUT: Entry = Entry {
    code: Code::DoceboTimedOut.as_str(),
    title: "Docebo did not answer in time",
    explanation: "A call to Docebo took longer than the connector allows. This says nothing about the candidate.",
    who_acts: Actor::Docebo,
    resolution: &[
        "Look at status.docebo.com if it lasts.",
        "If this platform is always slow, raise request_timeout_ms of the connector.",
        "Results are tried again by themselves; a check can be asked again.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const CERTIFICATE_INVALID: Entry = Entry {
    code: Code::CertificateInvalid.as_str(),
    title: "Docebo's TLS certificate is not valid",
    explanation: "The certificate that answers under the connector's domain is expired, for another name, or not \
                  signed by a known authority. Credentials are not sent to a server that cannot prove who it is.",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "Open the domain in a browser and look at its certificate; for a custom domain, renew it at Docebo.",
        "Check the connector's domain for a slip: passback connector show ID.",
        "If a proxy of your own opens TLS, give passback's host the proxy's authority, or go around it.",
        "Then run passback connector validate ID: success releases the jobs that wait.",
    ],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};

pub(super) const CREDENTIALS_REFUSED: Entry = Entry {
    code: Code::CredentialsRefused.as_str(),
    title: "Docebo authentication is not valid",
    explanation: "Docebo refuses the connector's client id, client secret, user name or password. Checks cannot be \
                  answered and results wait until the credentials are right. This says nothing about the candidate.",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "In Docebo, open API and SSO, then API credentials: the app must be active, and the grant \"Resource owner password credentials\" switched on.",
        "Check that the connector's user can sign in at Docebo and that its password has not expired or changed.",
        "If in doubt, reset the client secret and the password in Docebo.",
        "Put the new values into the connector's file and run passback apply -f FILE.",
        "Run passback connector validate ID: success releases the jobs that wait.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const FORBIDDEN: Entry = Entry {
    code: Code::Forbidden.as_str(),
    title: "Docebo does not permit this",
    explanation: "Docebo accepts the connector's credentials, but its user may not search users, or read or change \
                  enrolments (status 403).",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "In Docebo, make the connector's user a superadmin, or a power user with the rights to view users and to view and edit enrolments.",
        "For a power user, check that the course and the candidates are among its resources.",
        "Run passback connector validate ID: success releases the jobs that wait.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const UNEXPECTED_PAGE: Entry = Entry {
    code: Code::UnexpectedPage.as_str(),
    title: "Docebo answered with a web page",
    explanation: "Instead of data, Docebo sent a web page: its sign-in page, a page that refuses access, or a page \
                  of something in between.",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "Check the rights of the connector's user, as for a call that is not permitted.",
        "Check that the connector's domain is the Docebo platform itself and not a portal or a redirect to it.",
        "Check that no firewall, proxy or maintenance page answers in Docebo's place.",
        "Run passback connector validate ID: success releases the jobs that wait.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const UNEXPECTED_RESPONSE: Entry = Entry {
    code: Code::UnexpectedResponse.as_str(),
    title: "Docebo's answer cannot be read",
    explanation: "Docebo answered in a form that passback does not know. It may have changed, or something else \
                  answers under the domain.",
    who_acts: Actor::Platform,
    resolution: &[
        "Look at the attempts and what was answered: passback job show ID.",
        "Check that the connector's domain is a Docebo platform: passback connector validate ID.",
        "If Docebo's answers have changed, update passback.",
        "Then give the job a new life: passback dead redrive ID --reason TEXT.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const REJECTED: Entry = Entry {
    code: Code::Rejected.as_str(),
    title: "Docebo refuses the change",
    explanation: "Docebo understood the request and refused it: the values, or the enrolment as it is, do not allow it. \
                  Trying again would be refused again.",
    who_acts: Actor::OrganisationAdmin,
    resolution: &[
        "Read what Docebo said: passback dead show ID.",
        "In Docebo, look at the user's enrolment in the course: is it archived, locked, or in a session of its own?",
        "Put right what Docebo names, there or in the exam's entry.",
        "Then passback dead redrive ID --reason TEXT, or passback dead discard ID --reason TEXT if the result was entered by hand.",
    ],
    safe_to_retry: true,
    releases_itself: false,
    http_status: None,
};

pub(super) const OUTCOME_UNKNOWN: Entry = Entry {
    code: Code::OutcomeUnknown.as_str(),
    title: "It is not known whether Docebo took the change",
    explanation: "The request left, and its answer was lost or could not be read. The next attempt reads the enrolment \
                  first and writes only if that is needed.",
    who_acts: Actor::Nobody,
    resolution: &["Wait: the next attempt finds out by itself."],
    safe_to_retry: true,
    releases_itself: true,
    http_status: None,
};
