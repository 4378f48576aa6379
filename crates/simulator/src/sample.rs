//! A small world to begin with.

use crate::enrollment::Enrollment;
use crate::world::{Course, Tenant, User, World};

const FORKLIFT_EXAM: u64 = 146;
const FIRST_AID_EXAM: u64 = 147;

/// Id, e-mail, first name, last name, whether active.
const PEOPLE: [(u64, &str, &str, &str, bool); 11] = [
    (13_827, "r.moreau@example.org", "Remy", "Moreau", true),
    (13_828, "a.kowalska@example.org", "Anna", "Kowalska", true),
    (13_829, "j.doe@example.org", "Jordan", "Doe", true),
    (13_830, "m.ricci@example.org", "Marta", "Ricci", true),
    (13_831, "twin@example.org", "Tessa", "Winter", true),
    (13_832, "twin@example.org", "Tom", "Winter", true),
    (13_833, "n.haddad@example.org", "Nour", "Haddad", true),
    (13_834, "l.svensson@example.org", "Lena", "Svensson", true),
    (13_835, "k.tanaka@example.org", "Ken", "Tanaka", true),
    (13_836, "o.okafor@example.org", "Obi", "Okafor", false),
    (13_837, "p.lopez@example.org", "Paz", "Lopez", true),
];

/// Course, user, status. User 13833 is in no course on purpose.
const PLACES: [(u64, u64, i8); 11] = [
    (FORKLIFT_EXAM, 13_827, Enrollment::SUBSCRIBED),
    (FORKLIFT_EXAM, 13_828, Enrollment::IN_PROGRESS),
    (FORKLIFT_EXAM, 13_829, Enrollment::COMPLETED),
    (FORKLIFT_EXAM, 13_830, Enrollment::SUSPENDED),
    (FORKLIFT_EXAM, 13_831, Enrollment::SUBSCRIBED),
    (FORKLIFT_EXAM, 13_834, Enrollment::SUBSCRIBED),
    (FIRST_AID_EXAM, 13_834, Enrollment::SUBSCRIBED),
    (FORKLIFT_EXAM, 13_835, -2),
    (FORKLIFT_EXAM, 13_836, Enrollment::SUBSCRIBED),
    (FORKLIFT_EXAM, 13_837, Enrollment::SUBSCRIBED),
    (FIRST_AID_EXAM, 13_837, Enrollment::IN_PROGRESS),
];

impl World {
    /// Builds the world that a first look starts with: the tenant "acme", two exams, eleven people.
    pub fn sample() -> World {
        World {
            tenants: vec![Tenant {
                users: PEOPLE.iter().map(person).collect(),
                courses: vec![
                    course(FORKLIFT_EXAM, "Forklift exam", "FORK-01"),
                    course(FIRST_AID_EXAM, "First aid exam", "AID-01"),
                ],
                enrollments: PLACES.iter().map(place).collect(),
                ..Tenant::new("acme")
            }],
        }
    }
}

fn person((id, email, first_name, last_name, active): &(u64, &str, &str, &str, bool)) -> User {
    User {
        id: *id,
        email: (*email).to_owned(),
        // The twins share an e-mail; Docebo keeps user names unique.
        username: format!("{}.{}", first_name.to_lowercase(), last_name.to_lowercase()),
        first_name: (*first_name).to_owned(),
        last_name: (*last_name).to_owned(),
        active: *active,
    }
}

fn course(id: u64, name: &str, code: &str) -> Course {
    Course {
        id,
        name: name.to_owned(),
        code: code.to_owned(),
    }
}

fn place((course_id, user_id, status): &(u64, u64, i8)) -> Enrollment {
    let completed = *status == Enrollment::COMPLETED;
    Enrollment {
        date_inscr: Some("2026-01-20 13:05:00".to_owned()),
        date_complete: completed.then(|| "2026-02-11 09:30:11".to_owned()),
        score: completed.then_some(91.0),
        ..Enrollment::new(*course_id, *user_id).with_status(*status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_world_goes_together_and_survives_a_file() {
        let world = World::sample();
        assert_eq!(world.complaint(), None);
        let text = toml::to_string(&world).unwrap();
        let back = World::from_toml(&text).unwrap();
        assert_eq!(back.tenants[0].enrollments, world.tenants[0].enrollments);
        assert_eq!(back.tenants[0].users, world.tenants[0].users);
    }
}
