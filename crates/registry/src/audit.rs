//! The audit trail: who changed what, when and why; no secret and no e-mail address.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::connectors::from_json;
use crate::difference::Difference;
use crate::email::without_emails;
use crate::error::RegistryError;
use crate::plan::EntityKind;
use crate::store::Registry;

const MAX_FIELD_CHARS: usize = 500;
const MAX_PAGE_ENTRIES: usize = 1_000;

/// Something that a person or program did, to be put on record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewAuditEntry {
    /// Who did it: the name of a token, or of the command line's user.
    pub actor: String,
    /// What was done, for example `connector.updated`.
    pub action: String,
    /// What it was done to, for example `connector acme`.
    pub target: String,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// What else is worth knowing, for example the changed fields.
    pub detail: Option<String>,
}

/// One entry of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Its place in the trail; give it as `after` to read on from here.
    pub cursor: String,
    /// When it happened, as Redis has it.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// What it was done to.
    pub target: String,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// What else is worth knowing.
    pub detail: Option<String>,
}

/// A page of the audit trail, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// The cursor of the next page; none where this one ends the trail.
    pub next: Option<String>,
}

/// An entry as stored; its time is the stream's.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredAudit {
    actor: String,
    action: String,
    target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl StoredAudit {
    pub(crate) fn new(entry: &NewAuditEntry) -> Self {
        Self {
            actor: clean(&entry.actor),
            action: clean(&entry.action),
            target: clean(&entry.target),
            reason: entry.reason.as_deref().map(clean),
            detail: entry.detail.as_deref().map(clean),
        }
    }

    /// Names the changed fields, not their values; nothing where nothing changed.
    pub(crate) fn of_upsert(actor: &str, kind: EntityKind, id: &str, difference: &Difference) -> Option<Self> {
        let detail = match difference.change {
            Change::Unchanged => return None,
            Change::Created => None,
            Change::Updated => Some(format!("changed: {}", difference.fields.join(", "))),
        };
        Some(Self::new(&NewAuditEntry {
            actor: actor.to_owned(),
            action: format!("{kind}.{}", difference.change),
            target: format!("{kind} {id}"),
            reason: None,
            detail,
        }))
    }

    pub(crate) fn of_removal(actor: &str, kind: EntityKind, id: &str, reason: Option<&str>) -> Self {
        Self::new(&NewAuditEntry {
            actor: actor.to_owned(),
            action: format!("{kind}.removed"),
            target: format!("{kind} {id}"),
            reason: reason.map(str::to_owned),
            detail: None,
        })
    }

    pub(crate) fn to_json(&self) -> String {
        // Five strings always serialise; an empty object would still mark that something happened.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// Bounds a text and takes e-mail addresses out, which people write into reasons.
fn clean(text: &str) -> String {
    without_emails(text)
        .chars()
        .filter(|character| !character.is_control())
        .take(MAX_FIELD_CHARS)
        .collect()
}

/// The two numbers of a stream id; a sign, or a time that no timestamp holds, is of no stream of ours.
fn parse_cursor(text: &str) -> Option<(i64, u64)> {
    let (milliseconds, sequence) = text.split_once('-')?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(milliseconds) || !digits(sequence) {
        return None;
    }
    Some((milliseconds.parse().ok()?, sequence.parse().ok()?))
}

impl Registry {
    /// Puts something on record.
    pub async fn record_audit(&self, entry: &NewAuditEntry) -> Result<(), RegistryError> {
        self.commit(None, &[], &[StoredAudit::new(entry)]).await.map(|_| ())
    }

    /// Reads the trail from its beginning or after a cursor, oldest first.
    pub async fn audit(&self, after: Option<&str>, limit: usize) -> Result<AuditPage, RegistryError> {
        let start = match after {
            None => "-".to_owned(),
            Some(cursor) => {
                let (at, sequence) = parse_cursor(cursor).ok_or(RegistryError::InvalidCursor)?;
                format!("({at}-{sequence}")
            }
        };
        let limit = limit.clamp(1, MAX_PAGE_ENTRIES);
        let mut entries = self.audit_range("XRANGE", &start, "+", limit + 1).await?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = entries.last().filter(|_| more);
        Ok(AuditPage {
            next: next.map(|entry| entry.cursor.clone()),
            entries,
        })
    }

    /// The last entries of the trail, newest first.
    pub async fn recent_audit(&self, limit: usize) -> Result<Vec<AuditEntry>, RegistryError> {
        let limit = limit.clamp(1, MAX_PAGE_ENTRIES);
        self.audit_range("XREVRANGE", "+", "-", limit).await
    }

    async fn audit_range(
        &self,
        command: &str,
        from: &str,
        to: &str,
        count: usize,
    ) -> Result<Vec<AuditEntry>, RegistryError> {
        let rows: Vec<(String, Vec<String>)> = redis::cmd(command)
            .arg(&self.keys.audit)
            .arg(from)
            .arg(to)
            .arg("COUNT")
            .arg(count)
            .query_async(&mut self.redis.clone())
            .await?;
        rows.into_iter()
            .map(|(cursor, fields)| {
                let target = format!("audit entry {cursor}");
                let json = fields.get(1).map(String::as_str).unwrap_or_default();
                let stored: StoredAudit = from_json(&target, json)?;
                let at = parse_cursor(&cursor)
                    .and_then(|(milliseconds, _)| Timestamp::from_millisecond(milliseconds).ok())
                    .ok_or(RegistryError::Unreadable { target })?;
                Ok(AuditEntry {
                    cursor,
                    at,
                    actor: stored.actor,
                    action: stored.action,
                    target: stored.target,
                    reason: stored.reason,
                    detail: stored.detail,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_FIELD_CHARS, clean, parse_cursor};

    #[test]
    fn a_cursor_is_two_plain_numbers() {
        assert_eq!(parse_cursor("1763803811412-0"), Some((1_763_803_811_412, 0)));
        for text in [
            "",
            "5",
            "5-",
            "-5",
            "+5-3",
            "5-+3",
            "5-3-1",
            "18446744073709551616-0",
            "5-99999999999999999999",
        ] {
            assert_eq!(parse_cursor(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_in_a_reason_is_taken_out() {
        assert_eq!(
            clean("asked by r.moreau@example.org\nby phone"),
            "asked by [e-mail] by phone"
        );
    }

    #[test]
    fn a_long_reason_is_cut() {
        assert_eq!(clean(&"ä".repeat(10_000)).chars().count(), MAX_FIELD_CHARS);
    }
}
