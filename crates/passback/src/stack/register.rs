//! Connectors and exams for the simulated tenants.

use passback_producer::{Producer, wake};
use passback_queue::Name;
use passback_registry::{ConnectorInput, Domain, ExamInput, FieldErrors, RegistryError, WebhookInput};
use passback_simulator::{Simulator, Tenant, World};
use secrecy::SecretString;

use crate::exit::Failure;

/// What simulated platforms show when they call our webhook, beside their password.
pub(crate) const WEBHOOK_USERNAME: &str = "docebo";
/// Who stands in the audit trail.
const ACTOR: &str = "passback-dev";

/// An exam that is registered for a tenant's course.
pub(crate) struct ExamOf {
    pub(crate) exam: String,
    pub(crate) tenant: String,
    pub(crate) course_id: u64,
}

/// Registers each tenant as a connector of the same name, and the exams; what is there already is kept,
/// but for the address, which changes with every start, and what its webhooks show. Says whether a connector was there.
pub(crate) async fn register(
    producer: &Producer,
    simulator: &Simulator,
    world: &World,
    exams: &[ExamOf],
    webhook_password: Option<&SecretString>,
) -> Result<bool, Failure> {
    let mut was_there = false;
    for tenant in &world.tenants {
        let url = simulator.url(&tenant.name).unwrap_or_default();
        was_there |= register_connector(producer, tenant, &url, webhook_password).await?;
    }
    for exam in exams {
        register_exam(producer, exam).await?;
    }
    Ok(was_there)
}

async fn register_connector(
    producer: &Producer,
    tenant: &Tenant,
    url: &str,
    webhook_password: Option<&SecretString>,
) -> Result<bool, Failure> {
    let input = ConnectorInput {
        id: Some(tenant.name.clone()),
        name: Some(format!("{} (simulated)", tenant.name)),
        domain: Some(url.to_owned()),
        client_id: Some(tenant.client_id.clone()),
        client_secret: Some(SecretString::from(tenant.client_secret.clone())),
        username: Some(tenant.username.clone()),
        password: Some(SecretString::from(tenant.password.clone())),
        webhook: webhook_password.map(|password| WebhookInput {
            username: Some(WEBHOOK_USERNAME.to_owned()),
            password: Some(password.clone()),
            ..WebhookInput::default()
        }),
        ..ConnectorInput::default()
    };
    let fresh = input.validate().map_err(|errors| invalid(&tenant.name, &errors))?;
    let registry = producer.registry();
    let kept = registry.connector(&fresh.id).await.map_err(|error| store(&error))?;
    let was_there = kept.is_some();
    let connector = match kept {
        None => fresh,
        // Somebody has pointed it at a real platform: that is theirs to change.
        Some(kept) if kept.domain.is_https() => return Ok(false),
        Some(mut kept) => {
            kept.domain =
                Domain::parse(url, true).map_err(|error| Failure::failed(format!("{}: {error}", tenant.name)))?;
            kept.webhook = fresh.webhook.or(kept.webhook);
            kept
        }
    };
    registry
        .put_connector(&connector, ACTOR)
        .await
        .map_err(|error| store(&error))?;
    // The queue learns its limits; what waited for a connector, or for one that answers, goes on.
    let unavailable = |error| Failure::unavailable(format!("waiting jobs cannot be released: {error}"));
    producer.connector_stored(&connector.id).await.map_err(unavailable)?;
    producer.connector_works(&connector.id).await.map_err(unavailable)?;
    Ok(was_there)
}

async fn register_exam(producer: &Producer, wanted: &ExamOf) -> Result<(), Failure> {
    let input = ExamInput {
        id: Some(wanted.exam.clone()),
        connector: Some(wanted.tenant.clone()),
        course_id: i64::try_from(wanted.course_id).ok(),
        ..ExamInput::default()
    };
    let exam = input.validate().map_err(|errors| invalid(&wanted.exam, &errors))?;
    let registry = producer.registry();
    if registry.exam(&exam.id).await.map_err(|error| store(&error))?.is_none() {
        registry.put_exam(&exam, ACTOR).await.map_err(|error| store(&error))?;
        release(producer, &wake::exam(&exam.id)).await?;
    }
    Ok(())
}

async fn release(producer: &Producer, wake: &Name) -> Result<(), Failure> {
    let released = producer.queue().wake(wake).await;
    released
        .map(|_| ())
        .map_err(|error| Failure::unavailable(format!("waiting jobs cannot be released: {error}")))
}

fn invalid(name: &str, errors: &FieldErrors) -> Failure {
    Failure::refused(format!("{name} of the simulated world cannot be registered: {errors}"))
}

fn store(error: &RegistryError) -> Failure {
    Failure::unavailable(format!("connectors and exams cannot be stored: {error}"))
}
