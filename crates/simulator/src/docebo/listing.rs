//! Docebo's lists: one page of items and what there is besides.

use serde::Serialize;

const MAX_PAGE_SIZE: usize = 200;

/// One page on the wire.
#[derive(Serialize)]
pub(super) struct Listing<T> {
    items: Vec<T>,
    count: usize,
    has_more_data: bool,
    cursor: Option<String>,
    current_page: usize,
    current_page_size: usize,
    total_page_count: usize,
    total_count: usize,
    sort: [Sort; 1],
}

#[derive(Serialize)]
struct Sort {
    sort_attr: &'static str,
    sort_dir: &'static str,
}

/// The page that a request asks for.
#[derive(Clone, Copy)]
pub(super) struct Page {
    number: usize,
    pub(super) size: usize,
}

impl Page {
    pub(super) fn of(number: Option<usize>, size: Option<usize>) -> Self {
        Self {
            // Some clients send page 0, and it works.
            number: number.unwrap_or(1).max(1),
            size: size.unwrap_or(MAX_PAGE_SIZE).clamp(1, MAX_PAGE_SIZE),
        }
    }

    /// How many items stand on the pages before.
    pub(super) fn skip(self) -> usize {
        (self.number - 1).saturating_mul(self.size)
    }
}

impl<T> Listing<T> {
    /// Wraps the items of one page, which are sorted by this field.
    pub(super) fn new(items: Vec<T>, total: usize, page: Page, sorted_by: &'static str) -> Self {
        let count = items.len();
        Self {
            count,
            has_more_data: page.skip().saturating_add(count) < total && count > 0,
            cursor: None,
            current_page: page.number,
            current_page_size: page.size,
            total_page_count: total.div_ceil(page.size),
            total_count: total,
            sort: [Sort {
                sort_attr: sorted_by,
                sort_dir: "asc",
            }],
            items,
        }
    }
}
