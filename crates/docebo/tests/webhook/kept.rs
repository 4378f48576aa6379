//! Each property of each event, set to everything that it should not be.

use passback_docebo::webhook::{Event, fields};
use rstest::rstest;
use serde_json::{Value, json};

use crate::published::{Property, Published, published};

/// Every property of every event, with its event and its kind.
fn each_property(mut check: impl FnMut(&Published, &Property, &str)) {
    let mut checked = 0;
    for event in published() {
        for property in &event.properties {
            let known = fields(&event.name).unwrap();
            let kind = known.iter().find(|field| field.name == property.name).unwrap().kind;
            check(&event, property, kind);
            checked += 1;
        }
    }
    assert_eq!(checked, 508, "the list has changed");
}

fn set(event: &Published, property: &Property, value: &Value) -> Event {
    Event::read(&event.name, &event.payload_with(&property.name, value))
}

#[rstest]
#[case(json!(null))]
#[case(json!(""))]
#[case(json!("  "))]
fn a_property_that_says_nothing_is_unset_and_written_again(#[case] nothing: Value) {
    each_property(|event, property, _| {
        let read = set(event, property, &nothing);
        assert_eq!(read.unset().unwrap().get(&property.name), Some(&nothing));
        assert!(!read.other().unwrap().contains_key(&property.name));
        assert_eq!(read.to_payload(), event.payload_with(&property.name, &nothing));
    });
}

#[rstest]
#[case(json!("0000-00-00 00:00:00"))]
#[case(json!("0000-00-00"))]
fn a_zero_date_is_unset_where_a_date_belongs_and_kept_elsewhere(#[case] zero: Value) {
    each_property(|event, property, kind| {
        let read = set(event, property, &zero);
        let unset = read.unset().unwrap().contains_key(&property.name);
        assert_eq!(
            unset,
            ["moment", "end", "day"].contains(&kind),
            "{} {}",
            event.name,
            property.name
        );
        assert_eq!(read.to_payload()[&property.name], zero);
    });
}

#[rstest]
#[case(json!("13827"))]
#[case(json!(" 13827 "))]
#[case(json!(13827.0))]
#[case(json!("13827.0"))]
fn a_number_is_read_in_every_form(#[case] sent: Value) {
    each_property(|event, property, kind| {
        if ["id", "count"].contains(&kind) {
            assert_eq!(set(event, property, &sent), set(event, property, &json!(13827)));
            assert_eq!(set(event, property, &sent).to_payload()[&property.name], json!(13827));
        }
    });
}

#[rstest]
#[case(json!("1"), true)]
#[case(json!("0"), false)]
#[case(json!(1), true)]
#[case(json!(0), false)]
#[case(json!(true), true)]
#[case(json!("false"), false)]
fn a_flag_is_read_in_every_form(#[case] sent: Value, #[case] flag: bool) {
    each_property(|event, property, kind| {
        let written = set(event, property, &sent).to_payload()[&property.name].clone();
        match kind {
            "flag" => assert_eq!(written, json!(flag)),
            "bit" => assert_eq!(written, json!(u8::from(flag))),
            _ => {}
        }
    });
}

#[rstest]
#[case(json!("2026-02-11 09:30:12"))]
#[case(json!("2026-02-11T09:30:12Z"))]
#[case(json!("2026-02-11T11:30:12+02:00"))]
#[case(json!("2026-02-11T09:30:12.000000Z"))]
#[case(json!(1_770_802_212))]
fn a_moment_is_read_in_every_form(#[case] sent: Value) {
    each_property(|event, property, kind| {
        if ["moment", "end"].contains(&kind) {
            let written = set(event, property, &sent).to_payload()[&property.name].clone();
            assert_eq!(
                written,
                json!("2026-02-11 09:30:12"),
                "{} {}",
                event.name,
                property.name
            );
        }
    });
}

/// Values and the kinds that make something else of them; all others keep them exactly, in a field or beside it.
#[rstest]
#[case::a_flag(json!(true), &["bit"])]
#[case::an_object(json!({"id": 1}), &[])]
#[case::a_list(json!([1, "a", null]), &[])]
#[case::a_fraction(json!(1.5), &[])]
#[case::a_negative(json!(-70_000_000_000_000_i64), TEXTS)]
#[case::huge(json!(1e300), &[])]
#[case::beyond_exact(json!(1e18), &[])]
#[case::the_largest(json!(u64::MAX), TEXTS)]
#[case::words(json!("r.moreau@example.org"), &[])]
#[case::rounded(json!("9007199254740993.0"), &[])]
#[case::a_zone_in_brackets(json!("2026-02-11 09:30:12[Europe/Rome]"), &[])]
#[case::a_day_that_is_not(json!("2026-02-30"), &[])]
#[case::long(json!("x".repeat(500)), &[])]
fn a_value_of_another_form_is_kept_exactly(#[case] value: Value, #[case] changed_by: &[&str]) {
    each_property(|event, property, kind| {
        let read = set(event, property, &value);
        let written = read.to_payload()[&property.name].clone();
        assert!(read.is_known());
        assert!(!read.unset().unwrap().contains_key(&property.name));
        if changed_by.contains(&kind) {
            let respelled = [
                value.clone(),
                json!(value.to_string()),
                json!(i32::from(value == json!(true))),
            ];
            assert!(
                respelled.contains(&written),
                "{} {} ({kind})",
                event.name,
                property.name
            );
        } else {
            assert_eq!(written, value, "{} {} ({kind})", event.name, property.name);
        }
        assert_eq!(Event::read(&event.name, &read.to_payload()), read);
    });
}

/// The kinds that read a whole number as a text.
const TEXTS: &[&str] = &[
    "text",
    "enrolment status",
    "course level",
    "course type",
    "training material type",
    "training material status",
    "payment status",
];

#[test]
fn an_empty_list_and_an_empty_object_are_the_same_where_either_belongs() {
    each_property(|event, property, kind| {
        let list = set(event, property, &json!([])).to_payload()[&property.name].clone();
        let object = set(event, property, &json!({})).to_payload()[&property.name].clone();
        let expected = match kind {
            "object" => (json!({}), json!({})),
            "list" => (json!([]), json!([])),
            _ => (json!([]), json!({})),
        };
        assert_eq!((list, object), expected, "{} {} ({kind})", event.name, property.name);
    });
}
