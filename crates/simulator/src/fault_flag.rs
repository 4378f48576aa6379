//! Faults written as one word on the command line.

use std::str::FromStr;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error as VariantError;

use crate::fault::{Fault, FaultKind, FaultOn};
use crate::world::World;

/// Why a fault flag was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultFlagError {
    /// The flag does not start with the requests and the kind of the fault.
    #[error("the fault \"{0}\" must look like \"enrollment_write:unavailable:every=7\"")]
    Incomplete(String),
    /// The requests or the kind have an unknown name.
    #[error("the fault \"{flag}\" has an {detail}")]
    UnknownName {
        /// The flag as written.
        flag: String,
        /// Which name, and which names there are.
        detail: String,
    },
    /// A setting is not `key=number` with a known key.
    #[error(
        "the fault \"{flag}\" has an unreadable part \"{part}\", expected one of retry_after, \
         delay_ms, every, times, user_id, course_id, each with =NUMBER"
    )]
    Setting {
        /// The flag as written.
        flag: String,
        /// The part that was not understood.
        part: String,
    },
    /// The parts do not go together.
    #[error("the fault \"{flag}\" does not work: {detail}")]
    Unfit {
        /// The flag as written.
        flag: String,
        /// What does not go together.
        detail: String,
    },
    /// The flag names a tenant that the world does not have.
    #[error("the fault \"{flag}\" names the tenant \"{tenant}\", which does not exist")]
    UnknownTenant {
        /// The flag as written.
        flag: String,
        /// The tenant's name.
        tenant: String,
    },
}

impl FromStr for Fault {
    type Err = FaultFlagError;

    /// Reads `on:kind[:key=number]…`, for example
    /// `enrollment_write:unavailable:every=7:retry_after=2`.
    fn from_str(flag: &str) -> Result<Self, Self::Err> {
        let mut parts = flag.split(':');
        let (Some(on), Some(kind)) = (parts.next(), parts.next()) else {
            return Err(FaultFlagError::Incomplete(flag.to_owned()));
        };
        let mut fault = Fault::new(named::<FaultOn>(flag, on)?, named::<FaultKind>(flag, kind)?);
        for part in parts {
            apply_setting(&mut fault, part).ok_or_else(|| FaultFlagError::Setting {
                flag: flag.to_owned(),
                part: part.to_owned(),
            })?;
        }
        match fault.complaint() {
            None => Ok(fault),
            Some(detail) => Err(FaultFlagError::Unfit {
                flag: flag.to_owned(),
                detail,
            }),
        }
    }
}

fn named<'flag, T: Deserialize<'flag>>(flag: &str, name: &'flag str) -> Result<T, FaultFlagError> {
    T::deserialize(name.into_deserializer()).map_err(|error: VariantError| FaultFlagError::UnknownName {
        flag: flag.to_owned(),
        detail: error.to_string(),
    })
}

fn apply_setting(fault: &mut Fault, part: &str) -> Option<()> {
    let (key, number) = part.split_once('=')?;
    match key {
        "retry_after" | "retry_after_seconds" => fault.retry_after_seconds = Some(number.parse().ok()?),
        "delay_ms" => fault.delay_ms = Some(number.parse().ok()?),
        "every" => fault.every = Some(number.parse().ok()?),
        "times" => fault.times = Some(number.parse().ok()?),
        "user_id" => fault.user_id = Some(number.parse().ok()?),
        "course_id" => fault.course_id = Some(number.parse().ok()?),
        _ => return None,
    }
    Some(())
}

impl World {
    /// Adds a fault written as a flag to all tenants, or to one: `acme/token:unavailable:times=2`.
    pub fn apply_fault_flag(&mut self, flag: &str) -> Result<(), FaultFlagError> {
        let (tenant, rest) = match flag.split_once('/') {
            Some((tenant, rest)) => (Some(tenant), rest),
            None => (None, flag),
        };
        let fault: Fault = rest.parse()?;
        let mut applied = tenant.is_none();
        for candidate in &mut self.tenants {
            if tenant.is_none_or(|name| name == candidate.name) {
                candidate.faults.push(fault.clone());
                applied = true;
            }
        }
        if applied {
            return Ok(());
        }
        Err(FaultFlagError::UnknownTenant {
            flag: flag.to_owned(),
            tenant: tenant.unwrap_or_default().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_read_with_all_its_settings() {
        let fault: Fault = "enrollment_write:unavailable:every=7:retry_after=2".parse().unwrap();
        let wanted = Fault::new(FaultOn::EnrollmentWrite, FaultKind::Unavailable)
            .every(7)
            .retry_after_seconds(2);
        assert_eq!(fault, wanted);
        let fault: Fault = "any:slow:delay_ms=50:times=3:user_id=1:course_id=2".parse().unwrap();
        let wanted = Fault::new(FaultOn::Any, FaultKind::Slow)
            .delay_ms(50)
            .times(3)
            .user(1)
            .course(2);
        assert_eq!(fault, wanted);
    }

    #[test]
    fn a_flag_that_is_not_understood_says_which_part() {
        let cases = [
            ("token", "must look like"),
            ("tokens:html", "unknown variant `tokens`"),
            ("token:htm", "unknown variant `htm`"),
            ("token:html:evry=2", "\"evry=2\""),
            ("token:html:every=two", "\"every=two\""),
            ("token:html:every=0", "every is 0"),
            ("token:slow", "needs delay_ms"),
            ("token:html:user_id=1", "only narrow enrolment calls"),
            (
                "enrollment_list:html:course_id=1",
                "only narrow enrolment calls for one user",
            ),
            ("enrollment_list:not_updated", "only strikes on"),
            ("any:not_updated", "only strikes on"),
        ];
        for (flag, wanted) in cases {
            let text = flag.parse::<Fault>().unwrap_err().to_string();
            assert!(text.contains(wanted) && text.contains(flag), "{flag}: {text}");
        }
    }

    #[test]
    fn a_flag_strikes_all_tenants_or_the_named_one() {
        let tenant = |name: &str| crate::Tenant {
            name: name.to_owned(),
            ..Default::default()
        };
        let mut world = World {
            tenants: vec![tenant("acme"), tenant("globex")],
        };
        world.apply_fault_flag("token:html").unwrap();
        world.apply_fault_flag("globex/token:garbage").unwrap();
        let kinds: Vec<Vec<FaultKind>> = world
            .tenants
            .iter()
            .map(|tenant| tenant.faults.iter().map(|fault| fault.kind).collect())
            .collect();
        assert_eq!(
            kinds,
            [vec![FaultKind::Html], vec![FaultKind::Html, FaultKind::Garbage]]
        );
        let error = world.apply_fault_flag("initech/token:html").unwrap_err().to_string();
        assert!(error.contains("\"initech\", which does not exist"), "{error}");
    }
}
