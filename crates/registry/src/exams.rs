//! Exams: read, write, remove.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::audit::StoredAudit;
use crate::change::Change;
use crate::connectors::{from_json, to_json};
use crate::difference::{self, Difference};
use crate::error::RegistryError;
use crate::exam::Exam;
use crate::field_error::{FieldError, nearest};
use crate::id::{ConnectorId, ExamId};
use crate::plan::EntityKind;
use crate::stamp::{Removal, Stamp};
use crate::store::{Attempt, MAX_EXAMS, Registry, Write};

/// Compares an exam with what is stored; the dates are the store's own.
pub(crate) fn upsert(new: &Exam, old: Option<&Exam>, now: Timestamp) -> (Difference, Exam) {
    let difference = difference::of_exam(old, new);
    let mut exam = new.clone();
    exam.created_at = old.map_or(now, |old| old.created_at);
    exam.updated_at = match (old, difference.change) {
        (Some(old), Change::Unchanged) => old.updated_at,
        (Some(old), Change::Created | Change::Updated) => Stamp::of_change(old.updated_at, now),
        (None, _) => now,
    };
    (difference, exam)
}

/// The error for an exam whose connector is nowhere.
pub(crate) fn without_connector<'a>(exam: &Exam, known: impl IntoIterator<Item = &'a str>) -> FieldError {
    let fix = match nearest(exam.connector.as_str(), known) {
        Some(nearest) => format!("did you mean '{nearest}'?"),
        None => "add the connector first, or name an existing one".to_owned(),
    };
    let problem = format!("there is no connector '{}'", exam.connector);
    FieldError::new("connector", problem, fix).of(&format!("exam {}", exam.id))
}

impl Registry {
    /// One exam.
    pub async fn exam(&self, id: &ExamId) -> Result<Option<Exam>, RegistryError> {
        let json = self.field(&self.keys.exams, id.as_str()).await?;
        json.map(|json| from_json(&format!("exam {id}"), &json)).transpose()
    }

    /// One exam, up to two seconds old; for the path of every event.
    pub async fn exam_cached(&self, id: &ExamId) -> Result<Option<Arc<Exam>>, RegistryError> {
        if let Some(exam) = self.cached_exams.get(id.as_str()) {
            return Ok(Some(exam));
        }
        let since = Instant::now();
        let exam = self.exam(id).await?.map(Arc::new);
        if let Some(exam) = &exam {
            self.cached_exams.put(id.as_str(), since, Arc::clone(exam));
        }
        Ok(exam)
    }

    /// All exams, sorted by id.
    pub async fn exams(&self) -> Result<Vec<Exam>, RegistryError> {
        let values = self.values(&self.keys.exams).await?;
        let mut exams = values
            .iter()
            .map(|json| from_json("exam", json))
            .collect::<Result<Vec<Exam>, _>>()?;
        exams.sort_by(|left, right| left.id.cmp(&right.id));
        Ok(exams)
    }

    /// Stores an exam whose connector exists; the store sets its dates.
    pub async fn put_exam(&self, exam: &Exam, actor: &str) -> Result<Change, RegistryError> {
        self.change(|| self.try_put_exam(exam, actor)).await
    }

    async fn try_put_exam(&self, exam: &Exam, actor: &str) -> Result<Attempt<Change>, RegistryError> {
        self.check_connector(exam).await?;
        let old = self.exam(&exam.id).await?;
        let (difference, stored) = upsert(exam, old.as_ref(), self.now().await?);
        let change = difference.change;
        if change == Change::Unchanged {
            return Ok(Attempt::Done(change));
        }
        if change == Change::Created && self.count(&self.keys.exams).await? >= MAX_EXAMS {
            return Err(RegistryError::Full {
                what: "exams",
                limit: MAX_EXAMS,
            });
        }
        let audit = StoredAudit::of_upsert(actor, EntityKind::Exam, exam.id.as_str(), &difference);
        let write = exam_write(&stored)?;
        Ok(Attempt::Commit(vec![write], audit.into_iter().collect(), change))
    }

    /// Removes an exam; false if there was none.
    pub async fn remove_exam(&self, id: &ExamId, actor: &str, reason: Option<&str>) -> Result<bool, RegistryError> {
        let removal = self.remove_exam_if(id, actor, reason, None).await?;
        Ok(removal == Removal::Removed)
    }

    /// Removes an exam, if its state is one that is wanted at the very moment of the removal.
    pub async fn remove_exam_if(
        &self,
        id: &ExamId,
        actor: &str,
        reason: Option<&str>,
        wanted: Option<&(dyn Fn(Stamp) -> bool + Sync)>,
    ) -> Result<Removal, RegistryError> {
        self.change(|| self.try_remove_exam(id, actor, reason, wanted)).await
    }

    async fn try_remove_exam(
        &self,
        id: &ExamId,
        actor: &str,
        reason: Option<&str>,
        wanted: Option<&(dyn Fn(Stamp) -> bool + Sync)>,
    ) -> Result<Attempt<Removal>, RegistryError> {
        if self.field(&self.keys.exams, id.as_str()).await?.is_none() {
            return Ok(Attempt::Done(Removal::Missing));
        }
        // Read only where it matters, so that an entry that cannot be read can be removed.
        if let Some(wanted) = wanted {
            let stamp = self.exam(id).await?.map(|exam| exam.stamp());
            if !stamp.is_some_and(wanted) {
                return Ok(Attempt::Done(Removal::Refused));
            }
        }
        let write = Write {
            kind: EntityKind::Exam,
            id: id.to_string(),
            json: None,
        };
        let audit = StoredAudit::of_removal(actor, EntityKind::Exam, id.as_str(), reason);
        Ok(Attempt::Commit(vec![write], vec![audit], Removal::Removed))
    }

    async fn check_connector(&self, exam: &Exam) -> Result<(), RegistryError> {
        let id: &ConnectorId = &exam.connector;
        if self.field(&self.keys.connectors, id.as_str()).await?.is_some() {
            return Ok(());
        }
        let known = self.connector_records().await?;
        let error = without_connector(exam, known.iter().map(|record| record.id.as_str()));
        Err(RegistryError::Invalid(error.into()))
    }
}

pub(crate) fn exam_write(exam: &Exam) -> Result<Write, RegistryError> {
    Ok(Write {
        kind: EntityKind::Exam,
        id: exam.id.to_string(),
        json: Some(to_json(&format!("exam {}", exam.id), exam)?),
    })
}
