//! Dead letters by cause and connector: how many, since when, who acts, and how they are put right.

use std::{collections::BTreeMap, str::FromStr};

use axum::{Json, extract::State as Shared};
use passback_producer::{Actor, Code};
use passback_queue::JobRecord;
use serde::{Deserialize, Serialize};

use crate::{
    auth::Identity,
    dead_letters_filter::{FILTERS, ReadyFilter},
    dead_letters_walk::{Walk, permit},
    openapi::query,
    parameters::Parameters,
    problem::Problem,
    state::App,
    time::rfc3339,
};

/// The most dead letters that one request looks at.
pub(crate) const MAX_LOOKED_AT: usize = 200_000;
/// The most groups that one answer shows: those with the most dead letters.
const MAX_GROUPS: usize = 1_000;

/// Dead letters of one cause and connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Group {
    code: Option<String>,
    connector: String,
    count: u64,
    oldest_ms: u64,
    newest_ms: u64,
}

/// The same as it is shown, with the catalogue's words.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct GroupView {
    code: Option<String>,
    connector: String,
    count: u64,
    /// When the first of them died.
    oldest: String,
    /// When the last of them died.
    newest: String,
    title: Option<&'static str>,
    who_acts: Option<Actor>,
    resolution: &'static [&'static str],
    /// Whether they may be run again without harm, the cause being gone or not.
    safe_to_retry: Option<bool>,
}

/// All groups, the largest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Groups {
    items: Vec<GroupView>,
    /// Dead letters in all of them.
    count: u64,
    /// Whether every dead letter was looked at and every group is shown.
    complete: bool,
}

/// Groups while dead letters are still being looked at.
#[derive(Debug, Default)]
pub(crate) struct Tally(BTreeMap<(Option<String>, String), Group>);

impl Tally {
    pub(crate) fn add(&mut self, job: &JobRecord) {
        let key = (job.code.clone(), job.connector.clone());
        let group = self.0.entry(key).or_insert_with(|| Group {
            code: job.code.clone(),
            connector: job.connector.clone(),
            count: 0,
            oldest_ms: job.since_ms,
            newest_ms: job.since_ms,
        });
        group.count += 1;
        group.oldest_ms = group.oldest_ms.min(job.since_ms);
        group.newest_ms = group.newest_ms.max(job.since_ms);
    }

    /// The groups, the largest first.
    pub(crate) fn groups(self) -> Vec<Group> {
        let mut groups: Vec<Group> = self.0.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        // A code of a newer version has no entry here; its group is shown all the same.
        let code = group.code.as_deref().and_then(|code| Code::from_str(code).ok());
        let entry = code.map(Code::entry);
        Self {
            title: entry.as_ref().map(|entry| entry.title),
            who_acts: entry.as_ref().map(|entry| entry.who_acts),
            resolution: entry.as_ref().map_or(&[], |entry| entry.resolution),
            safe_to_retry: entry.as_ref().map(|entry| entry.safe_to_retry),
            code: group.code,
            connector: group.connector,
            count: group.count,
            oldest: rfc3339(group.oldest_ms),
            newest: rfc3339(group.newest_ms),
        }
    }
}

/// `GET /v1/dead-letters/groups[?connector=&lane=&code=&older_than=]`
#[utoipa::path(
    get,
    path = "/v1/dead-letters/groups",
    operation_id = "groupDeadLetters",
    tag = "dead letters",
    summary = "Dead letters by cause and connector",
    description = "The largest group first, with the words that say who acts and how. Looks at 200,000 dead letters at most; complete says whether that were all.",
    params(query::DeadLettersFilter),
    responses((status = 200, description = "The groups.", body = Groups)),
    extensions(("x-passback-codes" = json!(["too_busy"]))),
)]
pub(crate) async fn list(
    Shared(app): Shared<App>,
    identity: Identity,
    parameters: Parameters,
) -> Result<Json<Groups>, Problem> {
    let parameters = parameters.only(&FILTERS)?;
    let filter = ReadyFilter::of(&parameters)?;
    let _permit = permit(&app, &identity)?;
    let mut walk = Walk::begin(app.queue(), filter, MAX_LOOKED_AT).await?;
    let mut tally = Tally::default();
    while let Some(jobs) = walk.next().await? {
        for job in &jobs {
            tally.add(job);
        }
    }
    let mut groups = tally.groups();
    let count = groups.iter().map(|group| group.count).sum();
    let complete = walk.is_whole() && groups.len() <= MAX_GROUPS;
    groups.truncate(MAX_GROUPS);
    Ok(Json(Groups {
        items: groups.into_iter().map(GroupView::from).collect(),
        count,
        complete,
    }))
}
