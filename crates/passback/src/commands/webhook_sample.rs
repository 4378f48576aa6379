//! `passback webhook send-sample`

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Unit;
use passback_docebo::webhook::{EVENT_NAMES, sample};
use passback_server::Clock;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::api::{Api, Login, WEBHOOK_PASSWORD_FILE, data_file};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};

const PASSWORD_VARIABLE: &str = "PASSBACK_WEBHOOK_PASSWORD";

/// What to post, and where.
#[derive(Debug, Args)]
pub(crate) struct SampleArgs {
    /// The event, such as `course.enrollment.completed`; `list` names all.
    event: String,
    /// The connector whose webhook it is.
    #[arg(long, default_value = "acme")]
    connector: String,
    /// The user name of the webhook; without this, the one that the connector has.
    #[arg(long)]
    username: Option<String>,
    /// The file with the webhook's password; without this, the environment's `PASSBACK_WEBHOOK_PASSWORD`, or in the folder
    /// of a running `passback dev` the password of its connectors.
    #[arg(long)]
    password_file: Option<PathBuf>,
    /// A header that the connector wants, with the file that has its value; may be given several times.
    #[arg(long = "header", value_name = "NAME=@FILE", value_parser = header)]
    headers: Vec<(HeaderName, PathBuf)>,
    /// A field of the payload, such as `user_id=13827`; may be given several times.
    #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = setting)]
    settings: Vec<(String, Value)>,
    /// The message's id; the same id again is a duplicate. Without this, a new one.
    #[arg(long)]
    message_id: Option<String>,
    /// Print what would be posted, and post nothing.
    #[arg(long)]
    dry_run: bool,
    /// How to print what came of it.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// Reads `field=value`; what is JSON is taken as such, the rest as text.
fn setting(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write FIELD=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}

/// Reads `NAME=@FILE`; the value itself is not taken, for others can see the arguments of a process.
fn header(text: &str) -> Result<(HeaderName, PathBuf), String> {
    let (name, file) = text.split_once("=@").ok_or("write NAME=@FILE")?;
    let name = name.parse().map_err(|_| "the part before =@ is no name of a header")?;
    if file.is_empty() {
        return Err("write the name of a file after =@".to_owned());
    }
    Ok((name, PathBuf::from(file)))
}

/// Posts a sample, as Docebo would.
pub(crate) async fn send(api: &Api, args: SampleArgs) -> Result<Exit, Failure> {
    if args.event == "list" {
        return EVENT_NAMES
            .iter()
            .try_for_each(|name| output::line(name))
            .map(|()| Exit::Done);
    }
    let Some(mut message) = sample(&args.event) else {
        let nearest = EVENT_NAMES
            .iter()
            .max_by(|one, other| likeness(one, &args.event).total_cmp(&likeness(other, &args.event)));
        let fix = format!(
            "did you mean {}? `send-sample list` names all",
            nearest.copied().unwrap_or_default()
        );
        return Err(Failure::usage(format!("no sample of the event '{}'", args.event)).fix(fix));
    };
    adorn(&mut message, &args)?;
    if args.dry_run {
        output::item(Format::Json, &message)?;
        return Ok(Exit::Done);
    }
    let username = match &args.username {
        Some(username) => username.clone(),
        None => username_of(api, &args.connector).await?,
    };
    let login = Login {
        username,
        password: password(&args)?,
        headers: headers(&args)?,
    };
    let path = ["webhooks", "docebo", &args.connector];
    let answer = api.send_as(&path, &login, &message).await?;
    output::item(args.output, &answer)?;
    if answer["duplicates"] == 1 {
        output::note("an event of this message id came before; nothing was stored");
    } else {
        output::note("what came of it: passback webhook list --limit 1");
    }
    Ok(Exit::Done)
}

fn likeness(one: &str, other: &str) -> f64 {
    strsim::jaro_winkler(one, other)
}

/// A new message of this moment, with what was set.
fn adorn(message: &mut Value, args: &SampleArgs) -> Result<(), Failure> {
    let now = Clock::system().now().round(Unit::Second).unwrap_or_default();
    let random = || {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).map_err(|error| Failure::failed(format!("no random bytes: {error}")))?;
        Ok::<_, Failure>(hex::encode(bytes))
    };
    let message_id = match &args.message_id {
        Some(id) => id.clone(),
        None => format!("sample-{}", random()?),
    };
    message["message_id"] = Value::from(message_id);
    // The example's own would be another platform than the connector's, whose events change nothing.
    if let Some(message) = message.as_object_mut() {
        message.remove("original_domain");
    }
    let mut payload = message["payload"].as_object().cloned().unwrap_or_else(Map::new);
    if payload.contains_key("fired_at") {
        payload.insert(
            "fired_at".to_owned(),
            json!(now.strftime("%Y-%m-%d %H:%M:%S").to_string()),
        );
    }
    payload.extend(args.settings.iter().cloned());
    message["payload"] = Value::Object(payload);
    Ok(())
}

async fn username_of(api: &Api, connector: &str) -> Result<String, Failure> {
    let view = api.get(&["v1", "connectors", connector], &[]).await?;
    view["webhook_username"].as_str().map(str::to_owned).ok_or_else(|| {
        Failure::refused(format!("the connector {connector} takes no webhooks"))
            .fix("give it `webhook = { username = …, password = … }` in the file for `passback apply`")
    })
}

/// What a file has on its one line.
fn secret(path: &Path) -> Result<SecretString, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn headers(args: &SampleArgs) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let read = |(name, path): &(HeaderName, PathBuf)| {
        let value = HeaderValue::from_str(secret(path)?.expose_secret());
        let mut value = value.map_err(|_| {
            Failure::usage(format!("{} holds nothing that a header can carry", path.display()))
                .fix("write the value on one line")
        })?;
        value.set_sensitive(true);
        Ok((name.clone(), value))
    };
    args.headers.iter().map(read).collect()
}

fn password(args: &SampleArgs) -> Result<SecretString, Failure> {
    if let Some(path) = &args.password_file {
        return secret(path);
    }
    let given = std::env::var(PASSWORD_VARIABLE)
        .ok()
        .or_else(|| data_file(WEBHOOK_PASSWORD_FILE));
    let password = given.filter(|password| !password.is_empty()).map(SecretString::from);
    password
        .filter(|password| !password.expose_secret().is_empty())
        .ok_or_else(|| {
            Failure::usage("the webhook's password is missing")
                .fix(format!("give it with --password-file, or in {PASSWORD_VARIABLE}"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_from_a_file_and_never_from_the_arguments() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            args: SampleArgs,
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "s3cret\n").unwrap();
        let flag = format!("X-Passback-Secret=@{}", file.display());
        let line = <Line as clap::Parser>::try_parse_from(["x", "user.created", "--header", &flag]).unwrap();
        let read = headers(&line.args).unwrap();
        assert_eq!(read[0].0, "x-passback-secret");
        assert!(read[0].1 == "s3cret" && read[0].1.is_sensitive());
        assert!(header("X-Passback-Secret=s3cret").is_err());
        assert!(header("no name=@file").is_err());
        assert!(header("X-Passback-Secret=@").is_err());
    }

    #[test]
    fn what_is_json_is_set_as_such_and_the_rest_as_text() {
        assert_eq!(setting("user_id=13827"), Ok(("user_id".to_owned(), json!(13827))));
        assert_eq!(
            setting("status=completed"),
            Ok(("status".to_owned(), json!("completed")))
        );
        assert_eq!(
            setting("extra_data={\"score\":87}"),
            Ok(("extra_data".to_owned(), json!({"score": 87})))
        );
        assert!(setting("user_id").is_err());
    }

    #[test]
    fn a_sample_does_not_say_that_another_platform_sends_it() {
        let args = SampleArgs {
            event: "course.deleted".to_owned(),
            connector: "acme".to_owned(),
            username: None,
            password_file: None,
            headers: Vec::new(),
            settings: vec![("course_id".to_owned(), json!(146))],
            message_id: None,
            dry_run: true,
            output: Format::default(),
        };
        let mut message = sample(&args.event).unwrap();
        adorn(&mut message, &args).unwrap();
        assert_eq!(message["payload"]["course_id"], 146);
        assert_eq!(message.get("original_domain"), None);
    }
}
