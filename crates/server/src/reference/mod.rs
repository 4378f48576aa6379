//! The description as pages for people: made on the server, without scripts and without anything from elsewhere.

mod calls;
mod curl;
mod errors;
mod layout;
mod operation;
mod prose;
mod schemas;
mod served;

pub(crate) use served::{__path_errors, __path_page, __path_style, errors, page, style};
