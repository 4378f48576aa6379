//! `GET /manage/v1/user`.

use axum::body::Body;
use axum::extract::Query;
use axum::http::{Response, Uri};
use serde::{Deserialize, Serialize};

use crate::docebo::listing::{Listing, Page};
use crate::docebo::wire;
use crate::state::Platform;
use crate::world::User;

#[derive(Deserialize)]
struct SearchQuery {
    #[serde(default)]
    search_text: String,
    page: Option<usize>,
    page_size: Option<usize>,
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
    let page = Page::of(query.page, query.page_size);
    let found = platform.state().search(&query.search_text, page.skip(), page.size);
    let items: Vec<Item> = found.users.into_iter().map(Item::from).collect();
    wire::success(Listing::new(items, found.total, page, "user_id"))
}
