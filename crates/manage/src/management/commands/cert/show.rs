use std::fs;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::desk;
use crate::certificates::issued::days_until;
use crate::certificates::{Authority, Facts, Home, Person, Subtree, armor, file, is_signed_by, peer};
use crate::management::{CommandError, CommandResult, Format, Manage, Output, Style};
use crate::timezone;

/// How long a server may take to show its certificate.
const PATIENCE: Duration = Duration::from_secs(10);

/// Show what the certificates in a file say, or those that a server shows
///
/// As JSON: `{"certificates": [{"subject", "issuer", "serial", "names", "not_before", "not_after", "days_left", "key",
/// "signature", "is_ca", "key_usage", "extended_key_usage", "permitted", "excluded", "sha256",
/// "is_by_local_authority"}], "server": {"address", "protocol", "cipher", "alpn"}}`.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// A file (PEM or DER, `-` is stdin), or a server as HOST:PORT
    #[arg(value_name = "FILE|HOST:PORT", value_hint = clap::ValueHint::AnyPath)]
    what: String,
    /// The name to ask the server for, instead of its host
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How to show it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// A certificate, what it says, and whether the local authority signed it or is it.
struct Shown {
    facts: Facts,
    is_local: bool,
}

impl Show {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let folder = desk::folder(manage, Home::Manage);
        let authority = folder.ok().and_then(|folder| Authority::find(&folder).ok().flatten());
        let person = Person::of(&manage.environment)?;
        let (chain, server) = self.look(&person)?;
        let read = |(number, der): (usize, &Vec<u8>)| {
            let of = format!("certificate {} of {}", number + 1, self.what);
            let ours = authority.as_ref().map(|authority| &authority.certificate);
            let is_local = ours.is_some_and(|ours| ours == der || is_signed_by(der, ours));
            Ok(Shown { facts: Facts::of(der, &of)?, is_local })
        };
        let shown = chain.iter().enumerate().map(read).collect::<CommandResult<Vec<Shown>>>()?;
        match self.format {
            Format::Json => {
                let certificates: Vec<Value> = shown.iter().map(to_json).collect();
                Ok(out.json(
                    &json!({ "certificates": certificates, "server": server.as_ref().map(server_json) }),
                )?)
            }
            Format::Table | Format::Plain => show_text(&shown, server.as_ref(), out),
        }
    }

    /// The certificates, and the server that showed them.
    fn look(&self, person: &Person) -> CommandResult<(Vec<Vec<u8>>, Option<peer::Peer>)> {
        let path = Path::new(&self.what);
        if fs::metadata(path).is_ok() || !self.what.contains(':') {
            if self.name.is_some() {
                return Err(CommandError::usage("--name is for a server, written as HOST:PORT"));
            }
            let content = file::read_input(path, person).map_err(|error| match fs::metadata(path) {
                Err(_) => error.hint(format!("a server is written with its port: {}:443", self.what)),
                Ok(_) => error,
            })?;
            return Ok((armor::certificates(&content, path)?, None));
        }
        let (host, port) = peer::parse(&self.what)?;
        let peer = peer::fetch(&host, port, self.name.as_deref(), PATIENCE)?;
        Ok((peer.chain.clone(), Some(peer)))
    }
}

fn show_text(shown: &[Shown], server: Option<&peer::Peer>, out: &mut Output) -> CommandResult {
    if let Some(server) = server {
        let parts = [&server.protocol, &server.cipher, &server.alpn];
        let spoken: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        desk::field(out, "Server", &server.address.to_string())?;
        desk::field(out, "Speaks", &spoken.join(", ").to_string())?;
        out.line("")?;
    }
    for (number, one) in shown.iter().enumerate() {
        if number > 0 {
            out.line("")?;
        }
        for (title, value) in rows(one, out) {
            desk::field(out, title, &value)?;
        }
    }
    Ok(())
}

fn rows(shown: &Shown, out: &Output) -> Vec<(&'static str, String)> {
    let facts = &shown.facts;
    let authority = facts.is_ca.then(|| match facts.path_length {
        Some(0) => "yes, with none below it".to_owned(),
        Some(below) => format!("yes, with at most {below} authorities below it"),
        None => "yes".to_owned(),
    });
    let joined = |words: &[String]| (!words.is_empty()).then(|| words.join(", "));
    let (permitted, excluded) = constraints(facts);
    let rows = [
        ("Subject", Some(facts.subject.clone()).filter(|subject| !subject.is_empty())),
        ("Issuer", Some(facts.issuer.clone())),
        ("Names", joined(&facts.names)),
        ("Valid", Some(validity(facts, out))),
        ("Key", Some(facts.key.clone())),
        ("Signature", Some(facts.signature.clone())),
        ("Authority", authority),
        ("Permitted", permitted.as_deref().and_then(joined)),
        ("Excluded", excluded.as_deref().and_then(joined)),
        ("Key usage", facts.key_usage.as_ref().map(|usage| usage.join(", "))),
        ("For", joined(&facts.extended_key_usage)),
        ("Serial", Some(facts.serial.clone())),
        ("SHA-256", Some(facts.fingerprint.clone())),
        ("Signed by", shown.is_local.then(|| "the local authority".to_owned())),
    ];
    rows.into_iter().filter_map(|(title, value)| Some((title, value?))).collect()
}

fn validity(facts: &Facts, out: &Output) -> String {
    let now = timezone::now();
    let left = days_left(facts);
    let (style, state) = if now < facts.not_before {
        (Style::Error, "not valid yet".to_owned())
    } else if now >= facts.not_after {
        (Style::Error, "expired".to_owned())
    } else {
        (Style::Success, format!("{left} days left"))
    };
    let (from, until) = (timezone::iso_date(facts.not_before), timezone::iso_date(facts.not_after));
    format!("{from} to {until}, {}", out.styled(style, &state))
}

fn days_left(facts: &Facts) -> i64 {
    days_until(facts.not_after, timezone::now())
}

/// The names for which an authority may sign and those for which it may not, if that is said.
fn constraints(facts: &Facts) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let words = |subtrees: &[Subtree]| subtrees.iter().map(ToString::to_string).collect();
    let both = facts.constraints.as_ref();
    both.map(|constraints| (words(&constraints.permitted), words(&constraints.excluded))).unzip()
}

fn to_json(shown: &Shown) -> Value {
    let facts = &shown.facts;
    let (permitted, excluded) = constraints(facts);
    json!({
        "subject": facts.subject,
        "issuer": facts.issuer,
        "serial": facts.serial,
        "names": facts.names,
        "not_before": timezone::iso(facts.not_before),
        "not_after": timezone::iso(facts.not_after),
        "days_left": days_left(facts),
        "key": facts.key,
        "signature": facts.signature,
        "is_ca": facts.is_ca,
        "key_usage": facts.key_usage,
        "extended_key_usage": facts.extended_key_usage,
        "permitted": permitted,
        "excluded": excluded,
        "sha256": facts.fingerprint,
        "is_by_local_authority": shown.is_local,
    })
}

fn server_json(server: &peer::Peer) -> Value {
    json!({
        "address": server.address.to_string(),
        "protocol": server.protocol,
        "cipher": server.cipher,
        "alpn": server.alpn,
    })
}
