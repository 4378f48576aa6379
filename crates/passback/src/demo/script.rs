//! The script of an exam day: one event per line, with how it is to end.

use std::path::Path;

use passback_simulator::World;

use super::event::{Event, Line, What};
use crate::exit::Failure;
use crate::stack::ExamOf;

/// The day that is played without being told another.
const EXAM_DAY: &str = include_str!("../../examples/exam-day.ndjson");
/// The simulated Docebo platforms of that day.
pub(crate) const EXAM_DAY_WORLD: &str = include_str!("../../examples/exam-day-world.toml");

/// The most events of a day.
const MAX_EVENTS: usize = 10_000;

/// A day, in the order of its events.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) events: Vec<Event>,
}

impl Script {
    /// Reads a script; an error names the line.
    pub(crate) fn parse(text: &str, name: &str) -> Result<Self, Failure> {
        let mut events: Vec<Event> = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let read = serde_json::from_str::<Line>(line)
                .map_err(|error| error.to_string())
                .and_then(Line::event);
            let event = read.map_err(|wrong| {
                Failure::refused(format!("{name}, line {}: {wrong}", index + 1))
                    .fix("see crates/passback/examples/exam-day.ndjson for how a line looks")
            })?;
            events.push(event);
        }
        if events.is_empty() || events.len() > MAX_EVENTS {
            return Err(Failure::refused(format!("{name} has {} events", events.len()))
                .fix(format!("write 1 to {MAX_EVENTS} events, one per line")));
        }
        events.sort_by_key(|event| event.at_ms);
        Ok(Self { events })
    }

    /// The script of a file, or the one in the program.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = file else {
            return Self::parse(EXAM_DAY, "exam-day.ndjson");
        };
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::refused(format!("the script {} cannot be read: {error}", path.display()))
                .fix("give a readable file to --file")
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// How many checks and results there are.
    pub(crate) fn outcomes(&self) -> usize {
        let has_outcome = |event: &&Event| matches!(event.what, What::Check(..) | What::Result(..));
        self.events.iter().filter(has_outcome).count()
    }
}

/// The exams of a world: a course's code is its exam's id.
pub(crate) fn exams_of(world: &World) -> Vec<ExamOf> {
    let courses = world
        .tenants
        .iter()
        .flat_map(|tenant| tenant.courses.iter().map(move |course| (tenant, course)));
    let coded = courses.filter(|(_, course)| !course.code.is_empty());
    coded
        .map(|(tenant, course)| ExamOf {
            exam: course.code.clone(),
            tenant: tenant.name.clone(),
            course_id: course.id,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::event::{Operation, Receipt, ResultExpectation};
    use super::*;

    fn day() -> Script {
        Script::parse(EXAM_DAY, "exam-day.ndjson").unwrap()
    }

    fn world() -> World {
        World::from_toml(EXAM_DAY_WORLD).unwrap()
    }

    fn expectations() -> BTreeMap<String, ResultExpectation> {
        let results = day().events.into_iter().filter_map(|event| match event.what {
            What::Result(result, expectation) => Some((result["result_id"].as_str()?.to_owned(), expectation)),
            What::Check(..) | What::Docebo(_) | What::Operator(_) => None,
        });
        results
            .filter(|(_, expectation)| expectation.receipt == Receipt::Accepted)
            .collect()
    }

    #[test]
    fn the_exam_day_is_about_two_hundred_events_in_order() {
        let day = day();
        assert!((190..=230).contains(&day.events.len()), "{}", day.events.len());
        assert!(EXAM_DAY.lines().count() == day.events.len());
        let written: Vec<Line> = EXAM_DAY
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let times: Vec<u64> = written.into_iter().map(|line| line.event().unwrap().at_ms).collect();
        assert!(times.is_sorted());
        assert!(times.last().is_some_and(|last| *last < 30_000));
    }

    #[test]
    fn every_special_case_of_the_day_is_expected_to_end_its_own_way() {
        let expected: BTreeMap<String, (Option<String>, Option<String>)> = expectations()
            .into_iter()
            .map(|(id, expectation)| (id, (expectation.state, expectation.code)))
            .collect();
        let case = |id: &str| {
            let (state, code) = &expected[id];
            (state.as_deref().unwrap_or_default(), code.as_deref())
        };
        assert_eq!(case("r-acme-unknown"), ("parked", Some("user_not_found")));
        assert_eq!(case("r-acme-twin"), ("parked", Some("user_ambiguous")));
        assert_eq!(case("r-acme-outside"), ("parked", Some("enrollment_not_found")));
        assert_eq!(case("r-acme-late-fail"), ("superseded", None));
        assert_eq!(case("r-acme-rejected"), ("dead", Some("rejected")));
        assert_eq!(case("r-borealis-001"), ("delivered", None));
    }

    #[test]
    fn everything_that_the_day_names_is_in_its_world() {
        let world = world();
        let tenants: BTreeSet<&str> = world.tenants.iter().map(|tenant| tenant.name.as_str()).collect();
        assert_eq!(tenants, BTreeSet::from(["acme", "borealis", "cargo-line"]));
        let exams: BTreeSet<String> = exams_of(&world).into_iter().map(|exam| exam.exam).collect();
        for event in day().events {
            match event.what {
                What::Check(check, _) => assert!(exams.contains(&check.exam_id), "{}", check.exam_id),
                What::Result(result, expectation) => {
                    let known = exams.contains(result["exam_id"].as_str().unwrap());
                    assert!(known || expectation.receipt == Receipt::Refused, "{result}");
                }
                What::Docebo(change) => assert!(tenants.contains(change.tenant.as_str())),
                What::Operator(Operation::Validate(tenant)) => assert!(tenants.contains(tenant.as_str())),
                What::Operator(Operation::Redrive(result)) => assert!(expectations().contains_key(&result)),
            }
        }
    }

    #[test]
    fn a_line_that_says_nothing_to_expect_is_named() {
        let text = "{\"at_ms\":1,\"check\":{\"exam_id\":\"x\",\"email\":\"y\"}}";
        let said = Script::parse(text, "day").unwrap_err().to_string();
        assert!(
            said.contains("day, line 1: the line does not say what to expect"),
            "{said}"
        );
    }

    #[test]
    fn an_unknown_field_is_named() {
        let said = Script::parse("{\"at_ms\":1,\"chekc\":{}}", "day")
            .unwrap_err()
            .to_string();
        assert!(said.contains("chekc"), "{said}");
    }
}
