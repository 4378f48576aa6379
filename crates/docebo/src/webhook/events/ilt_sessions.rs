//! Sessions of courses on site and online.

use super::super::table::events;

events! {
    area "ILT sessions";

    /// Docebo publishes no fields; they are all in `other`.
    "ilt.extcalendar.event.changed", "ILT external calendar event changed" => IltExtcalendarEventChanged {
    }

    /// Docebo publishes no fields; they are all in `other`.
    "ilt.extcalendar.session.changed", "ILT external calendar session changed" => IltExtcalendarSessionChanged {
    }

    "ilt.session.updated", "ILT session changed" => IltSessionUpdated {
        course_id: Id,
        course_code: Text,
        session_id: Id,
        session_code: Text,
        session_name: Text,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "ilt.session.deleted", "ILT session deleted" => IltSessionDeleted {
        course_id: Id,
        course_code: Text,
        session_id: Id,
        session_code: Text,
        session_name: Text,
    }

    "ilt.session.created", "New ILT session created" => IltSessionCreated {
        course_id: Id,
        course_code: Text,
        session_id: Id,
        session_code: Text,
        session_name: Text,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }
}
