//! Whether the parts of a world go together.

use std::collections::HashSet;

use crate::fault::MAX_DELAY_MS;
use crate::webhook::WebhookTarget;
use crate::world::{Tenant, World};

/// The longest life of a token, ten years.
const MAX_TOKEN_SECONDS: u64 = 315_360_000;

impl World {
    /// Says what does not go together, naming tenant and field; `None` if all is well.
    pub(crate) fn complaint(&self) -> Option<String> {
        let mut names = HashSet::new();
        for (index, tenant) in self.tenants.iter().enumerate() {
            if tenant.name.is_empty() {
                return Some(format!("tenant number {} has no name", index + 1));
            }
            if !names.insert(tenant.name.as_str()) {
                return Some(format!("two tenants have the name \"{}\"", tenant.name));
            }
            if let Some(detail) = tenant.complaint() {
                return Some(format!("tenant \"{}\": {detail}", tenant.name));
            }
        }
        None
    }
}

impl Tenant {
    fn complaint(&self) -> Option<String> {
        if self.latency_ms > MAX_DELAY_MS {
            return Some(format!("latency_ms is over {MAX_DELAY_MS}"));
        }
        if self.token_seconds > MAX_TOKEN_SECONDS {
            return Some(format!("token_seconds is over {MAX_TOKEN_SECONDS}"));
        }
        if let Some(detail) = self.webhook.as_ref().and_then(WebhookTarget::complaint) {
            return Some(format!("webhook: {detail}"));
        }
        self.doubled_id().or_else(|| self.enrollment_complaint()).or_else(|| {
            self.faults.iter().enumerate().find_map(|(index, fault)| {
                fault
                    .complaint()
                    .map(|detail| format!("fault number {}: {detail}", index + 1))
            })
        })
    }

    fn doubled_id(&self) -> Option<String> {
        let mut users = HashSet::new();
        if let Some(user) = self.users.iter().find(|user| !users.insert(user.id)) {
            return Some(format!("two users have the id {}", user.id));
        }
        let mut courses = HashSet::new();
        let course = self.courses.iter().find(|course| !courses.insert(course.id));
        course.map(|course| format!("two courses have the id {}", course.id))
    }

    fn enrollment_complaint(&self) -> Option<String> {
        let users: HashSet<u64> = self.users.iter().map(|user| user.id).collect();
        let courses: HashSet<u64> = self.courses.iter().map(|course| course.id).collect();
        let mut pairs = HashSet::new();
        for (index, enrollment) in self.enrollments.iter().enumerate() {
            let detail = if !users.contains(&enrollment.user_id) {
                Some(format!("user_id {} is not one of its users", enrollment.user_id))
            } else if !courses.contains(&enrollment.course_id) {
                Some(format!("course_id {} is not one of its courses", enrollment.course_id))
            } else if !pairs.insert((enrollment.course_id, enrollment.user_id)) {
                Some("the same user and course occur twice".to_owned())
            } else {
                enrollment.complaint()
            };
            if let Some(detail) = detail {
                return Some(format!("enrollment number {}: {detail}", index + 1));
            }
        }
        None
    }
}
