//! What an `apply` would do, and doing exactly that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::apply_file::ApplyFile;
use crate::audit::StoredAudit;
use crate::change::Change;
use crate::connectors::{self, connector_write};
use crate::difference::Difference;
use crate::error::RegistryError;
use crate::exam::Exam;
use crate::exams::{self, exam_write, without_connector};
use crate::field_error::{FieldError, FieldErrors};
use crate::record::ConnectorRecord;
use crate::stamp::Stamp;
use crate::store::{MAX_CONNECTORS, MAX_EXAMS, Registry, Write};

/// What a change is made to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A connector.
    Connector,
    /// An exam.
    Exam,
}

impl EntityKind {
    /// The word as it stands in JSON and the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connector => "connector",
            Self::Exam => "exam",
        }
    }
}

impl fmt::Display for EntityKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What a plan does to one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedChange {
    /// What the entry is.
    pub kind: EntityKind,
    /// Its id.
    pub id: String,
    /// Whether it is new, changed, or already as wanted.
    pub change: Change,
    /// One line for each field that differs; of a secret only that it changed.
    pub diff: Vec<String>,
}

/// The changes of one file, connectors before exams, each in the order of the file.
pub struct Plan {
    /// Every entry of the file, also those that stay as they are.
    pub changes: Vec<PlannedChange>,
    version: u64,
    writes: Vec<Write>,
    fields: Vec<(EntityKind, String, Difference)>,
    stamps: Vec<(Option<Stamp>, Stamp)>,
}

impl Plan {
    /// Whether applying the plan would change nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.iter().all(|change| change.change == Change::Unchanged)
    }

    /// The state of each entry, in the order of the changes: as it is stored, if it is, and as it will be.
    pub fn stamps(&self) -> &[(Option<Stamp>, Stamp)] {
        &self.stamps
    }

    fn add(&mut self, kind: EntityKind, id: &str, difference: Difference, write: Option<Write>) {
        self.changes.push(PlannedChange {
            kind,
            id: id.to_owned(),
            change: difference.change,
            diff: difference.lines.clone(),
        });
        self.writes.extend(write);
        self.fields.push((kind, id.to_owned(), difference));
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.changes.fmt(formatter)
    }
}

impl Registry {
    /// Compares a file with the registry; changes nothing.
    pub async fn plan(&self, file: &ApplyFile) -> Result<Plan, RegistryError> {
        let mut plan = Plan {
            changes: Vec::new(),
            version: self.version().await?,
            writes: Vec::new(),
            fields: Vec::new(),
            stamps: Vec::new(),
        };
        let now = self.now().await?;
        let records = self.connector_records().await?;
        let connectors: BTreeMap<_, _> = records.iter().map(|record| (&record.id, record)).collect();
        let stored_exams = self.exams().await?;
        let exams: BTreeMap<_, _> = stored_exams.iter().map(|exam| (&exam.id, exam)).collect();

        self.check_file(file, connectors.keys().map(|id| id.as_str()).collect())?;
        for entry in &file.connectors {
            let new = &entry.value;
            let old = connectors.get(&new.id).copied();
            let upsert = connectors::upsert(new, old, &self.vault, now);
            let write = upsert.record.as_ref().map(connector_write).transpose()?;
            let before = old.map(ConnectorRecord::stamp);
            let after = upsert.record.as_ref().map(ConnectorRecord::stamp).or(before);
            plan.stamps.extend(after.map(|after| (before, after)));
            plan.add(EntityKind::Connector, new.id.as_str(), upsert.difference, write);
        }
        for entry in &file.exams {
            let new = &entry.value;
            let old = exams.get(&new.id).copied();
            let (difference, exam) = exams::upsert(new, old, now);
            plan.stamps.push((old.map(Exam::stamp), exam.stamp()));
            let write = (difference.change != Change::Unchanged)
                .then(|| exam_write(&exam))
                .transpose()?;
            plan.add(EntityKind::Exam, new.id.as_str(), difference, write);
        }
        check_room(&plan, EntityKind::Connector, connectors.len(), MAX_CONNECTORS)?;
        check_room(&plan, EntityKind::Exam, exams.len(), MAX_EXAMS)?;
        Ok(plan)
    }

    /// Writes a plan, whole or not at all; refused if the registry changed after it was made.
    pub async fn apply(&self, plan: &Plan, actor: &str) -> Result<Vec<PlannedChange>, RegistryError> {
        if !plan.writes.is_empty() {
            let audit: Vec<StoredAudit> = plan
                .fields
                .iter()
                .filter_map(|(kind, id, difference)| StoredAudit::of_upsert(actor, *kind, id, difference))
                .collect();
            if !self.commit(Some(plan.version), &plan.writes, &audit).await? {
                return Err(RegistryError::PlanOutdated);
            }
        }
        Ok(plan.changes.clone())
    }

    /// What a file may not say in the light of the registry.
    fn check_file(&self, file: &ApplyFile, stored: BTreeSet<&str>) -> Result<(), FieldErrors> {
        let mut known = stored;
        known.extend(file.connectors.iter().map(|entry| entry.value.id.as_str()));
        let domains = file.connectors.iter().filter_map(|entry| {
            let refused = self.check_domain(&entry.value).err()?;
            Some(refused.at_line(entry.line))
        });
        let orphans = file
            .exams
            .iter()
            .filter(|entry| !known.contains(entry.value.connector.as_str()))
            .map(|entry| without_connector(&entry.value, known.iter().copied()).at_line(entry.line));
        let errors: Vec<FieldError> = domains.chain(orphans).collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(FieldErrors(errors))
        }
    }
}

fn check_room(plan: &Plan, kind: EntityKind, stored: usize, limit: usize) -> Result<(), RegistryError> {
    let created = |change: &&PlannedChange| change.kind == kind && change.change == Change::Created;
    if stored + plan.changes.iter().filter(created).count() <= limit {
        return Ok(());
    }
    let what = match kind {
        EntityKind::Connector => "connectors",
        EntityKind::Exam => "exams",
    };
    Err(RegistryError::Full { what, limit })
}
