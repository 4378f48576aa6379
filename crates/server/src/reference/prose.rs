//! The few marks of Markdown that descriptions use: paragraphs, lists, `code` and **weight**.

use maud::{Markup, html};

/// A text of several paragraphs.
pub(super) fn prose(text: &str) -> Markup {
    let blocks = text.split("\n\n").map(str::trim).filter(|block| !block.is_empty());
    html! {
        @for block in blocks {
            @if block.starts_with("- ") {
                ul { @for item in block.lines() { li { (line(item.trim_start_matches("- "))) } } }
            } @else {
                p { (line(block)) }
            }
        }
    }
}

/// A text of one paragraph.
pub(super) fn line(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (weighted(part)) }
        }
    }
}

fn weighted(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split("**").enumerate() {
            @if index % 2 == 1 { strong { (part) } } @else { (part) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_elements_and_everything_else_is_escaped() {
        let shown = prose("Send `a<b`, **now**.\n\n- one\n- two & three").into_string();
        let expected =
            "<p>Send <code>a&lt;b</code>, <strong>now</strong>.</p><ul><li>one</li><li>two &amp; three</li></ul>";
        assert_eq!(shown, expected);
    }
}
