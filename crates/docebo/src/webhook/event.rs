//! One event: any of the 71, or one that this version does not know.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::events;
use super::kind::{Kind, Moment, Reading};
use super::table::Field;

/// Declares [`Event`] and what is asked of an event by its name.
macro_rules! event {
    ($( $event:ident, )+) => {
        /// One event, typed by its name.
        #[derive(Clone, PartialEq)]
        pub enum Event {
            $(
                #[doc = concat!("[`", stringify!($event), "`](crate::webhook::", stringify!($event), ").")]
                $event(events::$event),
            )+
            /// An event that has no type: its name is unknown to this version, or its payload is no object.
            Unknown {
                /// The name, as sent.
                name: String,
                /// The payload, as sent.
                payload: Value,
            },
        }

        /// The names of all events that Docebo publishes.
        pub const EVENT_NAMES: [&str; 71] = [$( events::$event::NAME ),+];

        impl Event {
            /// Reads one item of a message; never fails.
            ///
            /// A payload that says nothing (`null`, `""`, `[]`) is an event without values.
            pub fn read(name: &str, payload: &Value) -> Self {
                let nothing = Map::new();
                let fields = match payload {
                    Value::Object(fields) => fields,
                    Value::Null => &nothing,
                    Value::Array(items) if items.is_empty() => &nothing,
                    Value::String(text) if text.trim().is_empty() => &nothing,
                    Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                        return Self::unknown(name, payload);
                    }
                };
                match name {
                    $( events::$event::NAME => Self::$event(events::$event::read(fields)), )+
                    _ => Self::unknown(name, payload),
                }
            }

            /// The event's name.
            pub fn name(&self) -> &str {
                match self {
                    $( Self::$event(_) => events::$event::NAME, )+
                    Self::Unknown { name, .. } => name,
                }
            }

            /// When it happened, in UTC, if the event says so.
            pub fn fired_at(&self) -> Option<Timestamp> {
                match self {
                    $( Self::$event(event) => event.fired_at, )+
                    Self::Unknown { payload, .. } => fired_at(payload),
                }
            }

            /// The payload as Docebo writes it, with everything that was read.
            pub fn to_payload(&self) -> Value {
                match self {
                    $( Self::$event(event) => Value::Object(event.to_payload()), )+
                    Self::Unknown { payload, .. } => payload.clone(),
                }
            }

            /// What was sent for fields that are unset; `None` for an event that has no type.
            pub fn unset(&self) -> Option<&Map<String, Value>> {
                match self {
                    $( Self::$event(event) => Some(&event.unset), )+
                    Self::Unknown { .. } => None,
                }
            }

            /// The values that no field has taken; `None` for an event that has no type.
            pub fn other(&self) -> Option<&Map<String, Value>> {
                match self {
                    $( Self::$event(event) => Some(&event.other), )+
                    Self::Unknown { .. } => None,
                }
            }
        }

        impl fmt::Debug for Event {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $( Self::$event(event) => event.fmt(f), )+
                    Self::Unknown { name, .. } => {
                        f.debug_struct("Unknown").field("name", name).finish_non_exhaustive()
                    }
                }
            }
        }

        /// The area of Docebo that an event belongs to; `None` for an unknown name.
        pub fn area(name: &str) -> Option<&'static str> {
            match name {
                $( events::$event::NAME => Some(events::$event::AREA), )+
                _ => None,
            }
        }

        /// What Docebo says that an event means; `None` for an unknown name.
        pub fn title(name: &str) -> Option<&'static str> {
            match name {
                $( events::$event::NAME => Some(events::$event::TITLE), )+
                _ => None,
            }
        }

        /// The fields of an event; `None` for an unknown name.
        pub fn fields(name: &str) -> Option<&'static [Field]> {
            match name {
                $( events::$event::NAME => Some(events::$event::FIELDS), )+
                _ => None,
            }
        }
    };
}

event! {
    ContributeDeleted,
    ContributeUpdated,
    ContributeCreated,
    ContributeWatchinvitationDeleted,
    BjAborted,
    BjExecutionCompleted,
    BjCreated,
    BjDeleted,
    BjStarted,
    BranchCreated,
    BranchDeleted,
    BranchUpdated,
    BranchUserAdded,
    BranchUserRemoved,
    TmrepoCourseTrainingmaterialAdded,
    TmrepoCourseTrainingmaterialRemoved,
    TmrepoTrainingmaterialUpdated,
    CertificationAwardAwarded,
    CertificationAwardRevoked,
    CertificationAwardUpdated,
    ChannelCreated,
    ChannelDeleted,
    ChannelExpertAdded,
    ChannelExpertRemoved,
    ChannelUpdated,
    CourseCreated,
    CourseDeleted,
    CourseUpdated,
    ContentMarkedoutdated,
    CourseRatingUpdated,
    CourseEnrollmentUpdated,
    IltSessionEnrollmentUpdated,
    CourseEnrollmentCompleted,
    IltSessionEnrollmentCreated,
    CourseEnrollmentCreated,
    CourseEnrollmentDeleted,
    BadgeEarned,
    IltSessionEnrollmentDeleted,
    IltExtcalendarEventChanged,
    IltExtcalendarSessionChanged,
    IltSessionUpdated,
    IltSessionDeleted,
    IltSessionCreated,
    LearningplanCourseAdded,
    LearningplanCreated,
    LearningplanDeleted,
    LearningplanCourseRemoved,
    LearningplanUpdated,
    LearningplanEnrollmentCreated,
    LearningplanEnrollmentDeleted,
    LoAssignmentSubmission,
    LoAssignmentSubmissionReset,
    LoAssignmentEvaluation,
    CourseTrainingmaterialCreated,
    CourseTrainingmaterialUpdated,
    CourseTrainingmaterialDeleted,
    TrainingmaterialPlaystatusUpdated,
    EcommerceTransactionCreated,
    EcommerceTransactionDeleted,
    EcommerceTransactionUpdated,
    UserSelfregistrationrequestSent,
    UserSelfregistrationrequestApproved,
    UserCreated,
    UserDeactivated,
    UserDeleted,
    UserUpdated,
    UserReactivated,
    UserSelfregistered,
    CourseadditionalfieldDeleted,
    CatalogCourseDeleted,
    CatalogLearningplanDeleted,
}

impl Event {
    /// Whether the event has a type.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown { .. })
    }

    fn unknown(name: &str, payload: &Value) -> Self {
        Self::Unknown {
            name: name.to_owned(),
            payload: payload.clone(),
        }
    }
}

fn fired_at(payload: &Value) -> Option<Timestamp> {
    match Moment::read(payload.get("fired_at")?) {
        Reading::Set(moment) => Some(moment),
        Reading::Unset | Reading::Unfit => None,
    }
}
