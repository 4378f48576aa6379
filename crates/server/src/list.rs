//! The form of every list.

use std::{fmt::Display, str::FromStr};

use serde::Serialize;

use crate::{
    parameters::Parameters,
    problem::{Fault, Problem},
};

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct List<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

impl<T> List<T> {
    /// A page, and where the next one begins.
    pub(crate) fn page(items: Vec<T>, next_cursor: Option<String>) -> Self {
        Self { items, next_cursor }
    }

    /// A list that fits on one page.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self::page(items, None)
    }
}

/// The id after which a page begins.
pub(crate) fn id_cursor<I: FromStr>(parameters: &Parameters) -> Result<Option<I>, Problem> {
    let cursor = parameters.text("cursor").map(str::parse).transpose();
    cursor.map_err(|_| {
        let fix = "use the next_cursor of the page before";
        Problem::invalid(vec![Fault::of_parameter("cursor", "not a cursor of this list", fix)])
    })
}

/// The page behind an id of entries that are sorted by theirs, and where the next one begins.
pub(crate) fn page_by_id<T, I: Ord + Display>(
    mut entries: Vec<T>,
    after: Option<&I>,
    limit: usize,
    id: impl Fn(&T) -> &I,
) -> (Vec<T>, Option<String>) {
    let start = after.map_or(0, |after| entries.partition_point(|entry| id(entry) <= after));
    let mut page = entries.split_off(start);
    let more = page.len() > limit;
    page.truncate(limit);
    let next = page.last().filter(|_| more).map(|entry| id(entry).to_string());
    (page, next)
}
