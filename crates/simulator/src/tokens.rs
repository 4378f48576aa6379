//! The tokens that were given out and still count.

use std::collections::VecDeque;

use crate::clock::Moment;

/// The most tokens that count at a time; the oldest go first.
const MAX_TOKENS: usize = 10_000;

/// The tokens of one tenant.
#[derive(Default)]
pub(crate) struct Tokens {
    issued: VecDeque<(String, Moment)>,
}

impl Tokens {
    /// Makes a token of 40 hexadecimal digits that counts until `expires`.
    pub(crate) fn issue(&mut self, expires: Moment) -> String {
        let token = random_token();
        if self.issued.len() >= MAX_TOKENS {
            self.issued.pop_front();
        }
        self.issued.push_back((token.clone(), expires));
        token
    }

    /// Says whether a token counts at this moment.
    pub(crate) fn accepts(&self, token: &str, now: Moment) -> bool {
        // The newest token is the likely one.
        self.issued
            .iter()
            .rev()
            .any(|(issued, expires)| issued == token && now < *expires)
    }

    /// Makes all tokens stale.
    pub(crate) fn clear(&mut self) {
        self.issued.clear();
    }
}

/// Makes 40 hexadecimal digits, as in Docebo's documents.
pub(crate) fn random_token() -> String {
    let half = fastrand::u128(..);
    let rest = fastrand::u32(..);
    format!("{half:032x}{rest:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_counts_until_it_expires() {
        let mut tokens = Tokens::default();
        let token = tokens.issue(Moment(1_000));
        assert_eq!(token.len(), 40);
        assert!(tokens.accepts(&token, Moment(999)));
        assert!(!tokens.accepts(&token, Moment(1_000)));
        assert!(!tokens.accepts("3f0c", Moment(0)));
    }

    #[test]
    fn a_new_token_does_not_end_an_older_one() {
        let mut tokens = Tokens::default();
        let first = tokens.issue(Moment(1_000));
        let second = tokens.issue(Moment(1_000));
        assert_ne!(first, second);
        assert!(tokens.accepts(&first, Moment(0)) && tokens.accepts(&second, Moment(0)));
        tokens.clear();
        assert!(!tokens.accepts(&first, Moment(0)));
    }
}
