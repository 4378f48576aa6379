//! Plays a worker that brings results and checks to an end, or to a person.

use passback_producer::{Code, Holding, ResultCase};
use passback_queue::{Case, JobId, Lane, Name, RowNote, Settlement, Transition};
use passback_server::Role;
use serde_json::{Value, json};

use crate::world::{EMAIL, World, result};

impl World {
    /// Hands a result of its own person in; its job's id.
    pub(crate) async fn hand_in(&self, result_id: &str) -> JobId {
        let mut body = result(result_id);
        body["email"] = json!(format!("{result_id}@example.org"));
        let receipt = self.post(Role::Ingest, "/v1/results", &body).await.json();
        receipt["job_id"].as_str().unwrap().parse().unwrap()
    }

    /// Brings every push that waits to its end.
    pub(crate) async fn deliver_all(&self) {
        self.end_pushes(&Transition::Done, None, "delivered").await;
    }

    /// Ends the attempts at every push that waits, and leaves their results in a state.
    async fn end_pushes(&self, transition: &Transition, code: Option<Code>, state: &'static str) {
        // Registers the worker.
        self.work(Lane::Background, &Transition::Done, "no_op", None).await;
        let worker = Name::new("w1").unwrap();
        let minute = std::time::Duration::from_mins(1);
        let claimed = self.queue.claim(Lane::Push, &worker, 50, minute).await.unwrap();
        let ended = |token| Settlement {
            code: code.map(Code::name),
            ledger_state: Some(state),
            ..Self::settlement(token, transition.clone())
        };
        let settlements: Vec<Settlement> = claimed.iter().map(|job| ended(job.token)).collect();
        self.queue.settle(&worker, &settlements).await.unwrap();
    }

    /// A result that Docebo refused.
    pub(crate) async fn refused(&self, result_id: &str) {
        self.hand_in(result_id).await;
        self.end_pushes(&Transition::Bury, Some(Code::Rejected), "dead").await;
    }

    /// A result that was delivered.
    pub(crate) async fn delivered(&self, result_id: &str) {
        self.hand_in(result_id).await;
        self.deliver_all().await;
    }

    /// A result that waits for a person, since Docebo holds another score.
    pub(crate) async fn overridden(&self, result_id: &str) -> JobId {
        let job = self.hand_in(result_id).await;
        let holding = |score| Holding {
            status: Some("completed".to_owned()),
            score: Some(score),
            ..Holding::default()
        };
        let case = ResultCase {
            code: Code::ManualOverride,
            ours: holding(87.0),
            theirs: Some(holding(91.0)),
            last_known: None,
            user_id: Some(13_827),
            user_id_before: None,
            conflicts_with: None,
            other: None,
            platform: None,
            found_at: "2025-11-22T09:30:11.412Z".parse().unwrap(),
        };
        let note = RowNote {
            result_id: Name::new(result_id).unwrap(),
            from: &[],
            state: None,
            step: "",
            code: String::new(),
            reference: String::new(),
            case: Some(Case {
                job,
                json: serde_json::to_string(&case).unwrap(),
            }),
        };
        assert!(self.queue.note(&note).await.unwrap());
        let park = Transition::Park {
            wake: Name::new("person").unwrap(),
            also: None,
            look_again_ms: None,
        };
        self.end_pushes(&park, Some(Code::ManualOverride), "parked").await;
        job
    }

    /// A check that was answered with "not enrolled"; its id.
    pub(crate) async fn answered_check(&self) -> String {
        let question = json!({"exam_id": "forklift-01", "email": EMAIL});
        let asked = self
            .post(Role::Ingest, "/v1/eligibility-checks", &question)
            .await
            .json();
        let answer = json!({
            "exam_id": "forklift-01", "answer": "not_eligible", "code": "enrollment_not_found",
            "checked_at": "2025-11-22T09:30:11.412Z",
        });
        self.work(Lane::Check, &Transition::Done, "enrollment_not_found", Some(&answer))
            .await;
        asked["id"].as_str().unwrap().to_owned()
    }
}

/// The words under one name in a list of objects.
pub(crate) fn words<'a>(list: &'a [Value], name: &str) -> Vec<&'a str> {
    list.iter()
        .map(|item| item[name].as_str().unwrap_or_default())
        .collect()
}
