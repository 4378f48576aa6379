//! Where `passback simulator` posts its webhooks.

use std::path::{Path, PathBuf};

use clap::Args;
use passback_simulator::{Tenant, WebhookTarget, World};

use crate::exit::Failure;

/// The password, for those who do not want it in a file.
const PASSWORD_VARIABLE: &str = "PASSBACK_SIMULATOR_WEBHOOK_PASSWORD";

/// What stands for a tenant's name in the address.
const TENANT_PLACE: &str = "{tenant}";

/// Where webhooks go, over what the world says; how they go is the world's `[tenant.webhook]`.
#[derive(Debug, Args)]
pub(crate) struct WebhookFlags {
    /// Post the first tenant's webhooks there; with `{tenant}` in it, all tenants', each with its name put in.
    #[arg(long = "webhook-url", value_name = "URL")]
    url: Option<String>,
    /// The user name of the webhooks' HTTP Basic.
    #[arg(long = "webhook-username", value_name = "NAME", requires = "url")]
    username: Option<String>,
    /// The file with that user's password; without it, `PASSBACK_SIMULATOR_WEBHOOK_PASSWORD`.
    #[arg(long = "webhook-password-file", value_name = "FILE", requires = "url")]
    password_file: Option<PathBuf>,
}

impl WebhookFlags {
    /// Sets the target of the first tenant, or of all.
    pub(crate) fn apply(&self, world: &mut World) -> Result<(), Failure> {
        let Some(url) = &self.url else {
            return Ok(());
        };
        let password = self.password()?;
        let count = if url.contains(TENANT_PLACE) {
            world.tenants.len()
        } else {
            1
        };
        for tenant in world.tenants.iter_mut().take(count) {
            self.set(tenant, url, password.as_deref())?;
        }
        Ok(())
    }

    fn set(&self, tenant: &mut Tenant, url: &str, password: Option<&str>) -> Result<(), Failure> {
        let mut target = tenant.webhook.take().unwrap_or_default();
        target.url = url.replace(TENANT_PLACE, &tenant.name);
        if let Some(username) = &self.username {
            target.username.clone_from(username);
        }
        if let Some(password) = password {
            password.clone_into(&mut target.password);
        }
        if !target.username.is_empty() && target.password.is_empty() {
            return Err(
                Failure::usage("the webhooks have a user name, but no password".to_owned()).fix(format!(
                    "name a file with it as --webhook-password-file, or set {PASSWORD_VARIABLE}"
                )),
            );
        }
        check(&target)?;
        tenant.webhook = Some(target);
        Ok(())
    }

    fn password(&self) -> Result<Option<String>, Failure> {
        match &self.password_file {
            Some(path) => read_line(path).map(Some),
            None => Ok(std::env::var(PASSWORD_VARIABLE).ok().filter(|text| !text.is_empty())),
        }
    }
}

fn check(target: &WebhookTarget) -> Result<(), Failure> {
    target.check().map_err(|error| {
        Failure::usage(error.to_string()).fix("give --webhook-url as http://127.0.0.1:8080/webhooks/docebo/CONNECTOR")
    })
}

fn read_line(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::refused(format!("the password file {} cannot be read: {error}", path.display()))
            .fix("give --webhook-password-file a readable file with nothing but the password")
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn flags(url: &str, username: Option<&str>, password_file: Option<&Path>) -> WebhookFlags {
        WebhookFlags {
            url: Some(url.to_owned()),
            username: username.map(str::to_owned),
            password_file: password_file.map(Path::to_owned),
        }
    }

    fn two_tenants() -> World {
        let tenants = ["acme", "globex"].map(Tenant::new).to_vec();
        World { tenants }
    }

    #[test]
    fn an_address_with_a_place_for_the_name_is_for_every_tenant_and_one_without_for_the_first() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"s1\n").unwrap();
        let mut world = two_tenants();
        flags("http://127.0.0.1:9/hook/{tenant}", Some("docebo"), Some(file.path()))
            .apply(&mut world)
            .unwrap();
        let targets = world.tenants.iter().map(|tenant| tenant.webhook.clone().unwrap());
        let set: Vec<_> = targets
            .map(|target| (target.url, target.username, target.password))
            .collect();
        let wanted = |url: &str| (url.to_owned(), "docebo".to_owned(), "s1".to_owned());
        let wanted = ["http://127.0.0.1:9/hook/acme", "http://127.0.0.1:9/hook/globex"].map(wanted);
        assert_eq!(set, wanted);

        let mut world = two_tenants();
        flags("http://127.0.0.1:9/hook", None, None).apply(&mut world).unwrap();
        assert!(world.tenants[0].webhook.is_some() && world.tenants[1].webhook.is_none());
    }

    #[test]
    fn how_webhooks_go_stays_as_the_world_says() {
        let mut world = two_tenants();
        world.tenants[0].webhook = Some(WebhookTarget {
            duplicates: 3,
            ..WebhookTarget::new("http://127.0.0.1:8/old", "docebo", "secret")
        });
        flags("http://127.0.0.1:9/new", None, None).apply(&mut world).unwrap();
        let target = world.tenants[0].webhook.clone().unwrap();
        assert_eq!((target.url.as_str(), target.duplicates), ("http://127.0.0.1:9/new", 3));
        assert_eq!(target.password, "secret");
    }

    #[test]
    fn a_wrong_address_and_a_missing_file_are_refused() {
        let refused = |flags: WebhookFlags| format!("{:?}", flags.apply(&mut two_tenants()).unwrap_err());
        let wrong = refused(flags("127.0.0.1:9", None, None));
        assert!(wrong.contains("url must be an http or https address"), "{wrong}");
        let absent = refused(flags("http://127.0.0.1:9", Some("docebo"), Some(Path::new("/absent"))));
        assert!(absent.contains("the password file /absent cannot be read"), "{absent}");
    }
}
