//! The page of messages for people is the catalogue, no more and no less.

use passback_producer::{Code, reference_page};

#[test]
fn the_page_in_the_repository_is_the_catalogue() {
    let kept = include_str!("../../../../docs/messages.md");
    assert!(
        kept == reference_page(),
        "docs/messages.md is not the catalogue; make it anew: cargo run -p passback -- explain --markdown > docs/messages.md"
    );
}

#[test]
fn every_code_has_its_section_with_all_that_the_catalogue_says() {
    let page = reference_page();
    for code in Code::ALL {
        let entry = code.entry();
        let (_, after) = page.split_once(&format!("\n### {code}\n")).unwrap();
        let section = after.split("\n### ").next().unwrap();
        for text in [entry.title, entry.explanation, entry.who_acts.title()] {
            assert!(section.contains(text), "{code}: {text}");
        }
        for step in entry.resolution {
            assert!(section.contains(step), "{code}: {step}");
        }
        assert!(page.contains(&format!("(#{code})")), "{code} is not in a table");
    }
}

#[test]
fn no_text_breaks_the_page() {
    for code in Code::ALL {
        let entry = code.entry();
        let all = entry.resolution.iter().chain([&entry.title, &entry.explanation]);
        for text in all {
            let tag = |(_, after): (&str, &str)| after.starts_with(char::is_alphabetic);
            assert!(!text.split_once('<').is_some_and(tag), "{code}: {text}");
            assert!(!text.contains(['|', '\n']), "{code}: {text}");
        }
    }
}
