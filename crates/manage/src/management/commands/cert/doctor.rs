use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};

use super::desk;
use super::trust;
use crate::certificates::clients::{self, Finding, Outcome};
use crate::certificates::names;
use crate::certificates::truststores::{self, Report};
use crate::certificates::{Authority, Folder, Home, KeyType, LeafRequest, Subject};
use crate::management::{CommandError, CommandResult, Format, Manage, Output, Style};
use crate::timezone;

/// Ask every client found on this machine whether it trusts the local authority
///
/// Each one (openssl, curl, wget, Python, Node, Java, Chromium, Firefox) really connects to a throw-away server on this
/// machine. Exit status 1 when something is wrong: with the authority, or when a client refuses it. As JSON:
/// `{"authority": {"subject", "not_after", "folder", "problems"}, "stores": [{"store", "place", "result", "why"}],
/// "clients": [{"client", "version", "result", "why", "advice"}]}`.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Only these clients; repeatable, or divided by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = PossibleValuesParser::new(clients::names()))]
    clients: Vec<String>,
    /// How to show it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

/// What was found out.
struct Examination {
    authority: Authority,
    problems: Vec<String>,
    stores: Vec<Report>,
    findings: Vec<Finding>,
}

impl Doctor {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let folder = desk::folder(manage, Home::Manage)?;
        desk::existing(&folder)?;
        let authority = desk::existing_locked(&desk::lock(&folder, out)?)?;
        let problems = problems(&folder, &authority);
        let machine = trust::machine(folder.person(), out);
        let stores = truststores::status(&machine, None, &trust::anchor(&authority));
        let findings = self.ask(&folder, &authority)?;
        let is_well = problems.is_empty()
            && !findings.iter().any(|finding| matches!(finding.outcome, Outcome::Refuses { .. }));
        let report = Examination { authority, problems, stores, findings };
        match self.format {
            Format::Json => out.json(&report.to_json())?,
            Format::Table | Format::Plain => report.show(out)?,
        }
        if is_well { Ok(()) } else { Err(CommandError::silent()) }
    }

    /// Lets the clients connect, with a certificate that is made for this and kept nowhere.
    fn ask(&self, folder: &Folder, authority: &Authority) -> CommandResult<Vec<Finding>> {
        let only: Vec<&str> = self.clients.iter().map(String::as_str).collect();
        let Ok(leaf) = authority.issue(&LeafRequest {
            names: names::parse_all(&["localhost", "127.0.0.1", "::1"], false)?,
            days: 1,
            is_client: false,
            subject: Subject::New(KeyType::P256),
        }) else {
            // Why it cannot sign is among the problems.
            return Ok(Vec::new());
        };
        let key = leaf.key.as_ref().map(|key| key.pkcs8().to_vec()).unwrap_or_default();
        let chain = [leaf.certificate, leaf.authority];
        Ok(clients::examine(folder.person(), &chain, &key, &only)?)
    }
}

/// What is wrong with the authority and its files.
fn problems(folder: &Folder, authority: &Authority) -> Vec<String> {
    let mut problems = Vec::new();
    if let Err(error) = authority.signer() {
        problems.push(error.to_string());
    }
    let mode = |path: &std::path::Path| fs::metadata(path).map(|facts| facts.permissions().mode() & 0o777);
    for (path, bits, who) in [(folder.path().to_owned(), 0o022, "write into"), (folder.key(), 0o077, "read")]
    {
        if let Ok(mode) = mode(&path)
            && mode & bits != 0
        {
            let path = path.display();
            problems.push(format!("others may {who} {path} (mode {mode:04o}): chmod go-rwx {path}"));
        }
    }
    problems
}

impl Examination {
    fn show(&self, out: &mut Output) -> CommandResult {
        let facts = &self.authority.facts;
        desk::field(out, "Authority", &facts.subject.to_string())?;
        desk::field(out, "Folder", &self.authority.folder().path().display().to_string())?;
        desk::field(out, "Expires", &timezone::iso_date(facts.not_after).to_string())?;
        for problem in &self.problems {
            desk::field(out, "Problem", &out.styled(Style::Error, problem).to_string())?;
        }
        out.line("")?;
        let of_store =
            |report: &Report| vec![report.kind.to_string(), report.place.clone(), state(report, out)];
        let rows: Vec<Vec<String>> = self.stores.iter().map(of_store).collect();
        out.table(&["Store", "Place", "State"], rows)?;
        out.line("")?;
        let rows: Vec<Vec<String>> = self.findings.iter().map(|finding| row(finding, out)).collect();
        out.table(&["Client", "Version", "Result"], rows)?;
        for finding in &self.findings {
            if let Outcome::Refuses { said, advice } = &finding.outcome {
                out.line("")?;
                out.line(format!("{} said: {said}", finding.client))?;
                advice.iter().try_for_each(|line| out.line(format!("  {line}")))?;
            }
        }
        Ok(())
    }

    fn to_json(&self) -> Value {
        let facts = &self.authority.facts;
        json!({
            "authority": {
                "subject": facts.subject,
                "not_after": timezone::iso(facts.not_after),
                "folder": self.authority.folder().path().display().to_string(),
                "problems": self.problems,
            },
            "stores": self.stores.iter().map(trust::to_json).collect::<Vec<_>>(),
            "clients": self.findings.iter().map(client_json).collect::<Vec<_>>(),
        })
    }
}

/// Whether a store trusts the authority.
fn state(report: &Report, out: &Output) -> String {
    match report.outcome {
        truststores::Outcome::AlreadyThere => out.styled(Style::Success, "trusts it"),
        _ => report.outcome.to_string(),
    }
}

fn row(finding: &Finding, out: &Output) -> Vec<String> {
    let outcome = match &finding.outcome {
        Outcome::Trusts => out.styled(Style::Success, "trusts it"),
        Outcome::Refuses { .. } => out.styled(Style::Error, "refuses it"),
        Outcome::Skipped(why) => format!("skipped: {why}"),
    };
    vec![finding.client.to_owned(), finding.version.clone().unwrap_or_default(), outcome]
}

fn client_json(finding: &Finding) -> Value {
    let (result, why, advice) = match &finding.outcome {
        Outcome::Trusts => ("trusts", None, &[][..]),
        Outcome::Refuses { said, advice } => ("refuses", Some(said), advice.as_slice()),
        Outcome::Skipped(why) => ("skipped", Some(why), &[][..]),
    };
    json!({"client": finding.client, "version": finding.version, "result": result, "why": why, "advice": advice})
}
