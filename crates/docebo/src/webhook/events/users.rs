//! Users: made, changed, deleted, registered.

use super::super::table::events;

events! {
    area "Users";

    "user.selfregistrationrequest.sent", "Registration request sent" => UserSelfregistrationrequestSent {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        level: Any,
        /// Not unique among users.
        email: Text,
        firstname: Text,
        lastname: Text,
    }

    "user.selfregistrationrequest.approved", "Registration confirmed" => UserSelfregistrationrequestApproved {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        level: Any,
        /// Not unique among users.
        email: Text,
        approval_time: Moment,
        firstname: Text,
        lastname: Text,
    }

    "user.created", "User has been created" => UserCreated {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        /// Not unique among users.
        email: Text,
        creation_date: Moment,
        expiration_date: End,
        level: Any,
        firstname: Text,
        lastname: Text,
        /// The identity provider that made the user; unset where a person did.
        provisioned: Text,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "user.deactivated", "User has been deactivated" => UserDeactivated {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        /// Not unique among users.
        email: Text,
        deactivation_date: Moment,
        expiration_date: End,
        level: Any,
        firstname: Text,
        lastname: Text,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "user.deleted", "User has been deleted" => UserDeleted {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        /// Docebo lists it, but its examples lack it.
        username: Text,
        deletion_date: Moment,
    }

    "user.updated", "User has been modified" => UserUpdated {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        /// Not unique among users.
        email: Text,
        update_date: Moment,
        expiration_date: End,
        level: Any,
        firstname: Text,
        lastname: Text,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "user.reactivated", "User has been re-activated" => UserReactivated {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        /// Not unique among users.
        email: Text,
        reactivation_date: Moment,
        expiration_date: End,
        level: Any,
        firstname: Text,
        lastname: Text,
    }

    "user.selfregistered", "User registered into the platform" => UserSelfregistered {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        /// Not unique among users.
        email: Text,
        creation_date: Moment,
        level: Any,
        firstname: Text,
        lastname: Text,
    }
}
