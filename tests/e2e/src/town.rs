//! The people and courses that the suites use.

use passback_simulator::{Course, Enrollment, Tenant, User, World};

/// The course of every exam here.
pub const COURSE: u64 = 146;

/// The Docebo id of the learner `learner{number}@example.org`.
pub fn user_id(number: u64) -> u64 {
    1000 + number
}

fn user(id: u64, email: &str) -> User {
    User {
        id,
        email: email.to_owned(),
        username: format!("u{id}"),
        first_name: "Ada".to_owned(),
        last_name: format!("Number{id}"),
        active: true,
    }
}

/// A world with one tenant per name: `learners` enrolled people each, and some in special states.
pub fn town(tenants: &[&str], learners: u64) -> World {
    World {
        tenants: tenants.iter().map(|name| tenant(name, learners)).collect(),
    }
}

fn tenant(name: &str, learners: u64) -> Tenant {
    let mut tenant = Tenant::new(name);
    tenant.calls_per_hour = 0;
    tenant.courses.push(Course {
        id: COURSE,
        name: "Forklift exam".to_owned(),
        code: "FORK-01".to_owned(),
    });
    for number in 0..learners {
        tenant
            .users
            .push(user(user_id(number), &format!("learner{number}@example.org")));
        tenant.enrollments.push(Enrollment::new(COURSE, user_id(number)));
    }
    let special = [
        (1, "not.enrolled@example.org"),
        (2, "completed@example.org"),
        (3, "suspended@example.org"),
        (4, "twin@example.org"),
        (5, "twin@example.org"),
        (6, "waiting@example.org"),
    ];
    tenant.users.extend(special.map(|(id, email)| user(id, email)));
    tenant
        .enrollments
        .push(Enrollment::new(COURSE, 2).with_status(Enrollment::COMPLETED));
    tenant
        .enrollments
        .push(Enrollment::new(COURSE, 3).with_status(Enrollment::SUSPENDED));
    tenant.enrollments.push(Enrollment::new(COURSE, 4));
    tenant.enrollments.push(Enrollment::new(COURSE, 5));
    tenant.enrollments.push(Enrollment::new(COURSE, 6).with_status(-2));
    tenant
}
