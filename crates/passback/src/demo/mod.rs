//! An exam day, played through the whole stack and compared with its script.

mod day;
mod docebo_side;
mod event;
mod narrator;
mod report;
mod script;
mod tracked;

pub(crate) use day::Day;
pub(crate) use docebo_side::compare;
pub(crate) use report::{differences, print_report, say_how_to_look_further};
pub(crate) use script::{EXAM_DAY_WORLD, Script, exams_of};
