//! The push: carries a result to its enrolment.

use passback_docebo::Calls;
use passback_producer::PushJob;

use crate::delivery::Delivery;
use crate::desk::Desk;
use crate::lease::Lease;
use crate::outcome::{Ending, Happened};

/// Carries a result to its enrolment.
pub(crate) async fn push(desk: &Desk, job: &PushJob, lease: &Lease, calls: &mut Calls) -> Ending {
    let ground = match desk.ground(&job.exam_id, lease.claimed.record.lane).await {
        Ok(ground) => ground,
        Err(trouble) => return trouble.into(),
    };
    let about = ground.about(job.person(desk.producer.registry().vault()), Some(&job.result_id));
    let delivery = Delivery {
        desk,
        ground: &ground,
        push: job,
        lease,
        user: None,
    };
    let happened = match delivery.deliver(calls).await {
        Ok(pushed) => Happened::Pushed(pushed),
        Err(trouble) => Happened::Failed(delivery.put_before_a_person(trouble).await),
    };
    Ending {
        happened,
        about: Some(about),
        gate: ground.gate(),
    }
}
