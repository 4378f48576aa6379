//! What is said after the day: counts, what is stuck, what differs, where to look.

use std::collections::BTreeMap;

use passback_simulator::{Counts, Simulator};

use super::day::Played;
use super::docebo_side::DoceboSide;
use super::tracked::Tracked;
use crate::exit::Failure;
use crate::output::{self, field, table};
use crate::stack::Stack;

/// Prints the day by outcome, then what is dead or parked, then Docebo's side.
pub(crate) fn print_report(played: &Played, side: &DoceboSide, simulator: &Simulator) -> Result<(), Failure> {
    output::line(&format!("\nthe exam day took {:.1} s\n", played.took.as_secs_f64()))?;
    output::line(&table(
        &["EVENT", "OUTCOME", "CODE", "COUNT"],
        outcomes(&played.tracked),
    ))?;
    let stuck = stuck(&played.tracked);
    if !stuck.is_empty() {
        output::line("\ndead and parked:\n")?;
        output::line(&table(
            &["RESULT", "CONNECTOR", "STATE", "CODE", "TITLE", "WHO ACTS", "JOB"],
            stuck,
        ))?;
    }
    output::line("\nDocebo's side:\n")?;
    let headings = ["TENANT", "REQUESTS", "WRITES", "401", "429", "503", "CUT"];
    output::line(&table(
        &headings,
        simulator.tenant_names().iter().map(|name| tenant_row(simulator, name)),
    ))?;
    output::line(&format!(
        "\n{} of {} delivered results are in Docebo, each written once",
        side.found, side.delivered
    ))
}

fn tenant_row(simulator: &Simulator, name: &str) -> Vec<String> {
    let counts: Counts = simulator.tenant(name).map(|tenant| tenant.counts()).unwrap_or_default();
    let answered = |status: u16| counts.by_status.get(&status).copied().unwrap_or_default().to_string();
    vec![
        name.to_owned(),
        counts.requests.to_string(),
        counts.effects.to_string(),
        answered(401),
        answered(429),
        answered(503),
        counts.cut.to_string(),
    ]
}

fn outcomes(tracked: &Tracked) -> Vec<Vec<String>> {
    let mut counted: BTreeMap<(&str, String, String), usize> = BTreeMap::new();
    for check in &tracked.checks {
        let (answer, code) = match &check.answer {
            Ok(answer) if answer["answer"] == "eligible" => (field(answer, "answer"), "-".to_owned()),
            Ok(answer) => (field(answer, "answer"), field(answer, "code")),
            Err(_) => ("no answer".to_owned(), "-".to_owned()),
        };
        *counted.entry(("check", answer, code)).or_default() += 1;
    }
    for journey in tracked.journeys.values() {
        let code = journey.code.clone().unwrap_or_else(|| "-".to_owned());
        *counted.entry(("result", journey.state.clone(), code)).or_default() += 1;
    }
    for hand_in in tracked
        .hand_ins
        .iter()
        .filter(|hand_in| hand_in.verdict["status"] != "accepted")
    {
        let key = (
            "hand-in",
            field(&hand_in.verdict, "status"),
            field(&hand_in.verdict, "code"),
        );
        *counted.entry(key).or_default() += 1;
    }
    counted
        .into_iter()
        .map(|((event, outcome, code), count)| vec![event.to_owned(), outcome, code, count.to_string()])
        .collect()
}

fn stuck(tracked: &Tracked) -> Vec<Vec<String>> {
    let stuck = tracked
        .journeys
        .iter()
        .filter(|(_, journey)| ["dead", "parked"].contains(&journey.state.as_str()));
    let columns = ["connector", "state", "code", "title", "who_acts", "job_id"];
    stuck
        .map(|(id, journey)| {
            let fields = columns.iter().map(|name| field(&journey.view, name));
            std::iter::once(id.clone()).chain(fields).collect()
        })
        .collect()
}

/// Everything that is not as the script says; empty if the day went as written.
pub(crate) fn differences(played: &Played, side: &DoceboSide) -> Vec<String> {
    let tracked = &played.tracked;
    let mut found = tracked.mishaps.clone();
    for check in tracked.checks.iter().filter(|check| !check.as_expected()) {
        let got = match &check.answer {
            Ok(answer) => format!("{} {}", field(answer, "answer"), field(answer, "code")),
            Err(why) => why.clone(),
        };
        let wanted = format!(
            "{} {}",
            check.expected.answer,
            check.expected.code.as_deref().unwrap_or("-")
        );
        found.push(format!(
            "check of {} in {}: {got}, expected {wanted}",
            check.check.email, check.check.exam_id
        ));
    }
    for hand_in in &tracked.hand_ins {
        let id = hand_in.result_id();
        if !hand_in.receipt_as_expected() {
            let got = format!(
                "{} {}",
                field(&hand_in.verdict, "status"),
                field(&hand_in.verdict, "code")
            );
            found.push(format!(
                "hand-in of {id}: {got}, expected {}",
                hand_in.expected.receipt.as_str()
            ));
        }
        if !tracked.ended_as_expected(hand_in) {
            let journey = tracked.journeys.get(id);
            let got = journey.map(|journey| format!("{} {}", journey.state, journey.code.as_deref().unwrap_or("-")));
            let wanted = hand_in.expected.state.as_deref().unwrap_or("-");
            let code = hand_in.expected.code.as_deref().unwrap_or("-");
            found.push(format!(
                "result {id}: {}, expected {wanted} {code}",
                got.as_deref().unwrap_or("unknown")
            ));
        }
    }
    found.extend(side.differences.iter().cloned());
    if played.out_of_time {
        found.push("the time limit came before the end".to_owned());
    }
    found
}

/// Says how to look at what the day has left.
pub(crate) fn say_how_to_look_further(stack: &Stack) -> Result<(), Failure> {
    let lines = [
        "to look further, in another terminal:\n".to_owned(),
        format!(
            "  export PASSBACK_API_URL={} PASSBACK_API_TOKEN={}",
            stack.api_url(),
            stack.admin_token()
        ),
        "  passback dead list".to_owned(),
        "  passback dead show JOB".to_owned(),
        "  passback job list --state parked".to_owned(),
        "  passback connector list".to_owned(),
        "  passback audit list".to_owned(),
        "  passback check --exam forklift-01 --email twin@acme.example".to_owned(),
        "\nCtrl-C ends the demo.".to_owned(),
    ];
    output::line(&format!("\n{}", lines.join("\n")))
}
