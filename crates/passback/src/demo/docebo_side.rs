//! Docebo's side of the day: what the simulator was told, against what was promised.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use passback_simulator::{Effect, Enrollment, Simulator, World};
use serde_json::Value;

use super::tracked::{HandIn, Tracked};

/// What was found on Docebo's side.
#[derive(Debug, Default)]
pub(crate) struct DoceboSide {
    /// Delivered results whose write was found, once.
    pub(crate) found: usize,
    /// Results that are said to be delivered.
    pub(crate) delivered: usize,
    /// What does not fit.
    pub(crate) differences: Vec<String>,
}

/// Compares every result with the writes that took effect and the enrolment as it is now.
pub(crate) fn compare(tracked: &Tracked, simulator: &Simulator, world: &World) -> DoceboSide {
    let mut side = DoceboSide::default();
    for hand_in in first_hand_ins(tracked) {
        let id = hand_in.result_id();
        let Some(journey) = tracked.journeys.get(id) else {
            continue;
        };
        let wrote = match journey.state.as_str() {
            "delivered" | "confirmed" | "verified" => 1..=1,
            // Nothing had to be written, or a write whose answer was lost had done it.
            "no_op" => 0..=1,
            _ => 0..=0,
        };
        let counted = writes(hand_in, &journey.view, simulator, world);
        let told = *wrote.start() == 1;
        side.delivered += usize::from(told);
        if !wrote.contains(&counted.writes) {
            side.differences.push(format!(
                "{id} is {}, but Docebo was told {} times",
                journey.state, counted.writes
            ));
        } else if told && !counted.stands {
            side.differences.push(format!(
                "{id} is {}, but its pass does not stand in Docebo",
                journey.state
            ));
        } else {
            side.found += usize::from(told);
        }
    }
    side
}

/// Each result once, however often it was handed in.
fn first_hand_ins(tracked: &Tracked) -> impl Iterator<Item = &HandIn> {
    tracked
        .hand_ins
        .iter()
        .filter(|hand_in| hand_in.has_end() && hand_in.verdict["status"] == "accepted")
}

struct Counted {
    writes: usize,
    /// Whether a pass is still what the enrolment says.
    stands: bool,
}

fn writes(hand_in: &HandIn, view: &Value, simulator: &Simulator, world: &World) -> Counted {
    let none = Counted {
        writes: 0,
        stands: false,
    };
    let connector = view["connector"].as_str().unwrap_or_default();
    let course_id = view["course_id"].as_u64().unwrap_or_default();
    let Some(user_id) = user_id(world, connector, &hand_in.result) else {
        return none;
    };
    let Some(tenant) = simulator.tenant(connector) else {
        return none;
    };
    let passed = hand_in.result["outcome"] == "passed";
    let wanted = Wanted {
        status: if passed {
            Enrollment::COMPLETED
        } else {
            Enrollment::IN_PROGRESS
        },
        score: hand_in.result["score_percent"].as_f64(),
        date_complete: if passed { docebo_date(&hand_in.result) } else { None },
    };
    let ours = |effect: &&Effect| (effect.course_id, effect.user_id) == (course_id, user_id);
    let effects = tenant.effects();
    let writes = effects
        .iter()
        .filter(ours)
        .filter(|effect| wanted.is(&effect.after))
        .count();
    let stands = !passed || tenant.enrollment(course_id, user_id).is_some_and(|now| wanted.is(&now));
    Counted { writes, stands }
}

/// An enrolment as a result wants it.
struct Wanted {
    status: i8,
    score: Option<f64>,
    date_complete: Option<String>,
}

impl Wanted {
    fn is(&self, enrollment: &Enrollment) -> bool {
        enrollment.status == self.status
            && enrollment.score == self.score
            && (self.date_complete.is_none() || enrollment.date_complete == self.date_complete)
    }
}

fn user_id(world: &World, tenant: &str, result: &Value) -> Option<u64> {
    let email = result["email"].as_str()?;
    let tenant = world.tenants.iter().find(|candidate| candidate.name == tenant)?;
    let mut users = tenant
        .users
        .iter()
        .filter(|user| user.email.eq_ignore_ascii_case(email));
    // Of twins nobody knows whom a result means.
    users.next().filter(|_| users.next().is_none()).map(|user| user.id)
}

fn docebo_date(result: &Value) -> Option<String> {
    let at: Timestamp = result["completed_at"].as_str()?.parse().ok()?;
    Some(at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string())
}
