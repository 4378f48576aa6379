//! Checks fields one by one and collects everything that is wrong.

use std::fmt::Display;
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

use crate::field_error::{FieldError, FieldErrors, nearest};
use crate::id::ExamId;

const MAX_TEXT_CHARS: usize = 200;
const MAX_SECRET_BYTES: usize = 4_096;

/// Collects the errors of one connector or exam.
pub(crate) struct FieldCheck {
    target: String,
    errors: Vec<FieldError>,
}

impl FieldCheck {
    /// Names the thing by its id where that id is one.
    pub(crate) fn new(kind: &str, id: Option<&str>) -> Self {
        let id = id.filter(|id| id.parse::<ExamId>().is_ok());
        Self {
            target: id.map_or_else(|| kind.to_owned(), |id| format!("{kind} {id}")),
            errors: Vec::new(),
        }
    }

    pub(crate) fn finish(self) -> FieldErrors {
        FieldErrors(self.errors)
    }

    pub(crate) fn refuse(&mut self, field: &str, problem: impl Into<String>, fix: impl Into<String>) {
        let error = FieldError::new(field, problem, fix).of(&self.target);
        self.errors.push(error);
    }

    fn missing(&mut self, field: &str) {
        self.refuse(field, "missing", format!("add {field}"));
    }

    /// A parser's answer, its error turned into one of this field.
    pub(crate) fn parsed<T, E: Display>(&mut self, field: &str, answer: Result<T, E>) -> Option<T> {
        match answer {
            Ok(value) => Some(value),
            Err(error) => {
                let text = error.to_string();
                let (problem, fix) = text.split_once(": ").unwrap_or((&text, "correct it"));
                self.refuse(field, problem, fix);
                None
            }
        }
    }

    pub(crate) fn id<T>(&mut self, field: &str, text: Option<&str>) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let Some(text) = text else {
            self.missing(field);
            return None;
        };
        self.parsed(field, text.parse::<T>())
    }

    pub(crate) fn text<'a>(&mut self, field: &str, text: Option<&'a str>) -> Option<&'a str> {
        let Some(text) = text else {
            self.missing(field);
            return None;
        };
        self.bounded(field, text)
    }

    pub(crate) fn optional_text<'a>(&mut self, field: &str, text: Option<&'a str>) -> Option<&'a str> {
        text.and_then(|text| self.bounded(field, text))
    }

    fn bounded<'a>(&mut self, field: &str, text: &'a str) -> Option<&'a str> {
        let text = text.trim();
        if text.is_empty() {
            self.refuse(field, "empty", format!("give {field} a value"));
            return None;
        }
        if text.chars().count() > MAX_TEXT_CHARS || text.chars().any(char::is_control) {
            self.refuse(
                field,
                "too long or with control characters",
                format!("use at most {MAX_TEXT_CHARS} printable characters"),
            );
            return None;
        }
        Some(text)
    }

    pub(crate) fn secret<'a>(&mut self, field: &str, secret: Option<&'a SecretString>) -> Option<&'a SecretString> {
        let Some(secret) = secret else {
            self.missing(field);
            return None;
        };
        let bytes = secret.expose_secret().len();
        if bytes == 0 || bytes > MAX_SECRET_BYTES {
            self.refuse(
                field,
                format!("a secret of {bytes} bytes"),
                format!("use 1 to {MAX_SECRET_BYTES} bytes"),
            );
            return None;
        }
        Some(secret)
    }

    /// A number within (least, default, most); where it is wrong, the default stands in for further checks.
    pub(crate) fn number(&mut self, field: &str, value: Option<i64>, (least, default, most): (u32, u32, u32)) -> u32 {
        self.optional_number(field, value, (least, most)).unwrap_or(default)
    }

    /// A number within (least, most) that may be left out.
    pub(crate) fn optional_number(
        &mut self,
        field: &str,
        value: Option<i64>,
        (least, most): (u32, u32),
    ) -> Option<u32> {
        let value = value?;
        let number = u32::try_from(value)
            .ok()
            .filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.refuse(
                field,
                format!("{value} is out of range"),
                format!("use a whole number from {least} to {most}"),
            );
        }
        number
    }

    /// Docebo's number of a thing (`what`: course).
    pub(crate) fn docebo_id(&mut self, field: &str, value: Option<i64>, what: &str) -> Option<u64> {
        let Some(value) = value else {
            self.missing(field);
            return None;
        };
        match u64::try_from(value) {
            Ok(id) if id > 0 => Some(id),
            Ok(_) | Err(_) => {
                self.refuse(
                    field,
                    format!("{value} is no {what} id"),
                    format!("use the number of the {what} in Docebo"),
                );
                None
            }
        }
    }

    pub(crate) fn choice<T: Copy>(
        &mut self,
        field: &str,
        word: Option<&str>,
        default: T,
        choices: &[(&'static str, T)],
    ) -> T {
        let Some(word) = word else {
            return default;
        };
        if let Some(value) = chosen(word, choices) {
            return value;
        }
        self.refuse(field, "not a known word", offer(word, choices));
        default
    }

    /// Several words, at least one, none of them twice.
    pub(crate) fn choices<T: Copy + PartialEq>(
        &mut self,
        field: &str,
        words: &[String],
        choices: &[(&'static str, T)],
    ) -> Vec<T> {
        let mut values = Vec::new();
        if words.is_empty() {
            self.refuse(field, "an empty list", format!("use one or more of {}", names(choices)));
        }
        // The first mistake ends the look: the list may be as long as whoever sends it likes.
        for (index, word) in words.iter().enumerate() {
            match chosen(word, choices) {
                Some(value) if values.contains(&value) => {
                    self.refuse(field, format!("'{word}' stands in it twice"), "keep one of the two");
                    break;
                }
                Some(value) => values.push(value),
                None => {
                    let problem = format!("entry {} is not a known word", index + 1);
                    self.refuse(field, problem, offer(word, choices));
                    break;
                }
            }
        }
        values
    }
}

fn chosen<T: Copy>(word: &str, choices: &[(&'static str, T)]) -> Option<T> {
    choices.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

fn offer<T>(word: &str, choices: &[(&'static str, T)]) -> String {
    match nearest(word, choices.iter().map(|(name, _)| *name)) {
        Some(nearest) => format!("did you mean '{nearest}'?"),
        None => format!("use one of {}", names(choices)),
    }
}

fn names<T>(choices: &[(&'static str, T)]) -> String {
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}
