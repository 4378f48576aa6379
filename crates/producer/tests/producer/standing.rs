//! The stale guard, by its properties.

use jiff::Timestamp;
use passback_producer::{Outcome, Standing, Version, standing};
use passback_registry::VersionPolicy;
use proptest::{prelude::*, sample::select};
use rstest::rstest;

const PASSED: Outcome = Outcome::Passed;
const FAILED: Outcome = Outcome::Failed;

fn version(result_id: &str, outcome: Outcome, score: f64, second: i64, sequence: Option<u64>) -> Version {
    Version {
        result_id: result_id.to_owned(),
        outcome,
        score_percent: Some(score),
        completed_at: Timestamp::from_second(1_700_000_000 + second).unwrap(),
        sequence,
        fingerprint: format!("{outcome}/{score}/{second}/{sequence:?}"),
    }
}

/// Who is in force after these have arrived in this order.
fn last_standing(policy: VersionPolicy, arrivals: &[Version]) -> Option<Version> {
    let mut in_force: Option<Version> = None;
    for candidate in arrivals {
        if standing(policy, candidate, in_force.as_ref()) == Standing::InForce {
            in_force = Some(candidate.clone());
        }
    }
    in_force
}

#[rstest]
#[case::a_fail_after_a_pass(VersionPolicy::PassSticky, (FAILED, 40.0, 9), (PASSED, 80.0, 1), false)]
#[case::a_late_pass_after_a_fail(VersionPolicy::PassSticky, (PASSED, 80.0, 1), (FAILED, 40.0, 9), true)]
#[case::a_newer_pass_after_a_pass(VersionPolicy::PassSticky, (PASSED, 70.0, 9), (PASSED, 80.0, 1), true)]
#[case::an_older_fail_after_a_fail(VersionPolicy::PassSticky, (FAILED, 40.0, 1), (FAILED, 30.0, 9), false)]
#[case::a_fail_after_a_pass_by_latest(VersionPolicy::Latest, (FAILED, 40.0, 9), (PASSED, 80.0, 1), true)]
#[case::an_older_pass_by_latest(VersionPolicy::Latest, (PASSED, 80.0, 1), (FAILED, 40.0, 9), false)]
#[case::a_worse_pass_by_best(VersionPolicy::Best, (PASSED, 70.0, 9), (PASSED, 80.0, 1), false)]
#[case::a_better_older_pass_by_best(VersionPolicy::Best, (PASSED, 90.0, 1), (PASSED, 80.0, 9), true)]
#[case::a_better_fail_by_best(VersionPolicy::Best, (FAILED, 99.0, 9), (PASSED, 50.0, 1), false)]
#[case::an_equal_newer_pass_by_best(VersionPolicy::Best, (PASSED, 80.0, 9), (PASSED, 80.0, 1), true)]
fn each_policy_says_which_result_counts(
    #[case] policy: VersionPolicy,
    #[case] candidate: (Outcome, f64, i64),
    #[case] in_force: (Outcome, f64, i64),
    #[case] takes_over: bool,
) {
    let candidate = version("new", candidate.0, candidate.1, candidate.2, None);
    let in_force = version("old", in_force.0, in_force.1, in_force.2, None);
    let expected = if takes_over {
        Standing::InForce
    } else {
        Standing::SupersededBy("old".to_owned())
    };
    assert_eq!(standing(policy, &candidate, Some(&in_force)), expected);
}

#[test]
fn a_sequence_outweighs_the_clock_where_both_have_one() {
    let newer = version("new", PASSED, 80.0, 1, Some(2));
    let older = version("old", PASSED, 90.0, 9, Some(1));
    assert_eq!(standing(VersionPolicy::Latest, &newer, Some(&older)), Standing::InForce);
    let without = version("old", PASSED, 90.0, 9, None);
    let expected = Standing::SupersededBy("old".to_owned());
    assert_eq!(standing(VersionPolicy::Latest, &newer, Some(&without)), expected);
}

#[test]
fn as_new_with_other_content_is_a_conflict_and_with_the_same_is_not() {
    let one = version("one", PASSED, 80.0, 1, None);
    let other = version("other", PASSED, 90.0, 1, None);
    let twin = version("twin", PASSED, 80.0, 1, None);
    let conflict = Standing::ConflictsWith("one".to_owned());
    assert_eq!(standing(VersionPolicy::Latest, &other, Some(&one)), conflict);
    assert_eq!(standing(VersionPolicy::Latest, &twin, Some(&one)), Standing::InForce);
    assert_eq!(standing(VersionPolicy::Latest, &one, Some(&one)), Standing::InForce);
    assert_eq!(standing(VersionPolicy::Latest, &one, None), Standing::InForce);
}

fn policies() -> impl Strategy<Value = VersionPolicy> {
    select(VersionPolicy::ALL.to_vec())
}

/// Whether the results carry a sequence: all, none, or some, then as their times say.
#[derive(Debug, Clone, Copy)]
enum Sequences {
    All,
    None,
    Some,
}

/// Up to eight results of one person. Those that carry a sequence only sometimes have distinct times.
fn results() -> impl Strategy<Value = Vec<Version>> {
    let sequences = select(vec![Sequences::All, Sequences::None, Sequences::Some]);
    let one = (
        select(Outcome::ALL.to_vec()),
        select(vec![40.0, 80.0, 90.0]),
        0..4_i64,
        0..4_u64,
        any::<bool>(),
    );
    (sequences, prop::collection::vec(one, 1..8)).prop_map(|(sequences, rows)| {
        let rows = rows.into_iter().enumerate();
        rows.map(|(at, (outcome, score, second, count, sometimes))| {
            let distinct = i64::try_from(at).unwrap();
            let (second, sequence) = match sequences {
                Sequences::All => (second, Some(count)),
                Sequences::None => (second, None),
                Sequences::Some => (distinct, sometimes.then_some(at as u64)),
            };
            version(&format!("r-{at}"), outcome, score, second, sequence)
        })
        .collect()
    })
}

fn shuffled() -> impl Strategy<Value = (Vec<Version>, Vec<Version>)> {
    results().prop_flat_map(|results| (Just(results.clone()), Just(results).prop_shuffle()))
}

proptest! {
    #[test]
    fn of_two_results_one_gives_way_or_a_person_decides(policy in policies(), pair in results()) {
        let (one, other) = (&pair[0], &pair[pair.len() - 1]);
        prop_assume!(one.result_id != other.result_id);
        let back = standing(policy, other, Some(one));
        match standing(policy, one, Some(other)) {
            Standing::SupersededBy(_) => prop_assert_eq!(back, Standing::InForce),
            Standing::ConflictsWith(_) => prop_assert_eq!(back, Standing::ConflictsWith(one.result_id.clone())),
            Standing::InForce if one.fingerprint == other.fingerprint => prop_assert_eq!(back, Standing::InForce),
            Standing::InForce => prop_assert_eq!(back, Standing::SupersededBy(one.result_id.clone())),
        }
    }

    #[test]
    fn a_fail_never_undoes_a_pass_under_pass_sticky(arrivals in results()) {
        let mut in_force: Option<Version> = None;
        for candidate in &arrivals {
            let had_passed = in_force.as_ref().is_some_and(|version| version.outcome == PASSED);
            if standing(VersionPolicy::PassSticky, candidate, in_force.as_ref()) == Standing::InForce {
                prop_assert!(!had_passed || candidate.outcome == PASSED);
                in_force = Some(candidate.clone());
            }
        }
        let any_passed = arrivals.iter().any(|version| version.outcome == PASSED);
        prop_assert_eq!(in_force.unwrap().outcome == PASSED, any_passed);
    }

    #[test]
    fn the_order_of_arrival_does_not_decide(policy in policies(), (one, other) in shuffled()) {
        let (first, second) = (last_standing(policy, &one).unwrap(), last_standing(policy, &other).unwrap());
        let conflicts = one.iter().any(|a| {
            one.iter().any(|b| matches!(standing(policy, a, Some(b)), Standing::ConflictsWith(_)))
        });
        if conflicts {
            // Of contradicting results the first stays; but never one that is older or worse.
            prop_assert!(!matches!(standing(policy, &first, Some(&second)), Standing::SupersededBy(_)));
            prop_assert!(!matches!(standing(policy, &second, Some(&first)), Standing::SupersededBy(_)));
        } else {
            prop_assert_eq!(first.fingerprint, second.fingerprint);
        }
    }
}
