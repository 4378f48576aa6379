//! Erasing a person from what Docebo has told: each event is opened and looked at, for the stream knows nobody.
//!
//! Many events know a number only, and the one that tells whose it is may come behind them, or be erased before them. So
//! the events are gone through twice: first for the person's numbers, then for what is about the person.

use std::collections::{HashMap, HashSet};

use passback_queue::{DoceboFilter, DoceboPlace, SealedEvent};
use passback_registry::ConnectorId;
use serde_json::Value;

use crate::docebo_event_view::{envelope, opened};
use crate::{Erasure, Producer, StoreError};

/// Events opened in one look.
const EVENTS_PER_LOOK: usize = 500;
/// The events that tell whose a number is.
const OF_USERS: &str = "user.";
/// The bit of a cursor that says that the jobs are done; a cursor of a walk over jobs never has it.
const IN_EVENTS: u64 = 1 << 63;
/// The bit of such a cursor that says that the person's numbers are known.
const NUMBERS_KNOWN: u64 = 1 << 62;

/// A walk over Docebo's events, oldest first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EventWalk {
    round: Round,
    after: Option<DoceboPlace>,
}

/// What a walk is after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// The numbers of the person.
    Numbers,
    /// What names the person, or one of the numbers.
    Events,
}

impl Round {
    fn filter(self) -> DoceboFilter {
        let events = match self {
            Self::Numbers => vec![format!("{OF_USERS}*")],
            Self::Events => Vec::new(),
        };
        DoceboFilter {
            events,
            ..DoceboFilter::default()
        }
    }
}

impl EventWalk {
    pub(crate) const fn begin() -> Self {
        Self {
            round: Round::Numbers,
            after: None,
        }
    }

    /// The walk that a cursor goes on with; none if it is one over jobs.
    pub(crate) const fn of_cursor(cursor: u64) -> Option<Self> {
        if cursor & IN_EVENTS == 0 {
            return None;
        }
        let round = if cursor & NUMBERS_KNOWN == 0 {
            Round::Numbers
        } else {
            Round::Events
        };
        // The events of that millisecond are looked at again, which does no harm.
        let after = match (cursor & !IN_EVENTS & !NUMBERS_KNOWN).checked_sub(1) {
            Some(before) => Some(DoceboPlace::last_of(before)),
            None => None,
        };
        Some(Self { round, after })
    }

    fn cursor(self) -> u64 {
        let round = match self.round {
            Round::Numbers => 0,
            Round::Events => NUMBERS_KNOWN,
        };
        IN_EVENTS | round | self.after.map_or(0, DoceboPlace::unix_ms)
    }
}

/// Whom to look for: an address, and the numbers that Docebo is known to have given it. A number is somebody else's at
/// another platform, so it counts for the events of its own only.
struct Sought<'a> {
    email: &'a str,
    /// By connector and platform.
    users: HashMap<(String, String), HashSet<u64>>,
    /// Those of them that an event of the platform that the connector leads to has told.
    found: HashMap<String, HashSet<u64>>,
    /// The platform that each connector leads to.
    platforms: HashMap<String, String>,
}

impl Producer {
    /// Removes the events that name a person, or only counts them; returns the cursor to go on with, if there is more.
    pub(crate) async fn erase_events(
        &self,
        mut walk: EventWalk,
        email: &str,
        looks: usize,
        erasure: &mut Erasure,
    ) -> Result<Option<u64>, StoreError> {
        let mut sought = self.sought(email, &erasure.person).await?;
        for _ in 0..looks {
            let page = self
                .queue
                .docebo_events(&walk.round.filter(), walk.after, EVENTS_PER_LOOK)
                .await?;
            match walk.round {
                Round::Numbers => {
                    for event in &page.events {
                        if let Some(letter) = opened(event, self.vault()) {
                            sought.is_named_in(event, &letter.payload);
                        }
                    }
                }
                Round::Events => self.erase_those_events(&page.events, &mut sought, erasure).await?,
            }
            walk.after = page.next.or(walk.after);
            if page.more {
                continue;
            }
            match walk.round {
                Round::Events => return Ok(None),
                Round::Numbers => {
                    walk = EventWalk {
                        round: Round::Events,
                        after: None,
                    };
                    if !erasure.dry_run {
                        // Before what tells them is gone: whoever is cut off half-way begins again with them.
                        self.remember_found(&sought, &erasure.person).await?;
                    }
                }
            }
        }
        self.remember_found(&sought, &erasure.person).await?;
        Ok(Some(walk.cursor()))
    }

    async fn erase_those_events(
        &self,
        events: &[SealedEvent],
        sought: &mut Sought<'_>,
        erasure: &mut Erasure,
    ) -> Result<(), StoreError> {
        erasure.events_looked_at += events.len();
        let mut theirs = Vec::new();
        for event in events {
            match opened(event, self.vault()) {
                None => erasure.events_unreadable += 1,
                Some(letter) if sought.is_named_in(event, &letter.payload) => theirs.push(event.place),
                Some(_) => {}
            }
        }
        erasure.events += theirs.len();
        if !erasure.dry_run {
            self.queue.remove_docebo_events(&theirs).await?;
        }
        Ok(())
    }

    /// The next call must know the numbers, too. The last one forgets them; after a dry run they are known for a month,
    /// as after a search.
    async fn remember_found(&self, sought: &Sought<'_>, person: &str) -> Result<(), StoreError> {
        for (connector, numbers) in &sought.found {
            let Ok(connector) = connector.parse::<ConnectorId>() else {
                continue;
            };
            let numbers: Vec<u64> = numbers.iter().copied().collect();
            match self.registry.remember_numbers(&connector, person, &numbers).await {
                Ok(()) => {}
                Err(error) if error.is_retryable() => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(%connector, %error, "somebody's numbers cannot be remembered until the next call");
                }
            }
        }
        Ok(())
    }

    async fn sought<'a>(&self, email: &'a str, person: &str) -> Result<Sought<'a>, StoreError> {
        let (mut users, mut platforms) = (HashMap::new(), HashMap::new());
        for connector in self.registry.connector_views().await? {
            match self.registry.numbers_of_person(&connector.id, person).await {
                Ok(numbers) => {
                    let of = (connector.id.to_string(), connector.domain.clone());
                    users.insert(of, numbers.into_iter().collect());
                }
                Err(error) if error.is_retryable() => return Err(error.into()),
                Err(error) => {
                    tracing::warn!(connector = %connector.id, %error, "somebody's number cannot be looked up");
                }
            }
            platforms.insert(connector.id.to_string(), connector.domain);
        }
        Ok(Sought {
            email,
            users,
            found: HashMap::new(),
            platforms,
        })
    }
}

impl Sought<'_> {
    fn is_named_in(&mut self, event: &SealedEvent, payload: &Value) -> bool {
        let number = payload.get("user_id").and_then(number);
        let here = self.platforms.get(&event.connector).map_or("", String::as_str);
        let told_by = envelope(&event.known).platform;
        let platform = told_by.unwrap_or_else(|| here.to_owned());
        let is_here = platform == here;
        let users = self.users.entry((event.connector.clone(), platform)).or_default();
        let by_number = number.is_some_and(|number| users.contains(&number));
        let by_address = names(payload, &self.email.to_lowercase());
        if by_address && event.event.starts_with(OF_USERS) {
            // What comes behind may know the number only.
            users.extend(number);
            if is_here {
                self.found.entry(event.connector.clone()).or_default().extend(number);
            }
        }
        by_number || by_address
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// Whether an address stands in any text of a payload, also as a part of it, but not as a part of another address.
fn names(value: &Value, email: &str) -> bool {
    match value {
        Value::String(text) => has_address(&text.to_lowercase(), email),
        Value::Array(values) => values.iter().any(|value| names(value, email)),
        Value::Object(map) => map.values().any(|value| names(value, email)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn has_address(text: &str, email: &str) -> bool {
    text.match_indices(email).any(|(at, found)| {
        let before = text.get(..at).unwrap_or_default();
        let behind = text.get(at + found.len()..).unwrap_or_default();
        !goes_on(before.chars().rev(), "_+", ".-'") && !goes_on(behind.chars(), "_", ".-")
    })
}

/// Whether an address goes on with these characters: with a letter, a digit or one that stands anywhere in one, or with
/// one that stands only between others. A full stop at the end of a sentence, and quotes, are no part of it.
fn goes_on(mut chars: impl Iterator<Item = char>, anywhere: &str, between: &str) -> bool {
    let Some(first) = chars.next() else { return false };
    let next = chars.next();
    first.is_alphanumeric()
        || anywhere.contains(first)
        || (between.contains(first) && next.is_some_and(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("an@x.org", true)]
    #[case("An <AN@X.ORG>", true)]
    #[case("write to 'an@x.org'.", true)]
    #[case("an@x.org. Thank you", true)]
    #[case("mailto:an@x.org?subject=a", true)]
    #[case("email=an@x.org&a=b", true)]
    #[case("joan@x.org, an@x.org", true)]
    #[case("joan@x.org", false)]
    #[case("jo.an@x.org", false)]
    #[case("jo-an@x.org", false)]
    #[case("jo+an@x.org", false)]
    #[case("o'an@x.org", false)]
    #[case("éan@x.org", false)]
    #[case("an@x.org.uk", false)]
    #[case("an@x.organic", false)]
    #[case("an@x.org-shop.com", false)]
    fn an_address_is_found_in_a_text_but_not_in_another_address(#[case] text: &str, #[case] found: bool) {
        assert_eq!(names(&json!({"note": [text]}), "an@x.org"), found);
    }
}
