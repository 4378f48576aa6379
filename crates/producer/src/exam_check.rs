//! A check of an exam's set-up: what can be read with the connector's account, step by step, and what is wrong.

use passback_docebo::{Calls, Client, CourseGlance, CourseId, Error, User, UserId};
use passback_registry::{Exam, ExamId};

use crate::eligibility::eligibility;
use crate::exam_check_view::{ExamCheck, SetUpStep, StepName, by_hand};
use crate::{Code, IntakeError, Producer, StoreError, failure_code, field_rules, public_time};

/// What Docebo is asked, in this order.
struct Walk<'a> {
    client: &'a Client,
    exam: &'a Exam,
    calls: Calls,
    steps: Vec<SetUpStep>,
    course_seen: bool,
}

impl Producer {
    /// Checks an exam's set-up with the account of its connector, and with the e-mail of a candidate if one is given.
    /// Only reads, with about five calls that are counted. None if there is no such exam.
    pub async fn check_exam(&self, id: &ExamId, email: Option<&str>) -> Result<Option<ExamCheck>, IntakeError> {
        let mut problems = Vec::new();
        let email = email.map(|email| field_rules::email(email, &mut problems));
        if !problems.is_empty() {
            return Err(IntakeError::Invalid(problems));
        }
        let Some(exam) = self.registry.exam(id).await? else {
            return Ok(None);
        };
        let now = public_time::from_ms(self.queue.now_ms().await?);
        let (steps, calls) = self.walk(&exam, email.flatten().as_deref()).await?;
        Ok(Some(ExamCheck {
            exam_id: exam.id.clone(),
            connector: exam.connector.clone(),
            course_id: exam.course_id,
            ok: steps.iter().all(|step| step.ok != Some(false)),
            by_hand: by_hand(&exam),
            steps,
            calls,
            checked_at: now,
        }))
    }

    /// The steps, and how many calls they cost.
    async fn walk(&self, exam: &Exam, email: Option<&str>) -> Result<(Vec<SetUpStep>, usize), StoreError> {
        let known = |step: SetUpStep| {
            let untried = StepName::after_connector(email.is_some()).map(SetUpStep::untried);
            std::iter::once(step).chain(untried).collect()
        };
        let connector = match self.registry.connector(&exam.connector).await {
            Ok(Some(connector)) => connector,
            Ok(None) => {
                let detail = format!("there is no connector {}", exam.connector);
                let step = SetUpStep::wrong(StepName::Connector, Code::ConnectorMissing, detail);
                return Ok((known(step), 0));
            }
            Err(error) if error.is_retryable() => return Err(error.into()),
            Err(error) => {
                let step = SetUpStep::wrong(StepName::Connector, Code::Unreadable, error.to_string());
                return Ok((known(step), 0));
            }
        };
        let client = match self.counted(self.docebo_client(&connector), &connector) {
            Ok(client) => client,
            Err(error) => {
                let step = SetUpStep::wrong(StepName::Connector, Code::DoceboUnreachable, error.to_string());
                return Ok((known(step), 0));
            }
        };
        let detail = format!("connector {} goes to {}", connector.id, connector.domain);
        let mut walk = Walk {
            client: &client,
            exam,
            calls: Calls::default(),
            steps: vec![SetUpStep::fine(StepName::Connector, detail)],
            course_seen: false,
        };
        let today = public_time::from_ms(self.queue.now_ms().await?);
        walk.go(email, today.to_zoned(jiff::tz::TimeZone::UTC).datetime()).await;
        let (steps, calls) = (walk.steps, walk.calls.0.len());
        if walk.course_seen {
            self.course_seen(&exam.connector, &connector.domain.to_string(), exam.course_id)
                .await?;
        }
        Ok((steps, calls))
    }
}

impl Walk<'_> {
    async fn go(&mut self, email: Option<&str>, now: jiff::civil::DateTime) {
        if !self.credentials().await {
            let untried = StepName::after_connector(email.is_some())
                .skip(1)
                .map(SetUpStep::untried);
            self.steps.extend(untried);
            return;
        }
        let may_read_users = self.rights().await;
        self.course().await;
        let Some(email) = email else { return };
        let user = if may_read_users {
            self.user(email).await
        } else {
            self.steps.push(SetUpStep::untried(StepName::User));
            None
        };
        match user {
            Some(user) => self.enrollment(user, now).await,
            None => self.steps.push(SetUpStep::untried(StepName::Enrollment)),
        }
    }

    async fn credentials(&mut self) -> bool {
        let answered = self.client.authenticate(&mut self.calls).await;
        let detail = "Docebo gave a token for them".to_owned();
        self.note(StepName::Credentials, answered.map(|()| detail))
    }

    async fn rights(&mut self) -> bool {
        let answered = self.client.probe(&mut self.calls).await;
        let detail = "the account may read the list of users".to_owned();
        self.note(StepName::Rights, answered.map(|()| detail))
    }

    async fn course(&mut self) {
        let course = CourseId(self.exam.course_id);
        let step = match self.client.course_glance(course, &mut self.calls).await {
            Ok(glance) => {
                self.course_seen = glance.enrolled_seen;
                seen_course(course, glance)
            }
            // Not every platform may know this list; that it answers otherwise says nothing of the course.
            Err(error) if is_of_the_list_alone(&error) => SetUpStep {
                detail: format!(
                    "the list of enrolments cannot be read here, which says nothing of the course: {error}"
                ),
                ..SetUpStep::unclear(StepName::Course)
            },
            Err(error) => SetUpStep::failed(StepName::Course, &error),
        };
        self.steps.push(step);
    }

    async fn user(&mut self, email: &str) -> Option<UserId> {
        let (step, user) = match self.client.users_by_email(email, &mut self.calls).await {
            Err(error) => (SetUpStep::failed(StepName::User, &error), None),
            Ok(users) => match users.as_slice() {
                [] => {
                    let detail = "no user that the account sees has this e-mail".to_owned();
                    (SetUpStep::wrong(StepName::User, Code::UserNotFound, detail), None)
                }
                [user] => (SetUpStep::fine(StepName::User, described(user)), Some(user.id)),
                [_, _, ..] => {
                    let detail = format!("{} users have this e-mail", users.len());
                    (SetUpStep::wrong(StepName::User, Code::UserAmbiguous, detail), None)
                }
            },
        };
        self.steps.push(step);
        user
    }

    async fn enrollment(&mut self, user: UserId, now: jiff::civil::DateTime) {
        let course = CourseId(self.exam.course_id);
        let step = match self.client.enrollment(course, user, &mut self.calls).await {
            Err(error) => SetUpStep::failed(StepName::Enrollment, &error),
            Ok(None) => {
                let detail = format!("user {user} is not enrolled in course {course}");
                SetUpStep::wrong(StepName::Enrollment, Code::EnrollmentNotFound, detail)
            }
            Ok(Some(enrollment)) => {
                let detail = format!("user {user} is in course {course} as {}", enrollment.status.as_str());
                let code = eligibility(&enrollment, self.exam, now).unwrap_or(Code::UnexpectedResponse);
                if code == Code::Eligible {
                    SetUpStep::fine(StepName::Enrollment, detail)
                } else {
                    SetUpStep::wrong(StepName::Enrollment, code, detail)
                }
            }
        };
        self.steps.push(step);
    }

    /// Notes a step that either works or not; says whether it does.
    fn note(&mut self, name: StepName, answered: Result<String, Error>) -> bool {
        let step = match answered {
            Ok(detail) => SetUpStep::fine(name, detail),
            Err(error) => SetUpStep::failed(name, &error),
        };
        let works = step.ok == Some(true);
        self.steps.push(step);
        works
    }
}

fn seen_course(course: CourseId, glance: CourseGlance) -> SetUpStep {
    if !glance.enrolled_seen {
        return SetUpStep {
            detail: format!(
                "nobody is seen in course {course}: it is empty, or not there, or the account may not see it"
            ),
            ..SetUpStep::unclear(StepName::Course)
        };
    }
    let name = glance.name.map(|name| format!(" \"{name}\"")).unwrap_or_default();
    SetUpStep::fine(
        StepName::Course,
        format!("course {course}{name} is there, and somebody is in it"),
    )
}

fn described(user: &User) -> String {
    let active = match user.active {
        Some(false) => ", who is suspended",
        Some(true) | None => "",
    };
    let expired = match user.expired {
        Some(true) => ", whose account has expired",
        Some(false) | None => "",
    };
    format!("the e-mail leads to user {}{active}{expired}", user.id)
}

fn is_of_the_list_alone(error: &Error) -> bool {
    let code = failure_code(&error.failure);
    [Code::UnexpectedResponse, Code::Rejected].contains(&code)
}
