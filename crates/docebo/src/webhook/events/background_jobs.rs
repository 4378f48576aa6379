//! Background jobs: long work of the platform.

use super::super::table::events;

events! {
    area "Background Jobs";

    "bj.aborted", "Background job aborted" => BjAborted {
        /// The job's key.
        job_hash: Text,
    }

    "bj.execution.completed", "Background job completed" => BjExecutionCompleted {
        /// The job's key.
        job_hash: Text,
        /// May be missing where there were none.
        errors_count: Count,
    }

    "bj.created", "Background job created" => BjCreated {
        /// The job's key.
        job_hash: Text,
        /// A label that the platform makes.
        name: Text,
        /// The path of the API that the job calls.
        endpoint: Text,
        /// The HTTP method.
        method: Text,
    }

    "bj.deleted", "Background job deleted" => BjDeleted {
        /// The job's key.
        job_hash: Text,
    }

    "bj.started", "Background job execution started" => BjStarted {
        /// The job's key.
        job_hash: Text,
    }
}
