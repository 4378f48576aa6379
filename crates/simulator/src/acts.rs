//! What people do on the platform by hand; none of it is an effect of a call.

use crate::clock::Moment;
use crate::enrollment::Enrollment;
use crate::request::Pair;
use crate::state::{SearchableUser, State, pair_of};
use crate::webhook::{self, WebhookEvent};
use crate::world::{Course, User};

impl State {
    /// Adds a user, or replaces the one with the same id.
    pub(crate) fn put_user(&mut self, user: User, now: Moment) {
        let after = user.clone();
        let before = self.users.insert(user.id, SearchableUser::new(user));
        let before = before.map(|entry| entry.user);
        self.tell_user(before.as_ref(), Some(&after), now);
    }

    /// Changes a user; false if there is none.
    pub(crate) fn change_user(&mut self, user_id: u64, change: impl FnOnce(&mut User), now: Moment) -> bool {
        let Some(mut user) = self.user(user_id).cloned() else {
            return false;
        };
        change(&mut user);
        self.put_user(user, now);
        true
    }

    /// Deletes a user and the user's enrolments; Docebo's documents do not say that those are told as well.
    pub(crate) fn delete_user(&mut self, user_id: u64, now: Moment) -> Option<User> {
        let user = self.users.remove(&user_id)?.user;
        self.enrollments.retain(|pair, _| pair.user_id != user_id);
        self.tell_user(Some(&user), None, now);
        Some(user)
    }

    /// Adds a course, or replaces the one with the same id.
    pub(crate) fn put_course(&mut self, course: Course, now: Moment) {
        let after = course.clone();
        let before = self.courses.insert(course.id, course);
        self.tell_course(before.as_ref(), Some(&after), now);
    }

    /// Deletes a course and its enrolments; Docebo's documents do not say that those are told as well.
    pub(crate) fn delete_course(&mut self, course_id: u64, now: Moment) -> Option<Course> {
        let course = self.courses.remove(&course_id)?;
        self.enrollments.retain(|pair, _| pair.course_id != course_id);
        self.reports.remove(&course_id);
        self.tell_course(Some(&course), None, now);
        Some(course)
    }

    /// Reports a course as outdated; returns the number of reports, `None` if there is no such course.
    pub(crate) fn mark_outdated(&mut self, course_id: u64, user_id: u64, now: Moment) -> Option<u64> {
        self.courses.get(&course_id)?;
        let reports = self.reports.entry(course_id).or_default();
        *reports += 1;
        let reports = *reports;
        if let Some(target) = self.outbox.wants(WebhookEvent::ContentMarkedOutdated) {
            let payload = webhook::course_outdated(course_id, user_id, reports, &target, now);
            self.fire(WebhookEvent::ContentMarkedOutdated, payload, now);
        }
        Some(reports)
    }

    /// Sets an enrolment.
    pub(crate) fn put_enrollment(&mut self, enrollment: Enrollment, now: Moment) {
        let after = enrollment.clone();
        let before = self.enrollments.insert(pair_of(&enrollment), enrollment);
        if let Some(event) = webhook::to_enrollment(before.as_ref(), Some(&after)) {
            self.tell_enrollment(event, &after, now);
        }
    }

    /// Completes a course for a user, with a score or without; false if there is no such enrolment.
    pub(crate) fn complete(&mut self, pair: Pair, score: Option<f64>, now: Moment) -> bool {
        let Some(before) = self.enrollment(pair).cloned() else {
            return false;
        };
        let after = Enrollment {
            status: Enrollment::COMPLETED,
            score: score.or(before.score),
            date_complete: Some(now.docebo_text()),
            ..before
        };
        self.put_enrollment(after, now);
        true
    }

    /// Takes a user out of a course.
    pub(crate) fn remove_enrollment(&mut self, pair: Pair, now: Moment) -> Option<Enrollment> {
        let removed = self.enrollments.remove(&pair)?;
        self.tell_enrollment(WebhookEvent::EnrollmentDeleted, &removed, now);
        Some(removed)
    }

    /// Fires an enrolment's event, if it is ticked.
    pub(crate) fn tell_enrollment(&mut self, event: WebhookEvent, enrollment: &Enrollment, now: Moment) {
        let Some(target) = self.outbox.wants(event) else {
            return;
        };
        let user = self.user(enrollment.user_id);
        let course = self.course(enrollment.course_id);
        let payload = webhook::enrollment_changed(event, enrollment, user, course, &target, now);
        self.fire(event, payload, now);
    }

    fn tell_user(&mut self, before: Option<&User>, after: Option<&User>, now: Moment) {
        let Some(user) = after.or(before) else { return };
        for event in webhook::to_user(before, after) {
            if let Some(target) = self.outbox.wants(event) {
                let payload = webhook::user_changed(event, user, &target, now);
                self.fire(event, payload, now);
            }
        }
    }

    fn tell_course(&mut self, before: Option<&Course>, after: Option<&Course>, now: Moment) {
        let Some(course) = after.or(before) else { return };
        let Some(event) = webhook::to_course(before, after) else {
            return;
        };
        if let Some(target) = self.outbox.wants(event) {
            let payload = webhook::course_changed(event, course, &target, now);
            self.fire(event, payload, now);
        }
    }

    fn fire(&mut self, event: WebhookEvent, payload: serde_json::Value, now: Moment) {
        // The outbox counts and tells what it cannot take.
        self.outbox.fire(event.name(), payload, now);
    }
}
