use std::io::Write;

use passback_simulator::{AbsentEnrollment, Fault, FaultKind, FaultOn, World};

const WORLD: &str = r#"
[[tenant]]
name = "acme"
listen = "127.0.0.1:9100"
client_secret = "s1"
calls_per_hour = 0
absent_enrollment = "empty"

[[tenant.user]]
id = 7
email = "r.moreau@example.org"

[[tenant.course]]
id = 146
name = "Forklift exam"
code = "FORK-01"

[[tenant.enrollment]]
user_id = 7
course_id = 146
status = 1

[[tenant.fault]]
on = "enrollment_write"
kind = "throttled"
every = 5
retry_after_seconds = 2

[[tenant]]
name = "globex"
"#;

fn error_in(text: &str) -> String {
    World::from_toml(text).unwrap_err().to_string()
}

#[test]
fn a_world_file_is_read_with_its_defaults() {
    let world = World::from_toml(WORLD).unwrap();
    let [acme, globex] = world.tenants.as_slice() else {
        panic!("two tenants")
    };
    assert_eq!(acme.listen, "127.0.0.1:9100".parse().unwrap());
    assert_eq!(
        (acme.client_id.as_str(), acme.client_secret.as_str()),
        ("passback", "s1")
    );
    assert_eq!((acme.calls_per_hour, acme.token_seconds), (0, 3_600));
    assert_eq!(acme.absent_enrollment, AbsentEnrollment::Empty);
    assert!(acme.users[0].active);
    assert_eq!((acme.enrollments[0].status, acme.enrollments[0].level), (1, 3));
    let fault = Fault::new(FaultOn::EnrollmentWrite, FaultKind::Throttled);
    assert_eq!(acme.faults, [fault.every(5).retry_after_seconds(2)]);
    assert_eq!((globex.name.as_str(), globex.calls_per_hour), ("globex", 1_000));
    assert_eq!(globex.listen.port(), 0);
}

#[test]
fn a_malformed_world_says_the_line_and_the_field() {
    for (old, new, line, field) in [
        ("client_secret =", "client_secrt =", 5, "unknown field `client_secrt`"),
        ("email =", "e_mail =", 11, "unknown field `e_mail`"),
        ("id = 146\nname", "nr = 146\nname", 14, "unknown field `nr`"),
        ("id = 7\nemail", "email", 9, "missing field `id`"),
        ("\"throttled\"", "\"trottled\"", 25, "unknown variant `trottled`"),
        ("status = 1", "status = \"one\"", 21, "expected i8"),
        ("\"acme\"", "\"acme", 3, ""),
        ("127.0.0.1:9100", "localhost", 4, "socket address"),
    ] {
        let error = error_in(&WORLD.replacen(old, new, 1));
        assert!(error.starts_with(&format!("world, line {line}: ")), "{new}: {error}");
        assert!(error.contains(field) && !error.contains('\n'), "{new}: {error}");
    }
}

#[test]
fn a_world_whose_parts_do_not_go_together_names_tenant_and_field() {
    for (old, new, wanted) in [
        ("\"globex\"", "\"acme\"", "two tenants have the name \"acme\""),
        ("name = \"globex\"", "", "tenant number 2 has no name"),
        (
            "user_id = 7",
            "user_id = 8",
            "tenant \"acme\": enrollment number 1: user_id 8",
        ),
        (
            "course_id = 146",
            "course_id = 1",
            "course_id 1 is not one of its courses",
        ),
        ("status = 1", "status = 9", "status is 9"),
        ("status = 1", "date_complete = \"now\"", "date_complete must be written"),
        ("every = 5", "every = 0", "fault number 1: every is 0"),
        ("calls_per_hour = 0", "latency_ms = 999999999", "latency_ms is over"),
    ] {
        let error = error_in(&WORLD.replacen(old, new, 1));
        assert!(error.contains(wanted), "{new}: {error}");
    }
}

#[test]
fn errors_of_a_file_name_the_file() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[[tenant]]\nnam = \"acme\"\n").unwrap();
    let error = World::from_file(file.path()).unwrap_err().to_string();
    let wanted = format!("{}, line 2: unknown field `nam`", file.path().display());
    assert!(error.starts_with(&wanted), "{error}");

    let absent = file.path().with_extension("absent");
    let error = World::from_file(&absent).unwrap_err().to_string();
    let wanted = format!("the world file {} cannot be read: ", absent.display());
    assert!(error.starts_with(&wanted), "{error}");

    file.as_file_mut().set_len(0).unwrap();
    std::fs::write(file.path(), WORLD).unwrap();
    assert_eq!(World::from_file(file.path()).unwrap().tenants.len(), 2);
}

#[test]
fn secrets_and_people_stay_out_of_debug_output() {
    let world = World::from_toml(WORLD).unwrap();
    let shown = format!("{world:?} {:?}", world.tenants[0].users);
    assert!(!shown.contains("s1") && !shown.contains("moreau"), "{shown}");
}
