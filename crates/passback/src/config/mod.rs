//! Configuration: defaults < `passback.toml` < `PASSBACK_*` < flags.

mod duration;
mod environment;
mod error;
mod keys;
mod layers;
mod network;
mod settings;
mod show;
#[cfg(test)]
mod tests;
mod tokens;

pub(crate) use duration::parse_duration;
pub(crate) use layers::{Layers, Sources};
pub(crate) use settings::Settings;
pub(crate) use show::{mask_password, show};
