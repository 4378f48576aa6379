//! Channels and their experts.

use super::super::table::events;

events! {
    area "Channels";

    "channel.created", "Channel created" => ChannelCreated {
        channel_id: Id,
        title: Text,
        /// A name such as `english`, not an ISO code.
        language: Text,
        upload_permissions: Any,
        enabled: Any,
        creation_date: Moment,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "channel.deleted", "Channel deleted" => ChannelDeleted {
        channel_id: Id,
        title: Text,
        /// A name such as `english`, not an ISO code.
        language: Text,
        upload_permissions: Any,
        enabled: Any,
        deletion_date: Moment,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "channel.expert.added", "Channel expert added" => ChannelExpertAdded {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        channel_id: Id,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "channel.expert.removed", "Channel expert removed" => ChannelExpertRemoved {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        channel_id: Id,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "channel.updated", "Channel updated" => ChannelUpdated {
        channel_id: Id,
        title: Text,
        /// A name such as `english`, not an ISO code.
        language: Text,
        upload_permissions: Any,
        enabled: Any,
        update_date: Moment,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }
}
