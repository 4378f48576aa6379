//! Open enums know every spelling of the list, and keep the others.

use passback_docebo::webhook::{CourseLevel, CourseType, PaymentStatus, TrainingMaterialStatus, TrainingMaterialType};
use rstest::rstest;
use serde_json::Value;

/// Every value that the list allows for the fields of one name.
fn allowed(names: &[&str]) -> Vec<String> {
    let list: Value = serde_json::from_str(include_str!("../../webhook-events.json")).unwrap();
    let properties = list
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|event| event["properties"].as_array().unwrap());
    let values = properties
        .filter(|property| names.contains(&property["name"].as_str().unwrap()))
        .filter_map(|property| property["allowed"].as_array())
        .flatten();
    values.map(|value| value.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_value_of_the_list_is_known_and_spelled_as_there() {
    let course_types = allowed(&["course_type", "type"]);
    assert!(!course_types.is_empty());
    for text in course_types {
        assert!(CourseType::parse(&text).is_known());
        assert_eq!(CourseType::parse(&text).as_str(), text);
    }
    for text in allowed(&["level"]) {
        assert!(CourseLevel::parse(&text).is_known());
        assert_eq!(CourseLevel::parse(&text).as_str(), text);
    }
    for text in allowed(&["training_material_type"]) {
        assert!(TrainingMaterialType::parse(&text).is_known());
        assert_eq!(TrainingMaterialType::parse(&text).as_str(), text);
    }
    for text in allowed(&["training_material_status"]) {
        assert!(TrainingMaterialStatus::parse(&text).is_known());
        assert_eq!(TrainingMaterialStatus::parse(&text).as_str(), text);
    }
    for text in allowed(&["payment_status"]) {
        assert!(PaymentStatus::parse(&text).is_known());
        assert_eq!(PaymentStatus::parse(&text).as_str(), text);
    }
}

#[rstest]
#[case("learner", CourseLevel::Learner)]
#[case("Student", CourseLevel::Learner)]
#[case("3", CourseLevel::Learner)]
#[case(" TUTOR ", CourseLevel::Tutor)]
#[case("4", CourseLevel::Tutor)]
#[case("6", CourseLevel::Instructor)]
#[case("coach", CourseLevel::Coach)]
#[case("5", CourseLevel::Other("5".to_owned()))]
#[case("Owner ", CourseLevel::Other("Owner ".to_owned()))]
fn a_level_is_read_in_every_spelling(#[case] text: &str, #[case] level: CourseLevel) {
    assert_eq!(CourseLevel::parse(text), level);
    assert_eq!(CourseLevel::parse(level.as_str()), level);
}

#[rstest]
#[case("ab-initio")]
#[case("ab_initio")]
#[case("Ab Initio")]
fn the_sign_between_words_does_not_matter(#[case] text: &str) {
    assert_eq!(TrainingMaterialStatus::parse(text), TrainingMaterialStatus::AbInitio);
}
