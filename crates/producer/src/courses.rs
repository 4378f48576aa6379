//! Which courses a connector's exams are in: read again only when the registry has changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use passback_registry::{ConnectorId, ExamId};

use crate::{Producer, StoreError};

/// The exams of each course, by connector.
type ByConnector = HashMap<ConnectorId, Arc<BTreeMap<u64, Vec<ExamId>>>>;

/// The courses of all exams, as of a version of the registry.
#[derive(Debug, Default)]
pub(crate) struct Courses(Mutex<Option<(u64, ByConnector)>>);

impl Producer {
    /// The courses that a connector's exams are in, and those exams.
    pub async fn exams_by_course(
        &self,
        connector: &ConnectorId,
    ) -> Result<Arc<BTreeMap<u64, Vec<ExamId>>>, StoreError> {
        // Asked for first: what is stored after it is looked at the next time.
        let version = self.registry.version().await?;
        if let Some(known) = self.courses.get(version, connector) {
            return Ok(known);
        }
        let mut courses: HashMap<ConnectorId, BTreeMap<u64, Vec<ExamId>>> = HashMap::new();
        for exam in self.registry.exams().await? {
            let of_connector = courses.entry(exam.connector).or_default();
            of_connector.entry(exam.course_id).or_default().push(exam.id);
        }
        let courses: ByConnector = courses
            .into_iter()
            .map(|(id, courses)| (id, Arc::new(courses)))
            .collect();
        let found = courses.get(connector).cloned().unwrap_or_default();
        self.courses.put(version, courses);
        Ok(found)
    }
}

impl Courses {
    fn get(&self, version: u64, connector: &ConnectorId) -> Option<Arc<BTreeMap<u64, Vec<ExamId>>>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, courses) = known.as_ref()?;
        (*of == version).then(|| courses.get(connector).cloned().unwrap_or_default())
    }

    fn put(&self, version: u64, courses: ByConnector) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, courses));
    }
}
