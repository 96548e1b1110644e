//! What the commands share that change who trusts the authority: `--stores`, the table, and when that failed.

use clap::Args;
use serde_json::{Value, json};

use crate::certificates::truststores::{Anchor, Kind, Machine, Outcome, Report};
use crate::certificates::{Authority, Person};
use crate::management::{CommandError, CommandResult, Format, Output, Style};

/// Which stores, and how the answer is shown, as flags.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct StoreArgs {
    /// Only stores of these kinds: system, nss (Chromium's and Firefox's databases), policies (their policy files),
    /// java; repeatable, or divided by commas
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    pub(super) stores: Vec<String>,
    /// How to show it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,
}

impl StoreArgs {
    /// The kinds that were chosen, if any were.
    pub(super) fn kinds(&self) -> CommandResult<Option<Vec<Kind>>> {
        if self.stores.is_empty() {
            return Ok(None);
        }
        let kinds = Kind::list(&self.stores.join(","))?;
        if kinds.is_empty() {
            return Err(
                CommandError::usage("no kind of store is named").hint("known: system, nss, policies, java")
            );
        }
        Ok(Some(kinds))
    }
}

/// This machine, with root's rights asked for at a terminal alone.
pub(super) fn machine(person: &Person, out: &Output) -> Machine {
    Machine::new(person.clone(), out.is_interactive())
}

/// The authority as stores take it.
pub(super) fn anchor(authority: &Authority) -> Anchor {
    Anchor::new(authority.certificate.clone(), authority.folder().certificate())
}

/// Shows what came of each store. Fails when one of them failed, or when there was none.
pub(super) fn show(reports: &[Report], format: Format, out: &mut Output) -> CommandResult {
    match format {
        Format::Json => {
            let stores: Vec<Value> = reports.iter().map(to_json).collect();
            out.json(&json!({ "stores": stores }))?;
        }
        Format::Plain => reports.iter().try_for_each(|report| {
            out.line(format!("{}\t{}\t{}", report.kind, report.place, report.outcome))
        })?,
        Format::Table => {
            let rows: Vec<Vec<String>> = reports
                .iter()
                .map(|report| {
                    let outcome = out.styled(style(&report.outcome), &report.outcome.to_string());
                    vec![report.kind.to_string(), report.place.clone(), outcome]
                })
                .collect();
            out.table(&["Store", "Place", "Result"], rows)?;
        }
    }
    judge(reports)
}

fn judge(reports: &[Report]) -> CommandResult {
    let failures = || {
        reports.iter().filter_map(|report| match &report.outcome {
            Outcome::Failed(error) => Some(error),
            _ => None,
        })
    };
    if failures().next().is_some() {
        let failed = CommandError::failed(match failures().count() {
            1 => "one trust store could not be changed".to_owned(),
            many => format!("{many} trust stores could not be changed"),
        });
        let mut hints: Vec<&String> = failures().flat_map(|error| &error.hints).collect();
        hints.dedup();
        return Err(hints.into_iter().fold(failed, CommandError::hint));
    }
    match reports.iter().all(|report| matches!(report.outcome, Outcome::Skipped(_))) {
        true => Err(CommandError::failed("no trust store was found that can be used")
            .hint("the table says what is missing; `manage cert env` works without any store")),
        false => Ok(()),
    }
}

fn style(outcome: &Outcome) -> Style {
    match outcome {
        Outcome::Installed | Outcome::AlreadyThere | Outcome::Removed => Style::Success,
        Outcome::NotThere | Outcome::Skipped(_) => Style::Notice,
        Outcome::Failed(_) => Style::Error,
    }
}

pub(super) fn to_json(report: &Report) -> Value {
    let (result, why) = match &report.outcome {
        Outcome::Installed => ("installed", None),
        Outcome::AlreadyThere => ("already there", None),
        Outcome::Removed => ("removed", None),
        Outcome::NotThere => ("not there", None),
        Outcome::Skipped(why) => ("skipped", Some(why.clone())),
        Outcome::Failed(error) => ("failed", Some(error.to_string())),
    };
    json!({ "store": report.kind.word(), "place": report.place, "result": result, "why": why })
}
