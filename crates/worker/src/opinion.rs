//! What an event says of a result that was written: that it is there, that somebody has changed it, or neither. Pure.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use passback_producer::{Holding, Known};

/// As far as Docebo's clock and ours may be apart.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(5);
/// Two scores closer than this are the same score.
const SAME_SCORE: f64 = 0.005;

/// What an event tells of an enrolment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) status: Option<&'a str>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) score: Option<f64>,
    /// When it happened, or was received where Docebo does not say.
    pub(crate) at: Timestamp,
    /// Whether Docebo says when it happened.
    pub(crate) exact: bool,
}

/// What that means for a result that was written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opinion {
    /// It happened before the write.
    Older,
    /// The result is there, and was not before it was written.
    Agrees,
    /// What is there is as it was written, but may have been so before: nothing is wrong, and nothing is proved.
    Fits,
    /// Something else is there, and it was put there after the write.
    Differs,
    /// The event does not say enough.
    Unclear,
}

/// Compares an event with what was written.
pub(crate) fn opinion(known: &Known, told: Told<'_>) -> Opinion {
    let (begun, ended) = (known.since.unwrap_or(known.at), known.at);
    if told.at.duration_since(begun) < -CLOCKS_APART {
        return Opinion::Older;
    }
    let sent = &known.holding;
    let (Some(status), true, true) = (told.status, told.exact, sent.status.is_some()) else {
        return Opinion::Unclear;
    };
    let shown = Holding {
        status: Some(status.to_owned()),
        score: sent.score,
        completed_at: told
            .completed_at
            .map(|at| Holding::date(at.to_zoned(TimeZone::UTC).datetime())),
        ..Holding::default()
    };
    // A score of 0 is how Docebo shows none: where one was sent, that may be lost, or not shown here.
    let same_score = match (sent.score, told.score) {
        (Some(mine), Some(theirs)) => (mine - theirs).abs() < SAME_SCORE,
        (_, None) | (None, Some(_)) => true,
    };
    let proved = || {
        let proof = known.sent.as_ref();
        proof.is_some_and(|proof| proof.is_proved_by(status, shown.completed_at.as_deref()))
    };
    match (sent.still_is(&shown), same_score) {
        (true, true) if proved() => Opinion::Agrees,
        (true, true) => Opinion::Fits,
        (false, _) if told.at.duration_since(ended) > CLOCKS_APART => Opinion::Differs,
        // Which of a course's scores an event shows is not known for every platform; and what differs may have been fired
        // just before the write, and be over.
        (true | false, _) => Opinion::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use passback_producer::Sent;

    fn known() -> Known {
        Known {
            platform: String::new(),
            user_id: 13_827,
            holding: Holding {
                status: Some("completed".to_owned()),
                score: Some(87.0),
                completed_at: Some("2026-11-20 09:30:11".to_owned()),
                ..Holding::default()
            },
            written_by: Some("r-1".to_owned()),
            version: None,
            kept: false,
            since: Some("2026-11-22T09:30:00Z".parse().unwrap()),
            sent: Some(Sent {
                status: Some("completed".to_owned()),
                completed_at: Some("2026-11-20 09:30:11".to_owned()),
                status_before: Some("in_progress".to_owned()),
            }),
            at: "2026-11-22T09:30:20Z".parse().unwrap(),
        }
    }

    fn told(at: &str) -> Told<'static> {
        Told {
            status: Some("completed"),
            completed_at: None,
            score: None,
            at: format!("2026-11-22T09:{at}Z").parse().unwrap(),
            exact: true,
        }
    }

    fn dated(at: &str, date: &str) -> Told<'static> {
        Told {
            completed_at: Some(date.parse().unwrap()),
            ..told(at)
        }
    }

    fn scored(score: f64) -> Told<'static> {
        Told {
            score: Some(score),
            ..told("30:10")
        }
    }

    fn reset(at: &str) -> Told<'static> {
        Told {
            status: Some("in_progress"),
            ..told(at)
        }
    }

    #[rstest]
    #[case::our_echo(told("30:10"), Opinion::Agrees)]
    #[case::our_echo_by_a_slow_clock(told("29:55"), Opinion::Agrees)]
    #[case::somebody_s_completion_before(told("29:54"), Opinion::Older)]
    #[case::much_later_and_still_there(told("59:00"), Opinion::Agrees)]
    #[case::the_date_we_wrote(dated("30:10", "2026-11-20T09:30:11Z"), Opinion::Agrees)]
    #[case::the_date_in_another_zone(dated("30:10", "2026-11-20T10:30:11Z"), Opinion::Agrees)]
    #[case::a_date_of_its_own_at_the_write(dated("30:10", "2026-11-22T09:30:10Z"), Opinion::Unclear)]
    #[case::completed_anew_by_somebody(dated("40:00", "2026-11-22T09:39:59Z"), Opinion::Differs)]
    #[case::no_word_of_a_score(told("30:10"), Opinion::Agrees)]
    #[case::no_score_is_shown(scored(0.0), Opinion::Unclear)]
    #[case::our_score(scored(87.0), Opinion::Agrees)]
    #[case::another_score(scored(55.0), Opinion::Unclear)]
    #[case::reset_after_the_write(reset("30:26"), Opinion::Differs)]
    #[case::reset_at_the_write(reset("30:25"), Opinion::Unclear)]
    #[case::reset_before_the_write(reset("29:50"), Opinion::Older)]
    #[case::no_status(Told { status: None, ..told("30:10") }, Opinion::Unclear)]
    #[case::no_time(Told { exact: false, ..told("30:10") }, Opinion::Unclear)]
    #[case::received_before_the_write(Told { exact: false, ..told("29:50") }, Opinion::Older)]
    fn an_event_agrees_differs_or_does_not_say(#[case] told: Told<'_>, #[case] expected: Opinion) {
        assert_eq!(opinion(&known(), told), expected);
    }

    #[rstest]
    #[case::it_was_there_before(Some("completed"), Some("completed"), told("30:10"), Opinion::Fits)]
    #[case::its_date_was_shown_before_too(
        Some("completed"),
        Some("completed"),
        dated("30:10", "2026-11-20T09:30:11Z"),
        Opinion::Fits
    )]
    #[case::written_unread(Some("completed"), None, told("30:10"), Opinion::Fits)]
    #[case::written_unread_in_another_zone(
        Some("completed"),
        None,
        dated("30:10", "2026-11-20T10:30:11Z"),
        Opinion::Fits
    )]
    #[case::written_unread_with_its_date(
        Some("completed"),
        None,
        dated("30:10", "2026-11-20T09:30:11Z"),
        Opinion::Agrees
    )]
    #[case::no_status_was_sent(None, Some("completed"), told("30:10"), Opinion::Fits)]
    #[case::changed_all_the_same(None, Some("completed"), reset("30:26"), Opinion::Differs)]
    fn only_what_was_sent_and_was_not_there_before_confirms(
        #[case] status: Option<&str>,
        #[case] before: Option<&str>,
        #[case] told: Told<'_>,
        #[case] expected: Opinion,
    ) {
        let mut known = known();
        known.sent = Some(Sent {
            status: status.map(str::to_owned),
            completed_at: status.map(|_| "2026-11-20 09:30:11".to_owned()),
            status_before: before.map(str::to_owned),
        });
        assert_eq!(opinion(&known, told), expected);
        known.sent = None;
        assert_ne!(opinion(&known, told), Opinion::Agrees, "what was sent was not noted");
    }

    #[test]
    fn who_has_begun_since_confirms_no_subscription() {
        let mut subscribed = known();
        subscribed.holding.status = Some("subscribed".to_owned());
        subscribed.sent = Some(Sent {
            status: Some("subscribed".to_owned()),
            completed_at: None,
            status_before: Some("waiting".to_owned()),
        });
        assert_eq!(opinion(&subscribed, reset("30:10")), Opinion::Fits);
        let shown = Told {
            status: Some("subscribed"),
            ..told("30:10")
        };
        assert_eq!(opinion(&subscribed, shown), Opinion::Agrees);
    }

    #[test]
    fn where_no_score_was_sent_none_is_missed() {
        let mut unscored = known();
        unscored.holding.score = Some(0.0);
        assert_eq!(opinion(&unscored, scored(0.0)), Opinion::Agrees);
        unscored.holding.score = None;
        assert_eq!(opinion(&unscored, scored(0.0)), Opinion::Agrees);
    }

    #[test]
    fn where_no_status_was_written_none_confirms_it() {
        let mut scored_only = known();
        scored_only.holding.status = None;
        assert_eq!(opinion(&scored_only, told("30:10")), Opinion::Unclear);
        let mut unread = known();
        unread.since = None;
        assert_eq!(
            opinion(&unread, told("30:14")),
            Opinion::Older,
            "then only the time of the answer is known"
        );
    }
}
