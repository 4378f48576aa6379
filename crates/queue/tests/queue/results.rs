//! Results on a shard: accepted, leased, ended, with a case.

use passback_queue::{
    Case, Claimed, Event, EventOf, LedgerRow, Name, NewResult, RowNote, Settlement, Subject, Transition, Verdict,
};

use crate::shard::{Shard, ending, job, keyed, name};

/// What a person is asked in these tests.
pub(crate) const CASE: &str = r#"{"kind":"manual_override"}"#;

pub(crate) fn result_id(number: u64) -> Name {
    name(&format!("r-{number}"))
}

pub(crate) fn subject(number: u64) -> Name {
    name(&format!("acme/146/{number}"))
}

/// A result of a person of its own; the job has its number.
pub(crate) fn result(number: u64) -> NewResult {
    NewResult {
        result_id: result_id(number),
        fingerprint: format!("content {number}"),
        row: "{}".to_owned(),
        subject: subject(number),
        version_seen: String::new(),
        version_wanted: format!("version {number}"),
        job: keyed(number, subject(number).as_str()),
    }
}

/// A note that does nothing but find the row.
pub(crate) fn note(number: u64) -> RowNote {
    RowNote {
        result_id: result_id(number),
        from: &[],
        state: None,
        step: "",
        code: String::new(),
        reference: String::new(),
        case: None,
    }
}

pub(crate) fn park() -> Transition {
    Transition::Park {
        wake: name("case"),
        also: None,
        look_again_ms: None,
    }
}

impl Shard {
    pub(crate) async fn accept(&self, number: u64) {
        let verdicts = self.queue.accept(&[result(number)]).await.unwrap();
        assert_eq!(verdicts, [passback_queue::Accepted::New]);
    }

    /// Accepts a result and leases its job to `w1`.
    pub(crate) async fn accept_and_claim(&self, number: u64) -> Claimed {
        self.accept(number).await;
        self.claim_one(&name("w1")).await
    }

    /// Ends what `w1` has leased, and says so in the row.
    pub(crate) async fn end(&self, claimed: &Claimed, transition: Transition, state: &'static str, code: &str) {
        let settlement = Settlement {
            code: (!code.is_empty()).then(|| name(code)),
            ledger_state: Some(state),
            ..ending(claimed.token, transition)
        };
        assert_eq!(self.settle(&name("w1"), settlement).await, Verdict::Settled);
    }

    /// A result whose job waits, parked or dead, for a person's decision.
    pub(crate) async fn with_case(&self, number: u64, transition: Transition) {
        let claimed = self.accept_and_claim(number).await;
        self.note_case(number, number).await;
        let state = if transition == Transition::Bury {
            "dead"
        } else {
            "parked"
        };
        self.end(&claimed, transition, state, "manual_override").await;
    }

    /// Asks a person about a result; a job waits for what they say.
    pub(crate) async fn note_case(&self, number: u64, waiting: u64) {
        let case = Case {
            job: job(waiting).id,
            json: CASE.to_owned(),
        };
        let asked = RowNote {
            case: Some(case),
            ..note(number)
        };
        assert!(self.queue.note(&asked).await.unwrap());
    }

    pub(crate) async fn row(&self, number: u64) -> LedgerRow {
        self.queue.ledger_row(&result_id(number)).await.unwrap().unwrap()
    }

    pub(crate) async fn subject(&self, number: u64) -> Subject {
        self.queue.subject(&subject(number)).await.unwrap()
    }

    /// Writes a field of a subject as a worker before did.
    pub(crate) async fn set_subject(&self, number: u64, field: &str, value: &str) {
        let key = format!("{}subject:{}", passback_queue::SHARD_PREFIX, subject(number));
        self.redis.cli(&["HSET", &key, field, value]).await;
    }

    /// The open results, by number.
    pub(crate) async fn open(&self) -> Vec<String> {
        let page = self.queue.open_results(u64::MAX, None, 1000).await.unwrap();
        page.results.into_iter().map(|(id, _)| id).collect()
    }

    /// All that the feed tells.
    pub(crate) async fn told(&self) -> Vec<Event> {
        self.queue.events(None, 1000).await.unwrap().events
    }

    /// The states of results that the feed tells of: id, state, code.
    pub(crate) async fn told_of_results(&self) -> Vec<(String, String, String)> {
        let of_result = |event: Event| match event.subject {
            EventOf::Result {
                result_id, state, code, ..
            } => Some((result_id, state, code)),
            EventOf::Check { .. } => None,
        };
        self.told().await.into_iter().filter_map(of_result).collect()
    }
}

/// What happened to a row, without times: step, code, reference.
pub(crate) fn steps(row: &LedgerRow) -> Vec<(&str, &str, &str)> {
    let steps = row.steps.iter();
    steps
        .map(|step| (step.step.as_str(), step.code.as_str(), step.reference.as_str()))
        .collect()
}
