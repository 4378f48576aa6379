//! What every page has.

use maud::{DOCTYPE, Markup, html};

/// Where the pages are.
pub(super) const HOME: &str = "/reference";
pub(super) const ERRORS: &str = "/reference/errors";
pub(super) const STYLE: &str = "/reference/style.css";

/// A whole page.
pub(super) fn page(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href=(STYLE);
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    nav aria-label="Pages" {
                        a href=(HOME) { "Calls" }
                        a href=(ERRORS) { "Messages" }
                        a href="/openapi.json" { "openapi.json" }
                    }
                }
                main #content { (body) }
                footer.quiet { "passback " (env!("CARGO_PKG_VERSION")) }
            }
        }
    };
    page.into_string()
}
