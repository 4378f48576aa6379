//! What people do on the platform, by the control of a tenant; each change fires its webhook.

use crate::clock::Moment;
use crate::enrollment::Enrollment;
use crate::handle::TenantHandle;
use crate::request::Pair;
use crate::world::{Course, User};

impl TenantHandle {
    /// Returns a user as it is now.
    pub fn user(&self, user_id: u64) -> Option<User> {
        self.platform.state().user(user_id).cloned()
    }

    /// Adds a user, or replaces the one with the same id.
    ///
    /// It fires `user.created`, or `user.updated`, `user.deactivated`, `user.reactivated` by what differs.
    pub fn put_user(&self, user: User) {
        self.platform.state().put_user(user, Moment::now());
    }

    /// Gives a user another e-mail, which fires `user.updated`; false if there is no such user.
    pub fn set_email(&self, user_id: u64, email: &str) -> bool {
        let change = |user: &mut User| email.clone_into(&mut user.email);
        self.platform.state().change_user(user_id, change, Moment::now())
    }

    /// Keeps a user from signing in, or no longer; false if there is no such user.
    ///
    /// It fires `user.deactivated` or `user.reactivated`.
    pub fn set_active(&self, user_id: u64, active: bool) -> bool {
        let change = |user: &mut User| user.active = active;
        self.platform.state().change_user(user_id, change, Moment::now())
    }

    /// Deletes a user with all enrolments and returns what it was; it fires `user.deleted` alone.
    pub fn delete_user(&self, user_id: u64) -> Option<User> {
        self.platform.state().delete_user(user_id, Moment::now())
    }

    /// Returns a course as it is now.
    pub fn course(&self, course_id: u64) -> Option<Course> {
        self.platform.state().course(course_id).cloned()
    }

    /// Adds a course, or replaces the one with the same id, which fires `course.updated`.
    pub fn put_course(&self, course: Course) {
        self.platform.state().put_course(course, Moment::now());
    }

    /// Deletes a course with all enrolments and returns what it was; it fires `course.deleted` alone.
    pub fn delete_course(&self, course_id: u64) -> Option<Course> {
        self.platform.state().delete_course(course_id, Moment::now())
    }

    /// Reports a course as outdated on behalf of a user, which fires `content.markedoutdated`.
    ///
    /// Returns how many reports there are now; `None` if there is no such course.
    pub fn mark_outdated(&self, course_id: u64, user_id: u64) -> Option<u64> {
        self.platform.state().mark_outdated(course_id, user_id, Moment::now())
    }

    /// Sets an enrolment, as an administrator would by hand; it is not an effect.
    ///
    /// It fires `course.enrollment.created`, `.completed` or `.updated`, by what differs.
    pub fn put_enrollment(&self, enrollment: Enrollment) {
        self.platform.state().put_enrollment(enrollment, Moment::now());
    }

    /// Completes a course for a user now, by hand; false if there is no such enrolment.
    ///
    /// It fires `course.enrollment.completed`, or `.updated` if it was completed before.
    pub fn complete(&self, course_id: u64, user_id: u64, score: Option<f64>) -> bool {
        let pair = Pair { course_id, user_id };
        self.platform.state().complete(pair, score, Moment::now())
    }

    /// Removes an enrolment and returns what it was; it fires `course.enrollment.deleted`.
    pub fn remove_enrollment(&self, course_id: u64, user_id: u64) -> Option<Enrollment> {
        let pair = Pair { course_id, user_id };
        self.platform.state().remove_enrollment(pair, Moment::now())
    }
}
