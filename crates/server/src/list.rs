//! The form of every list.

use serde::Serialize;

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
