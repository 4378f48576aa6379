//! One copy of a message on its way.

use axum::body::Bytes;

use crate::webhook::target::WebhookTarget;

/// One copy of a message on its way.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    /// Its position in the log.
    pub(super) seq: u64,
    /// What is posted.
    pub(super) body: Bytes,
    /// How often it was tried.
    pub(super) tries: u32,
}

/// How one try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// With this HTTP status.
    Answered(u16),
    /// Without an answer, for this reason.
    Unanswered(String),
}

impl Tried {
    /// Says whether Docebo takes this for delivered: 2xx, and 3xx as well.
    pub(super) fn is_delivered(&self) -> bool {
        match self {
            Self::Answered(status) => (200..400).contains(status),
            Self::Unanswered(_) => false,
        }
    }
}

/// Returns how long to wait after so many failed tries: twice as long each time, up to a limit.
pub(super) fn backoff_ms(tries: u32, target: &WebhookTarget) -> u64 {
    let factor = 2_u64.saturating_pow(tries.saturating_sub(1));
    target.retry_first_ms.saturating_mul(factor).min(target.retry_max_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_and_redirects_are_delivered_and_all_else_is_not() {
        for status in [200, 204, 301, 302, 399] {
            assert!(Tried::Answered(status).is_delivered(), "{status}");
        }
        for status in [199, 400, 401, 404, 429, 500, 503] {
            assert!(!Tried::Answered(status).is_delivered(), "{status}");
        }
        assert!(!Tried::Unanswered("no answer in time".to_owned()).is_delivered());
    }

    #[test]
    fn each_wait_is_twice_the_last_up_to_the_limit() {
        let target = WebhookTarget {
            retry_first_ms: 100,
            retry_max_ms: 700,
            ..WebhookTarget::default()
        };
        let waits = [1, 2, 3, 4, 100].map(|tries| backoff_ms(tries, &target));
        assert_eq!(waits, [100, 200, 400, 700, 700]);
    }
}
