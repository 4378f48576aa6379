//! The tables of events, one for each area of Docebo.

mod assets;
mod background_jobs;
mod branches;
mod central_repository;
mod certifications;
mod channels;
mod course_catalog;
mod course_fields;
mod courses;
mod enrollments;
mod gamification;
mod ilt_sessions;
mod learning_plans;
mod training_materials;
mod transactions;
mod users;

pub use assets::*;
pub use background_jobs::*;
pub use branches::*;
pub use central_repository::*;
pub use certifications::*;
pub use channels::*;
pub use course_catalog::*;
pub use course_fields::*;
pub use courses::*;
pub use enrollments::*;
pub use gamification::*;
pub use ilt_sessions::*;
pub use learning_plans::*;
pub use training_materials::*;
pub use transactions::*;
pub use users::*;
