//! Branches: the tree of the organisation, and who is in it.

use super::super::table::events;

events! {
    area "Branches";

    "branch.created", "Branch has been created" => BranchCreated {
        branch_id: Id,
        /// The branch around it.
        parent_id: Id,
        code: Text,
    }

    "branch.deleted", "Branch has been deleted" => BranchDeleted {
        branch_id: Id,
    }

    "branch.updated", "Branch has been updated" => BranchUpdated {
        branch_id: Id,
        /// Missing unless the branch moved.
        parent_id: Id,
        /// Missing unless it changed.
        code: Text,
    }

    "branch.user.added", "User assigned to a branch" => BranchUserAdded {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        branch_id: Id,
        branch_name: Text,
    }

    "branch.user.removed", "User removed from a branch" => BranchUserRemoved {
        /// Under impersonation, the impersonated user.
        user_id: Id,
        username: Text,
        branch_id: Id,
        branch_name: Text,
    }
}
