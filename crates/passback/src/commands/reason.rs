//! The reason that a change needs, checked before anything is asked or begun.

/// A reason as the command line takes it; how long it may be is for the server to say.
pub(super) fn reason(text: &str) -> Result<String, String> {
    let reason = text.trim();
    if reason.is_empty() {
        return Err("say why in a few words; they stand in the history and in the audit trail".to_owned());
    }
    Ok(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_no_reason() {
        assert_eq!(reason(" after an appeal ").as_deref(), Ok("after an appeal"));
        assert!(reason("").is_err() && reason(" \t").is_err());
    }
}
