//! One Docebo client per connector: it holds the token and the connections, so all jobs of a connector share it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use passback_docebo::{BuildError, Client};
use passback_producer::Producer;
use passback_registry::{Connector, ConnectorId};

use crate::call_guard::LastGate;

/// Clients that are kept; past that, one not used lately goes.
const MAX_CLIENTS: usize = 500;

/// The clients that were made so far.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    clients: HashMap<ConnectorId, Entry>,
    uses: u64,
}

/// A connector's client, and what was heard of its gate. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) client: Client,
    pub(crate) gate: LastGate,
}

#[derive(Debug)]
struct Entry {
    contact: Contact,
    updated_at: Timestamp,
    last_use: u64,
}

impl Clients {
    /// The client of a connector, made anew when the connector has changed.
    pub(crate) fn of(&self, producer: &Producer, connector: &Connector) -> Result<Contact, BuildError> {
        // Made under the lock: two clients would be two tokens.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let last_use = kept.uses;
        if let Some(entry) = kept.clients.get_mut(&connector.id)
            && entry.updated_at == connector.updated_at
        {
            entry.last_use = last_use;
            return Ok(entry.contact.clone());
        }
        let contact = Contact {
            client: producer.docebo_client(connector)?,
            gate: LastGate::default(),
        };
        if kept.clients.len() >= MAX_CLIENTS {
            kept.drop_one();
        }
        let entry = Entry {
            contact: contact.clone(),
            updated_at: connector.updated_at,
            last_use,
        };
        kept.clients.insert(connector.id.clone(), entry);
        Ok(contact)
    }
}

impl Kept {
    fn drop_one(&mut self) {
        let oldest = self.clients.iter().min_by_key(|(_, entry)| entry.last_use);
        if let Some(id) = oldest.map(|(id, _)| id.clone()) {
            self.clients.remove(&id);
        }
    }
}
