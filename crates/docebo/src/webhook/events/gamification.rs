//! Badges.

use super::super::table::events;

events! {
    area "Gamification";

    "badge.earned", "User earned a badge" => BadgeEarned {
        id_badge: Id,
        /// The user, as `user_id` elsewhere.
        id_user: Id,
        /// In points.
        score: Count,
        issued_on: Moment,
        event_type: Any,
        badge_name: Text,
        /// The address of a picture.
        badge_image: Text,
        is_shareable: Flag,
    }
}
