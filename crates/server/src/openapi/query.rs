//! The query parameters of the calls, as the description shows them. Reading them is [`crate::parameters`]' business.
#![expect(dead_code, reason = "only their description matters")]

use passback_producer::Code;
use passback_queue::{Lane, State};
use utoipa::IntoParams;

/// Staying on the line.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wait {
    /// How long to stay on the line for the answer: up to 30 s, as `8s`, `500ms` or `8`.
    #[param(
        pattern = "^(0{0,9}([0-9]|[12][0-9]|30)s?|0{0,9}([0-9]{1,4}|[12][0-9]{4}|30000)ms)$",
        example = "8s"
    )]
    wait: Option<String>,
}

/// Trying without doing.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DryRun {
    /// Whether only to say what would happen.
    #[param(default = false)]
    dry_run: Option<bool>,
}

/// How a connector is stored.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StoreConnector {
    /// Whether to try the credentials before anything is stored.
    #[param(default = true)]
    validate: Option<bool>,
    /// Whether only to say what would happen.
    #[param(default = false)]
    dry_run: Option<bool>,
}

/// Why something is removed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Reason {
    /// Why, in 1 to 500 characters; it stands in the audit trail.
    #[param(min_length = 1, max_length = 500, example = "the contract has ended")]
    reason: String,
}

/// Which results, and which page of them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OpenResults {
    /// Must be true: only results that are not at their end are listed.
    open: bool,
    /// Only those open for at least so long, up to 400 days: `90s`, `15m`, `24h` or `7d`. Not together with overdue.
    #[param(example = "24h")]
    older_than: Option<String>,
    /// Only those open for longer than they should be.
    #[param(default = false)]
    overdue: Option<bool>,
    /// How many on a page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next_cursor` of the page before.
    #[param(pattern = "^[0-9]{1,19}-.+$")]
    cursor: Option<String>,
}

/// Which events.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Feed {
    /// The cursor to read on behind, or `latest` for what comes from now on; without it, from the oldest that is kept.
    #[param(pattern = "^(latest|[0-9]{1,19}-[0-9]{1,19})$", example = "latest")]
    after: Option<String>,
    /// How many on a page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// How long to stay on the line while there is nothing new: up to 30 s, as `8s`, `500ms` or `8`.
    #[param(
        pattern = "^(0{0,9}([0-9]|[12][0-9]|30)s?|0{0,9}([0-9]{1,4}|[12][0-9]{4}|30000)ms)$",
        example = "8s"
    )]
    wait: Option<String>,
}

/// Which jobs, and which page of them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Jobs {
    /// Only jobs in this state.
    state: Option<State>,
    /// Only jobs of this connector.
    connector: Option<String>,
    /// Only jobs of this lane.
    lane: Option<Lane>,
    /// Only jobs with this code.
    code: Option<Code>,
    /// How many on a page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next_cursor` of the page before.
    #[param(pattern = "^([0-9]{1,9}-[0-9]{1,19}|[0-9]{1,15}-[0-7][0-9A-HJKMNP-TV-Z]{25})$")]
    cursor: Option<String>,
}

/// Which dead letters, and which page of them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeadLetters {
    /// Only jobs of this connector.
    connector: Option<String>,
    /// Only jobs of this lane.
    lane: Option<Lane>,
    /// Only jobs with this code.
    code: Option<Code>,
    /// How many on a page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next_cursor` of the page before.
    #[param(pattern = "^[0-9]{1,15}-[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    cursor: Option<String>,
}

/// Which page of the connectors.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Connectors {
    /// How many on a page; at most 200 are given.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next_cursor` of the page before: the id of a connector.
    #[param(pattern = "^[a-z0-9][a-z0-9_-]{0,62}$")]
    cursor: Option<String>,
}

/// Which page of the audit trail.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Audit {
    /// How many on a page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next_cursor` of the page before.
    #[param(pattern = "^[0-9]{1,19}-[0-9]{1,19}$")]
    cursor: Option<String>,
    /// Whether to give the last entries, newest first, and no cursor.
    #[param(default = false)]
    recent: Option<bool>,
}

/// Which slice of all jobs.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Slice {
    /// The `next_cursor` of the slice before.
    #[param(pattern = "^[0-9]{1,19}$")]
    cursor: Option<String>,
}

/// Which dead letters.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeadLettersFilter {
    /// Only jobs of this connector.
    connector: Option<String>,
    /// Only jobs of this lane.
    lane: Option<Lane>,
    /// Only jobs with this code.
    code: Option<Code>,
    /// Only those that died at least so long ago: `90s`, `15m`, `24h` or `7d`.
    #[param(example = "24h")]
    older_than: Option<String>,
}

/// Which dead letters an export has, and where it begins.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeadLettersExport {
    /// The `cursor` of the last whole line of an export that was cut off: it goes on behind it.
    #[param(pattern = "^[0-9]{1,15}-[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    after: Option<String>,
}

/// Which page of the tokens.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Tokens {
    /// How many on a page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// The `next_cursor` of the page before: the id of a token.
    #[param(pattern = "^[0-9a-f]{16}$")]
    cursor: Option<String>,
}

/// Which events of Docebo, and which page of them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DoceboEvents {
    /// Only events of these names, or of names that begin so, with commas between them.
    #[param(
        pattern = "^[A-Za-z0-9._-]{1,99}[*]?(,[A-Za-z0-9._-]{1,99}[*]?){0,70}$",
        example = "course.*,user.created"
    )]
    event: Option<String>,
    /// Only those of this connector.
    #[param(pattern = "^[a-z0-9][a-z0-9_-]{0,62}$")]
    connector: Option<String>,
    /// The cursor to read on behind, or `latest` for what comes from now on; without it, from the oldest that is kept.
    #[param(pattern = "^(latest|[0-9]{1,19}-[0-9]{1,19})$", example = "latest")]
    after: Option<String>,
    /// How many on a page.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<u16>,
    /// How long to stay on the line while there is nothing new: up to 30 s, as `8s`, `500ms` or `8`.
    #[param(
        pattern = "^(0{0,9}([0-9]|[12][0-9]|30)s?|0{0,9}([0-9]{1,4}|[12][0-9]{4}|30000)ms)$",
        example = "8s"
    )]
    wait: Option<String>,
    /// Whether people are shown; needs the role operator.
    #[param(default = false)]
    reveal: Option<bool>,
    /// From the newest to the oldest; not together with wait or `after=latest`.
    #[param(default = false)]
    newest_first: Option<bool>,
}

/// Whether people are shown.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Reveal {
    /// Whether people are shown; needs the role operator.
    #[param(default = false)]
    reveal: Option<bool>,
}
