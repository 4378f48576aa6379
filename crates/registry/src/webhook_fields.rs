//! Reads a connector's `webhook` from TOML.

use toml::de::DeTable;

use crate::toml_fields::{Field, Reader};
use crate::webhook_input::{WebhookHeaderInput, WebhookInput, WebhookLoginInput};

const LOGIN: &str = "{ username = \"…\", password = … }";

pub(crate) fn webhook<'a>(reader: &mut Reader<'a>, field: &Field<'a>) -> Option<WebhookInput> {
    const KNOWN: &[&str] = &[
        "webhook.username",
        "webhook.password",
        "webhook.also",
        "webhook.header",
        "webhook.sources",
    ];
    let table = reader.table(field, LOGIN)?;
    let mut input = WebhookInput::default();
    for field in reader.fields("webhook.", table) {
        match field.name.as_str() {
            "webhook.username" => input.username = reader.text(&field),
            "webhook.password" => input.password = reader.secret(&field),
            "webhook.also" => input.also = also(reader, &field),
            "webhook.header" => input.header = header(reader, &field),
            "webhook.sources" => input.sources = reader.texts(&field),
            _ => reader.unknown(&field, KNOWN),
        }
    }
    Some(input)
}

fn also<'a>(reader: &mut Reader<'a>, field: &Field<'a>) -> Option<Vec<WebhookLoginInput>> {
    let tables = reader.tables(field, LOGIN)?;
    let logins = tables
        .into_iter()
        .map(|(item, table)| table.map_or_else(WebhookLoginInput::default, |table| login(reader, &item.name, table)));
    Some(logins.collect())
}

fn login<'a>(reader: &mut Reader<'a>, path: &str, table: &'a DeTable<'a>) -> WebhookLoginInput {
    let known = ["username", "password"].map(|name| format!("{path}.{name}"));
    let prefix = format!("{path}.");
    let mut input = WebhookLoginInput::default();
    for field in reader.fields(&prefix, table) {
        match field.name.strip_prefix(&prefix) {
            Some("username") => input.username = reader.text(&field),
            Some("password") => input.password = reader.secret(&field),
            _ => reader.unknown(&field, &known.each_ref().map(String::as_str)),
        }
    }
    input
}

fn header<'a>(reader: &mut Reader<'a>, field: &Field<'a>) -> Option<WebhookHeaderInput> {
    const KNOWN: &[&str] = &["webhook.header.name", "webhook.header.value"];
    let table = reader.table(field, "{ name = \"X-Passback-Secret\", value = … }")?;
    let mut input = WebhookHeaderInput::default();
    for field in reader.fields("webhook.header.", table) {
        match field.name.as_str() {
            "webhook.header.name" => input.name = reader.text(&field),
            "webhook.header.value" => input.value = reader.secret(&field),
            _ => reader.unknown(&field, KNOWN),
        }
    }
    Some(input)
}
