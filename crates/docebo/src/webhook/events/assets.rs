//! Assets: what users contribute, and invitations to watch it.

use super::super::table::events;

events! {
    area "Assets";

    "contribute.deleted", "Asset had been deleted" => ContributeDeleted {
        id: Id,
        title: Text,
    }

    "contribute.updated", "Asset has been updated" => ContributeUpdated {
        id: Id,
        title: Text,
        r#type: Any,
        visibility: Any,
        published: Any,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "contribute.created", "Asset has been uploaded" => ContributeCreated {
        id: Id,
        title: Text,
        r#type: Any,
        visibility: Any,
        published: Any,
        /// Sent only where additional data is switched on in the settings of the webhook.
        extra_data: Object,
    }

    "contribute.watchinvitation.deleted", "Invitation to watch deleted" => ContributeWatchinvitationDeleted {
        id_asset: Id,
        /// Holds users and channels; how they are nested is not published.
        invitations: Any,
        /// Ids of users; probably inside `invitations`.
        users: List,
        /// Channels that hold the asset; probably inside `invitations`.
        channels: List,
    }
}
