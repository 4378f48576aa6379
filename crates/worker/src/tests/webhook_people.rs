//! What Docebo tells of users and courses: who waits goes on, and an exam whose course is gone says so.

use passback_producer::{Code, ResultState};
use passback_simulator::{Endpoint, Enrollment, User};
use serde_json::{Value, json};

use super::herald::{in_seconds, outcome};
use super::learner::{COURSE, LEARNER, Learner, NAMESAKE};
use super::oracle::{Mark, Sitting};
use super::town::email;

/// Somebody whom nobody has made yet.
const NEWCOMER: u64 = 77;

fn newcomer() -> User {
    User {
        id: NEWCOMER,
        email: email(NEWCOMER),
        username: "n.comer".to_owned(),
        first_name: String::new(),
        last_name: String::new(),
        active: true,
    }
}

fn of_user(learner: &Learner, id: u64, email: &str) -> Value {
    json!({"user_id": id, "username": "n.comer", "email": email, "fired_at": in_seconds(learner, 1)})
}

fn of_course(learner: &Learner, seconds: i64) -> Value {
    json!({"course_id": COURSE, "name": "Forklift exam", "fired_at": in_seconds(learner, seconds)})
}

async fn newcomer_sits(learner: &Learner) {
    let sitting = Sitting {
        mark: Mark::Pass87,
        hour: 9,
    };
    let result = sitting.result("r-1".to_owned(), "forklift-01".to_owned(), email(NEWCOMER));
    learner.scene.stage.producer.push(&result).await.unwrap();
    learner.scene.still().await;
}

async fn code(learner: &Learner) -> Option<String> {
    learner.standing("r-1").await.1
}

#[tokio::test]
async fn a_result_goes_on_when_its_person_is_made_and_again_when_they_are_enrolled() {
    for made in ["user.created", "user.updated", "user.reactivated"] {
        let learner = Learner::new().await;
        newcomer_sits(&learner).await;
        assert_eq!(code(&learner).await.as_deref(), Some("user_not_found"));
        learner.scene.stage.docebo.put_user(newcomer());
        let event = learner
            .hears(made, of_user(&learner, NEWCOMER, &email(NEWCOMER).to_uppercase()))
            .await;
        assert_eq!(
            (outcome(&event), event.reaction.detail.as_deref()),
            ("released", Some("1 job goes on"))
        );
        assert_eq!(code(&learner).await.as_deref(), Some("enrollment_not_found"));
        learner
            .scene
            .stage
            .docebo
            .put_enrollment(Enrollment::new(COURSE, NEWCOMER));
        // The event knows neither address nor anything that looks like one.
        let enrolled = json!({"user_id": NEWCOMER, "course_id": COURSE, "username": "n.comer", "fired_at": in_seconds(&learner, 5)});
        let event = learner.hears("course.enrollment.created", enrolled).await;
        assert_eq!(outcome(&event), "released");
        assert_eq!(learner.standing("r-1").await.0, ResultState::Delivered, "{made}");
    }
}

#[tokio::test]
async fn an_enrolment_of_a_user_whose_name_is_their_address_releases_who_waits_for_it() {
    let learner = Learner::new().await;
    learner.scene.stage.docebo.remove_enrollment(COURSE, LEARNER);
    learner.sits("r-1", Mark::Pass87, 9).await;
    assert_eq!(code(&learner).await.as_deref(), Some("enrollment_not_found"));
    learner
        .scene
        .stage
        .docebo
        .put_enrollment(Enrollment::new(COURSE, LEARNER));
    // Under another number than the one that was learned: only the name leads there.
    let enrolled =
        json!({"user_id": 4711, "course_id": COURSE, "username": email(LEARNER), "fired_at": in_seconds(&learner, 5)});
    assert_eq!(
        outcome(&learner.hears("course.enrollment.created", enrolled).await),
        "released"
    );
    assert_eq!(learner.standing("r-1").await.0, ResultState::Delivered);
}

#[tokio::test]
async fn an_address_that_changes_hands_is_looked_up_anew() {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Pass87, 9).await;
    let registry = learner.scene.stage.producer.registry();
    let (acme, person) = ("acme".parse().unwrap(), registry.vault().email_hash(&email(LEARNER)));
    assert_eq!(registry.learned_user(&acme, &person).await.unwrap(), Some(LEARNER));
    // The event tells the new address; the old one is known by the number.
    let event = learner
        .hears("user.updated", of_user(&learner, LEARNER, "elsewhere@example.org"))
        .await;
    assert_eq!(outcome(&event), "nothing_to_do");
    assert_eq!(registry.learned_user(&acme, &person).await.unwrap(), None);
}

#[tokio::test]
async fn a_user_who_is_shut_out_leaves_a_step_on_results_that_are_on_their_way_once() {
    let learner = Learner::new().await;
    learner.sits("r-1", Mark::Fail41, 9).await;
    learner.edits(Enrollment::IN_PROGRESS, Some(55.0), None);
    learner.sits("r-2", Mark::Pass87, 10).await;
    assert_eq!(learner.standing("r-2").await.1.as_deref(), Some("manual_override"));
    let gone = of_user(&learner, LEARNER, &email(LEARNER));
    for _ in 0..2 {
        assert_eq!(
            outcome(&learner.hears("user.deactivated", gone.clone()).await),
            "marked"
        );
    }
    let steps = learner.steps("r-2").await;
    assert_eq!(
        steps.iter().filter(|step| *step == "user_deactivated").count(),
        1,
        "{steps:?}"
    );
    assert!(
        !learner.steps("r-1").await.contains(&"user_deactivated".to_owned()),
        "it is at its end"
    );
    let stranger = learner
        .hears(
            "user.deleted",
            json!({"user_id": 4711, "fired_at": in_seconds(&learner, 1)}),
        )
        .await;
    assert_eq!(outcome(&stranger), "not_ours");
    let earlier = json!({"user_id": LEARNER, "fired_at": in_seconds(&learner, -60)});
    assert_eq!(outcome(&learner.hears("user.deleted", earlier).await), "stale");
}

/// The codes of the warnings that the exam shows.
async fn warnings(learner: &Learner) -> Vec<Code> {
    let producer = &learner.scene.stage.producer;
    let exam = producer
        .registry()
        .exam(&"forklift-01".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let view = producer.exam_view(exam).await.unwrap();
    view.warnings.into_iter().map(|warning| warning.code).collect()
}

#[tokio::test]
async fn an_exam_whose_course_is_deleted_says_so_and_its_results_wait_for_its_owner() {
    let learner = Learner::new().await;
    assert_eq!(warnings(&learner).await, []);
    learner.scene.stage.docebo.remove_enrollment(COURSE, LEARNER);
    assert_eq!(
        outcome(&learner.hears("course.deleted", of_course(&learner, 10)).await),
        "marked"
    );
    assert_eq!(warnings(&learner).await, [Code::CourseDeleted]);
    learner.sits("r-1", Mark::Pass87, 9).await;
    assert_eq!(code(&learner).await.as_deref(), Some("course_deleted"));
    assert_eq!(
        outcome(&learner.hears("course.updated", of_course(&learner, 5)).await),
        "stale"
    );
    assert_eq!(warnings(&learner).await, [Code::CourseDeleted]);
    learner
        .scene
        .stage
        .docebo
        .put_enrollment(Enrollment::new(COURSE, LEARNER));
    assert_eq!(
        outcome(&learner.hears("course.updated", of_course(&learner, 20)).await),
        "marked"
    );
    assert_eq!(warnings(&learner).await, []);
    assert_eq!(learner.standing("r-1").await.0, ResultState::Delivered);
}

#[tokio::test]
async fn a_check_of_the_exam_that_sees_the_course_ends_the_warning() {
    let learner = Learner::new().await;
    learner.hears("course.deleted", of_course(&learner, -10)).await;
    assert_eq!(warnings(&learner).await, [Code::CourseDeleted]);
    let id = "forklift-01".parse().unwrap();
    learner
        .scene
        .stage
        .producer
        .check_exam(&id, None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(warnings(&learner).await, []);
    learner.hears("content.markedoutdated", of_course(&learner, 20)).await;
    assert_eq!(warnings(&learner).await, [Code::CourseOutdated]);
}

#[tokio::test]
async fn a_course_that_is_deleted_in_the_future_comes_back_by_the_next_word_of_it() {
    let learner = Learner::new().await;
    let mut future = of_course(&learner, 1);
    future["fired_at"] = json!("2099-01-01 00:00:00");
    learner.hears("course.deleted", future).await;
    assert_eq!(warnings(&learner).await, [Code::CourseDeleted]);
    learner.hears("course.updated", of_course(&learner, 20)).await;
    assert_eq!(warnings(&learner).await, []);
}

#[tokio::test]
async fn a_course_that_is_changed_and_deleted_in_one_second_is_looked_for() {
    let learner = Learner::new().await;
    learner.hears("course.updated", of_course(&learner, -10)).await;
    let requests = learner.requests();
    let event = learner.hears("course.deleted", of_course(&learner, -10)).await;
    assert_eq!(
        (outcome(&event), event.reaction.detail.as_deref()),
        ("asked_docebo", Some("the course is there"))
    );
    assert_eq!(
        learner.asked_since(requests),
        [Endpoint::Token, Endpoint::EnrollmentList]
    );
    assert_eq!(warnings(&learner).await, []);
}

#[tokio::test]
async fn an_enrolment_in_a_course_that_was_told_to_be_deleted_shows_that_it_is_there() {
    let learner = Learner::new().await;
    learner.hears("course.deleted", of_course(&learner, 10)).await;
    let enrolled = |seconds| json!({"user_id": 4711, "course_id": COURSE, "username": "x", "fired_at": in_seconds(&learner, seconds)});
    learner.hears("course.enrollment.created", enrolled(5)).await;
    assert_eq!(warnings(&learner).await, [Code::CourseDeleted], "that was before");
    learner.hears("course.enrollment.created", enrolled(20)).await;
    assert_eq!(warnings(&learner).await, []);
}

#[tokio::test]
async fn a_user_who_is_shut_out_leaves_a_step_on_a_result_that_was_never_written() {
    for gone in ["user.deactivated", "user.deleted"] {
        let learner = Learner::new().await;
        learner.scene.stage.docebo.remove_enrollment(COURSE, LEARNER);
        learner.sits("r-1", Mark::Pass87, 9).await;
        assert_eq!(code(&learner).await.as_deref(), Some("enrollment_not_found"));
        let event = learner.hears(gone, of_user(&learner, LEARNER, &email(LEARNER))).await;
        assert_eq!(outcome(&event), "marked");
        let step = gone.replace('.', "_");
        assert!(learner.steps("r-1").await.contains(&step), "{gone}");
    }
}

/// Whether the result says that its user was shut out, after both events of one second came in this order.
async fn shut_out_and_let_in(order: [&str; 2], active: bool) -> (String, Option<String>, bool, Vec<Endpoint>) {
    let learner = Learner::new().await;
    learner.edits(Enrollment::IN_PROGRESS, Some(55.0), None);
    learner.sits("r-1", Mark::Pass87, 10).await;
    learner.scene.stage.docebo.set_active(LEARNER, active);
    let told = of_user(&learner, LEARNER, &email(LEARNER));
    learner.hears(order[0], told.clone()).await;
    let requests = learner.requests();
    let event = learner.hears(order[1], told).await;
    (
        outcome(&event).to_owned(),
        event.reaction.detail.clone(),
        learner.steps("r-1").await.contains(&"user_deactivated".to_owned()),
        learner.asked_since(requests),
    )
}

#[tokio::test]
async fn a_user_who_is_let_in_and_shut_out_in_one_second_is_looked_at() {
    let order = ["user.reactivated", "user.deactivated"];
    let said = |text: &str| Some(text.to_owned());
    let (outcome, detail, noted, asked) = shut_out_and_let_in(order, true).await;
    assert_eq!((outcome.as_str(), detail), ("asked_docebo", said("the user is let in")));
    assert_eq!((noted, asked), (false, vec![Endpoint::UserRead]));
    let (outcome, detail, noted, _) = shut_out_and_let_in(order, false).await;
    assert_eq!(
        (outcome.as_str(), detail),
        ("asked_docebo", said("the user is shut out"))
    );
    assert!(noted);
    // A change of something else contradicts nothing.
    let (outcome, _, noted, asked) = shut_out_and_let_in(["user.updated", "user.deactivated"], false).await;
    assert_eq!((outcome.as_str(), noted, asked), ("marked", true, Vec::new()));
}

#[tokio::test]
async fn where_docebo_does_not_say_how_a_user_stands_nothing_is_noted() {
    let learner = Learner::new().await;
    learner.edits(Enrollment::IN_PROGRESS, Some(55.0), None);
    learner.sits("r-1", Mark::Pass87, 10).await;
    let told = of_user(&learner, LEARNER, &email(LEARNER));
    learner.hears("user.reactivated", told.clone()).await;
    learner.scene.stage.docebo.delete_user(LEARNER);
    let event = learner.hears("user.deactivated", told).await;
    let detail = event.reaction.detail.as_deref().unwrap();
    assert!(detail.starts_with("Docebo does not say"), "{detail}");
    assert!(!learner.steps("r-1").await.contains(&"user_deactivated".to_owned()));
    // Nobody comes back from that.
    let deleted = learner
        .hears("user.deleted", of_user(&learner, LEARNER, &email(LEARNER)))
        .await;
    assert_eq!(outcome(&deleted), "marked");
    assert!(learner.steps("r-1").await.contains(&"user_deleted".to_owned()));
    let requests = learner.requests();
    let again = learner
        .hears("user.deactivated", of_user(&learner, LEARNER, "elsewhere@example.org"))
        .await;
    assert_eq!(outcome(&again), "marked");
    assert_eq!(learner.asked_since(requests), []);
}

#[tokio::test]
async fn an_address_that_two_accounts_had_leads_to_the_other_once_one_is_deleted() {
    for gone in [LEARNER, NAMESAKE] {
        let learner = Learner::new().await;
        let docebo = &learner.scene.stage.docebo;
        docebo.put_user(User {
            email: email(LEARNER),
            ..docebo.user(NAMESAKE).unwrap()
        });
        learner.sits("r-1", Mark::Pass87, 9).await;
        assert_eq!(code(&learner).await.as_deref(), Some("user_ambiguous"));
        docebo.delete_user(gone);
        let event = learner
            .hears(
                "user.deleted",
                json!({"user_id": gone, "fired_at": in_seconds(&learner, 1)}),
            )
            .await;
        assert_eq!(
            (outcome(&event), event.reaction.detail.as_deref()),
            ("marked", Some("1 job goes on"))
        );
        assert_eq!(learner.standing("r-1").await, (ResultState::Delivered, None));
        let other = if gone == LEARNER { NAMESAKE } else { LEARNER };
        assert_eq!(learner.slate(other), Learner::marked(Mark::Pass87, 9));
    }
}
