//! `GET /manage/v1/user`.

use axum::body::Body;
use axum::extract::Query;
use axum::http::{Response, Uri};
use serde::{Deserialize, Serialize};

use crate::docebo::wire;
use crate::state::Platform;
use crate::world::User;

const MAX_PAGE_SIZE: usize = 200;

#[derive(Deserialize)]
struct SearchQuery {
    #[serde(default)]
    search_text: String,
    page: Option<usize>,
    page_size: Option<usize>,
}

#[derive(Serialize)]
struct Listing {
    items: Vec<Item>,
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

/// A user on the wire: id and status are strings there.
#[derive(Serialize)]
struct Item {
    user_id: String,
    username: String,
    first_name: String,
    last_name: String,
    email: String,
    status: &'static str,
    level: &'static str,
    expired: bool,
    expiration_date: Option<String>,
    last_access_date: Option<String>,
    creation_date: &'static str,
}

impl From<User> for Item {
    fn from(user: User) -> Self {
        let username = if user.username.is_empty() {
            user.email.clone()
        } else {
            user.username
        };
        Self {
            user_id: user.id.to_string(),
            username,
            first_name: user.first_name,
            last_name: user.last_name,
            email: user.email,
            status: if user.active { "1" } else { "0" },
            level: "user",
            expired: false,
            expiration_date: None,
            last_access_date: None,
            creation_date: "2025-01-01 08:00:00",
        }
    }
}

/// Answers one page of the users whose names or e-mail contain the text.
pub(super) fn search(platform: &Platform, uri: &Uri) -> Response<Body> {
    let Ok(Query(query)) = Query::<SearchQuery>::try_from_uri(uri) else {
        return wire::bad_request("page and page_size must be numbers.");
    };
    // Some clients send page 0, and it works.
    let page = query.page.unwrap_or(1).max(1);
    let size = query.page_size.unwrap_or(MAX_PAGE_SIZE).clamp(1, MAX_PAGE_SIZE);
    let skip = (page - 1).saturating_mul(size);
    let found = platform.state().search(&query.search_text, skip, size);
    wire::success(Listing {
        count: found.users.len(),
        has_more_data: skip.saturating_add(found.users.len()) < found.total && !found.users.is_empty(),
        cursor: None,
        current_page: page,
        current_page_size: size,
        total_page_count: found.total.div_ceil(size),
        total_count: found.total,
        sort: [Sort {
            sort_attr: "user_id",
            sort_dir: "asc",
        }],
        items: found.users.into_iter().map(Item::from).collect(),
    })
}
