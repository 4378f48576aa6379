//! A connector that leads to another platform than before, or hears from one: the same numbers are other people and courses
//! there.

use passback_docebo::webhook::WebhookMessage;
use passback_producer::{Code, DoceboEventView, ReplayStatus, ResultState, Verdict};
use passback_queue::{Filter, State};
use passback_registry::{Domain, VerifyPolicy};
use passback_simulator::{Enrollment, Simulator, TenantHandle, User};
use serde_json::{Value, json};

use super::herald::{in_seconds, of_enrollment, outcome};
use super::learner::{COURSE, LEARNER, LOOKED_AT, Learner, NAMESAKE, PROVED};
use super::oracle::{Mark, Slate};
use super::perils::Peril;
use super::town::{email, town};

const COMPLETED: &str = "course.enrollment.completed";
const UPDATED: &str = "course.enrollment.updated";
const DELETED: &str = "course.deleted";

/// A platform on which the learner has the number of the namesake, and somebody else has the learner's.
struct Production {
    docebo: TenantHandle,
    url: String,
    _simulator: Simulator,
}

impl Production {
    async fn start() -> Self {
        let mut world = town(NAMESAKE);
        let user = |id: u64, email: String| User {
            id,
            email,
            username: format!("user-{id}"),
            first_name: String::new(),
            last_name: String::new(),
            active: true,
        };
        world.tenants[0].users = vec![
            user(LEARNER, "stranger@example.org".to_owned()),
            user(NAMESAKE, email(LEARNER)),
        ];
        let simulator = Simulator::start(world).await.unwrap();
        Self {
            docebo: simulator.tenant("acme").unwrap(),
            url: simulator.url("acme").unwrap(),
            _simulator: simulator,
        }
    }

    fn slate(&self, user: u64) -> Slate {
        Slate::of(&self.docebo.enrollment(COURSE, user).unwrap())
    }

    /// That nobody has asked it for anything, nor written to it.
    fn is_untouched(&self) -> bool {
        self.docebo.counts().requests == 0
    }
}

impl Learner {
    /// The connector leads to another platform from now on; returns the domain that it had.
    async fn leads_to(&self, domain: &str) -> String {
        let (producer, acme) = (&self.scene.stage.producer, "acme".parse().unwrap());
        let mut connector = producer.registry().connector(&acme).await.unwrap().unwrap();
        let before = connector.domain.to_string();
        connector.domain = Domain::parse(domain, true).unwrap();
        producer.registry().put_connector(&connector, "test").await.unwrap();
        producer.connector_stored(&acme).await.unwrap();
        before
    }

    async fn goes_live(&self) -> Production {
        let production = Production::start().await;
        self.leads_to(&production.url).await;
        production
    }

    /// An event that Docebo tells with the name of a platform.
    async fn hears_from(&self, domain: &str, event: &str, payload: Value) -> DoceboEventView {
        let message_id = format!("wh-{}", fastrand::u128(..));
        let body = json!({"message_id": message_id, "event": event, "original_domain": domain, "payload": payload});
        let message = WebhookMessage::parse(body.to_string().as_bytes()).unwrap();
        let producer = &self.scene.stage.producer;
        producer
            .receive_webhook(&"acme".parse().unwrap(), &message)
            .await
            .unwrap();
        self.scene.still().await;
        self.newest_event().await
    }

    async fn warnings(&self) -> Vec<Code> {
        let producer = &self.scene.stage.producer;
        let exam = producer.registry().exam(&"forklift-01".parse().unwrap()).await;
        let view = producer.exam_view(exam.unwrap().unwrap()).await.unwrap();
        view.warnings.into_iter().map(|warning| warning.code).collect()
    }
}

async fn delivered() -> Learner {
    let learner = Learner::with(|connector, _| connector.verify = VerifyPolicy::UnlessWebhook).await;
    assert_eq!(learner.sits("r-1", Mark::Pass87, 9).await.state, ResultState::Delivered);
    learner.scene.jump(PROVED).await;
    learner
}

fn of_course(learner: &Learner) -> Value {
    json!({"course_id": COURSE, "name": "Forklift exam", "fired_at": in_seconds(learner, 1)})
}

#[tokio::test]
async fn what_another_platform_tells_of_the_same_numbers_is_about_a_stranger() {
    let learner = delivered().await;
    let production = learner.goes_live().await;
    let before = learner.result("r-1").await;
    for (event, status) in [
        (COMPLETED, "completed"),
        (UPDATED, "completed"),
        (UPDATED, "in_progress"),
    ] {
        let event = learner.hears(event, of_enrollment(&learner, status, 60)).await;
        assert_eq!(outcome(&event), "not_ours");
    }
    let gone = json!({"user_id": LEARNER, "fired_at": in_seconds(&learner, 70)});
    assert_eq!(outcome(&learner.hears("user.deleted", gone).await), "not_ours");
    learner.scene.pass(PROVED).await;
    assert_eq!(learner.result("r-1").await, before);
    assert!(production.is_untouched());
}

#[tokio::test]
async fn an_event_that_waits_while_the_connector_moves_is_the_old_platform_s() {
    let mut learner = delivered().await;
    learner.scene.kill_all().await;
    learner
        .posts("wh-1", COMPLETED, &[of_enrollment(&learner, "completed", 1)])
        .await;
    let production = learner.goes_live().await;
    learner.scene.hire_two(4);
    learner.scene.still().await;
    let event = learner.newest_event().await;
    assert_eq!(outcome(&event), "other_platform");
    let detail = event.reaction.detail.unwrap();
    assert!(
        detail.ends_with(&format!("the connector leads to {}", production.url)),
        "{detail}"
    );
    assert_eq!(learner.result("r-1").await.state, ResultState::Delivered);
}

#[tokio::test]
async fn a_verify_of_what_was_written_elsewhere_reads_nobody_and_says_so() {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Pass87, 9).await;
    let production = learner.goes_live().await;
    learner.scene.jump(PROVED).await;
    let filter = Filter {
        state: Some(State::Done),
        code: Some("exam_moved".to_owned()),
        ..Filter::default()
    };
    let ended = learner
        .scene
        .stage
        .producer
        .queue()
        .jobs(&filter, None, 10)
        .await
        .unwrap();
    let details: Vec<_> = ended
        .jobs
        .iter()
        .map(|job| job.history.last().unwrap().detail.clone())
        .collect();
    let said = "it was written to another platform than the connector leads to now";
    assert_eq!(details, [Some(said.to_owned())]);
    assert_eq!(learner.standing("r-1").await, (ResultState::Delivered, None));
    assert!(production.is_untouched());
}

#[tokio::test]
async fn a_decision_about_a_platform_that_was_left_writes_to_nobody_of_the_next() {
    // By an event, without the e-mail; and by the policy's own read, with it.
    for by_event in [true, false] {
        let learner = Learner::new().await;
        learner.sits("r-1", Mark::Pass87, 9).await;
        learner.edits(Enrollment::IN_PROGRESS, Some(12.0), None);
        if by_event {
            learner.hears(UPDATED, of_enrollment(&learner, "in_progress", 60)).await;
        }
        learner.scene.jump(PROVED).await;
        assert_eq!(learner.standing("r-1").await.1.as_deref(), Some("verify_mismatch"));
        let production = Production::start().await;
        let sandbox = learner.leads_to(&production.url).await;
        learner.decides("r-1", Verdict::WriteOurs).await;
        let moved = (ResultState::Parked, Some("exam_moved".to_owned()));
        assert_eq!(learner.standing("r-1").await, moved, "by event: {by_event}");
        assert!(production.is_untouched());
        // It was a slip.
        learner.leads_to(&sandbox).await;
        learner.scene.jump(LOOKED_AT).await;
        learner.scene.pass(PROVED).await;
        assert_eq!(learner.standing("r-1").await, (ResultState::Verified, None));
        assert_eq!(learner.slate(LEARNER), Learner::marked(Mark::Pass87, 9));
    }
}

#[tokio::test]
async fn a_result_that_waits_for_a_person_looks_for_its_learner_anew_after_a_move() {
    let learner = Learner::new().await;
    learner.edits(Enrollment::IN_PROGRESS, Some(55.0), None);
    learner.sits("r-1", Mark::Pass87, 9).await;
    assert_eq!(learner.standing("r-1").await.1.as_deref(), Some("manual_override"));
    let production = learner.goes_live().await;
    learner.decides("r-1", Verdict::WriteOurs).await;
    assert_eq!(learner.standing("r-1").await.0, ResultState::Delivered);
    assert_eq!(production.slate(NAMESAKE), Learner::marked(Mark::Pass87, 9));
    assert_eq!(
        production.slate(LEARNER),
        Slate::clean(),
        "a stranger has the old number"
    );
}

#[tokio::test]
async fn what_is_allowed_over_one_platform_s_values_is_not_over_another_s() {
    let learner = Learner::new().await;
    learner.edits(Enrollment::IN_PROGRESS, Some(55.0), None);
    learner.sits("r-1", Mark::Pass87, 9).await;
    let production = learner.goes_live().await;
    // By chance, the learner has the same number there, and the same has happened.
    assert!(production.docebo.set_email(NAMESAKE, "namesake@example.org"));
    assert!(production.docebo.set_email(LEARNER, &email(LEARNER)));
    production.docebo.put_enrollment(Enrollment {
        status: Enrollment::IN_PROGRESS,
        score: Some(55.0),
        ..Enrollment::new(COURSE, LEARNER)
    });
    learner.decides("r-1", Verdict::WriteOurs).await;
    assert_eq!(learner.standing("r-1").await.1.as_deref(), Some("manual_override"));
    assert_eq!(learner.case("r-1").await.platform, Some(production.url.clone()));
    learner.decides("r-1", Verdict::WriteOurs).await;
    assert_eq!(learner.standing("r-1").await.0, ResultState::Delivered);
    assert_eq!(production.slate(LEARNER), Learner::marked(Mark::Pass87, 9));
}

#[tokio::test]
async fn a_write_that_was_begun_at_one_platform_goes_to_the_learner_of_the_next() {
    let mut learner = Learner::new().await;
    learner.scene.perils.arm("r-1", (COURSE, LEARNER), Peril::CrashAfter);
    learner.hands_in("r-1", Mark::Pass87, 9).await;
    learner.scene.still().await;
    learner.scene.kill_all().await;
    let production = learner.goes_live().await;
    learner.scene.hire_two(4);
    learner.scene.pass(PROVED * 2).await;
    assert_eq!(learner.standing("r-1").await, (ResultState::Verified, None));
    assert_eq!(production.slate(NAMESAKE), Learner::marked(Mark::Pass87, 9));
    assert_eq!(production.slate(LEARNER), Slate::clean());
}

#[tokio::test]
async fn a_newer_result_goes_to_the_learner_of_the_platform_that_is_led_to() {
    let learner = delivered().await;
    let production = learner.goes_live().await;
    assert_eq!(
        learner.sits("r-2", Mark::Pass93, 10).await.state,
        ResultState::Delivered
    );
    assert_eq!(production.slate(NAMESAKE), Learner::marked(Mark::Pass93, 10));
    let echo =
        json!({"user_id": NAMESAKE, "course_id": COURSE, "status": "completed", "fired_at": in_seconds(&learner, 1)});
    let event = learner.hears(COMPLETED, echo).await;
    assert_eq!(
        (outcome(&event), event.reaction.result_id.as_deref()),
        ("confirmed", Some("r-2"))
    );
}

#[tokio::test]
async fn a_course_that_one_platform_has_deleted_is_there_at_another() {
    let learner = Learner::new().await;
    learner.hears(DELETED, of_course(&learner)).await;
    assert_eq!(learner.warnings().await, [Code::CourseDeleted]);
    let production = learner.goes_live().await;
    assert_eq!(learner.warnings().await, []);
    production.docebo.remove_enrollment(COURSE, NAMESAKE);
    learner.sits("r-1", Mark::Pass87, 9).await;
    assert_eq!(learner.standing("r-1").await.1.as_deref(), Some("enrollment_not_found"));
}

#[tokio::test]
async fn what_a_copy_of_the_platform_tells_by_its_own_name_is_kept_and_changes_nothing() {
    let learner = Learner::new().await;
    learner.leads_to("acme.docebosaas.com").await;
    let copy = learner
        .hears_from("Acme-Sandbox.docebosaas.com", DELETED, of_course(&learner))
        .await;
    assert_eq!(
        (outcome(&copy), copy.original_domain.as_deref()),
        ("other_platform", Some("Acme-Sandbox.docebosaas.com"))
    );
    assert_eq!(learner.warnings().await, []);
    let producer = &learner.scene.stage.producer;
    let replayed = producer.replay_webhooks(std::slice::from_ref(&copy.id), "ops", "to be sure");
    assert!(matches!(replayed.await.unwrap()[0].status, ReplayStatus::Queued { .. }));
    learner.scene.still().await;
    assert_eq!(outcome(&learner.event(&copy.id).await), "other_platform");
    // A name of its own says nothing of which platform it is.
    for original in ["learn.acme.example", "ACME.docebosaas.com"] {
        let own = learner.hears_from(original, DELETED, of_course(&learner)).await;
        assert_eq!(outcome(&own), "marked", "{original}");
        assert_eq!(learner.warnings().await, [Code::CourseDeleted]);
    }
}
