//! What the commands share that change who trusts the authority: `--stores`, the table, and when that failed.

use clap::Args;
use serde_json::{Value, json};

use super::desk;
use crate::certificates;
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
    /// Whether the kinds only limit what is looked for.
    #[arg(skip)]
    pub(super) is_limit: bool,
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

    /// Whether each kind that was named was worked with.
    ///
    /// A list in `$TRUST_STORES` limits and names nothing.
    pub(super) fn check_named(&self, reports: &[Report]) -> CommandResult {
        if self.is_limit {
            return Ok(());
        }
        let is_skipped = |report: &&Report| matches!(report.outcome, Outcome::Skipped(_));
        for kind in self.kinds()?.unwrap_or_default() {
            let of_kind: Vec<&Report> = reports.iter().filter(|report| report.kind == kind).collect();
            if of_kind.iter().all(is_skipped) {
                return Err(CommandError::failed(format!("no trust store of the kind {kind} could be used"))
                    .hint("the table says why"));
            }
        }
        Ok(())
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
    show_reports(reports, format, out)?;
    judge(reports)
}

/// Shows what came of each store.
pub(super) fn show_reports(reports: &[Report], format: Format, out: &mut Output) -> CommandResult {
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
    Ok(())
}

/// An error when one of the stores failed.
pub(super) fn judge_failures(reports: &[Report]) -> CommandResult {
    let failures: Vec<&certificates::Error> = reports
        .iter()
        .filter_map(|report| match &report.outcome {
            Outcome::Failed(error) => Some(error),
            _ => None,
        })
        .collect();
    let failed = match failures.len() {
        0 => return Ok(()),
        1 => CommandError::failed("one trust store could not be changed"),
        many => CommandError::failed(format!("{many} trust stores could not be changed")),
    };
    Err(desk::with_hints(failed, failures.iter().flat_map(|error| &error.hints)))
}

fn judge(reports: &[Report]) -> CommandResult {
    judge_failures(reports)?;
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
