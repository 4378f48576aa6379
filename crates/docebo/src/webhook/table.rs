//! The form of the tables of events: name, title, struct, fields and their kinds.

/// One field of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The name, as in the payload.
    pub name: &'static str,
    /// The kind, a word of the module's documentation.
    pub kind: &'static str,
}

/// A field's name in JSON: a Rust keyword is written raw in the struct.
pub(super) const fn wire_name(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at("r#".len()).1,
        _ => field,
    }
}

/// The type that a kind of field holds, as readers of the documentation want to see it.
macro_rules! held_by {
    (Id) => { u64 };
    (Count) => { i64 };
    (Text) => { String };
    (Moment) => { jiff::Timestamp };
    (End) => { jiff::Timestamp };
    (Day) => { jiff::civil::Date };
    (Flag) => { bool };
    (Bit) => { bool };
    (Any) => { serde_json::Value };
    (Object) => { serde_json::Map<String, serde_json::Value> };
    (List) => { Vec<serde_json::Value> };
    (Status) => { crate::EnrollmentStatus };
    ($open:ident) => { $crate::webhook::$open };
}
pub(super) use held_by;

/// A sentence for a kind of field.
macro_rules! sentence_of {
    (Id) => {
        "An id."
    };
    (Count) => {
        "A whole number."
    };
    (Text) => {
        "A text."
    };
    (Moment) => {
        "A moment in UTC."
    };
    (End) => {
        "A moment in UTC; a date alone means its last second."
    };
    (Day) => {
        "A date."
    };
    (Flag) => {
        "Yes or no."
    };
    (Bit) => {
        "Yes (1) or no (0)."
    };
    (Any) => {
        "A value whose type Docebo does not publish."
    };
    (Object) => {
        "An object as it was sent; Docebo does not publish its fields."
    };
    (List) => {
        "A list as it was sent; Docebo does not publish its entries."
    };
    (Status) => {
        "The state of the enrolment."
    };
    (CourseType) => {
        "The type of the course."
    };
    (CourseLevel) => {
        "The role of the user."
    };
    (TrainingMaterialType) => {
        "The type of the training material."
    };
    (TrainingMaterialStatus) => {
        "How far the user is."
    };
    (PaymentStatus) => {
        "The state of the payment."
    };
}
pub(super) use sentence_of;

/// Declares the events of an area. Every event also has `fired_at`, `unset` and `other`.
macro_rules! events {
    (
        area $area:literal;
        $(
            $(#[$docs:meta])*
            $name:literal, $title:literal => $event:ident {
                $( $(#[$field_docs:meta])* $field:ident: $kind:ident, )*
            }
        )+
    ) => {$(
        #[doc = concat!($title, " (`", $name, "`).")]
        #[doc = ""]
        $(#[$docs])*
        #[derive(Clone, Default, PartialEq)]
        pub struct $event {
            /// When it happened, in UTC.
            pub fired_at: Option<jiff::Timestamp>,
            $(
                #[doc = $crate::webhook::table::sentence_of!($kind)]
                $(#[$field_docs])*
                pub $field: Option<$crate::webhook::table::held_by!($kind)>,
            )*
            /// What was sent for fields that are unset: `null`, `""`, a zero date.
            pub unset: serde_json::Map<String, serde_json::Value>,
            /// Fields that this version does not know, and values that do not fit their field.
            pub other: serde_json::Map<String, serde_json::Value>,
        }

        impl $event {
            /// The event's name at Docebo.
            pub const NAME: &'static str = $name;
            /// The area of Docebo that the event belongs to.
            pub const AREA: &'static str = $area;
            /// What Docebo says that the event means.
            pub const TITLE: &'static str = $title;
            /// The fields, in the order of Docebo's list but with `fired_at` first.
            pub const FIELDS: &'static [$crate::webhook::Field] = &[
                $crate::webhook::Field {
                    name: "fired_at",
                    kind: <$crate::webhook::kind::Moment as $crate::webhook::kind::Kind>::WORD,
                },
                $(
                    $crate::webhook::Field {
                        name: $crate::webhook::table::wire_name(stringify!($field)),
                        kind: <$crate::webhook::kind::$kind as $crate::webhook::kind::Kind>::WORD,
                    },
                )*
            ];

            /// Reads a payload; never fails.
            pub fn read(payload: &serde_json::Map<String, serde_json::Value>) -> Self {
                let mut slots = $crate::webhook::slots::Slots::of(payload.clone());
                Self {
                    fired_at: slots.take::<$crate::webhook::kind::Moment>("fired_at"),
                    $(
                        $field: slots.take::<$crate::webhook::kind::$kind>(
                            $crate::webhook::table::wire_name(stringify!($field)),
                        ),
                    )*
                    unset: slots.unset,
                    other: slots.other,
                }
            }

            /// The payload as Docebo writes it, with everything that was read.
            pub fn to_payload(&self) -> serde_json::Map<String, serde_json::Value> {
                use $crate::webhook::slots::{leftovers, put};
                let mut payload = leftovers(&self.unset, &self.other);
                put::<$crate::webhook::kind::Moment>(&mut payload, "fired_at", self.fired_at.as_ref());
                $(
                    put::<$crate::webhook::kind::$kind>(
                        &mut payload,
                        $crate::webhook::table::wire_name(stringify!($field)),
                        self.$field.as_ref(),
                    );
                )*
                payload
            }
        }

        impl std::fmt::Debug for $event {
            /// Shows the fields that are set, but no free text: it may name a person.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut shown = f.debug_struct(stringify!($event));
                if let Some(fired_at) = &self.fired_at {
                    shown.field("fired_at", fired_at);
                }
                $(
                    if let Some(held) = &self.$field {
                        shown.field(
                            stringify!($field),
                            <$crate::webhook::kind::$kind as $crate::webhook::kind::Kind>::show(held),
                        );
                    }
                )*
                shown.finish_non_exhaustive()
            }
        }

        impl From<$event> for $crate::webhook::Event {
            fn from(event: $event) -> Self {
                Self::$event(event)
            }
        }
    )+};
}
pub(super) use events;
