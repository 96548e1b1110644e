use std::collections::BTreeMap;

use clap::Args;
use jiff::Timestamp;

use super::create::AsJson;
use super::desk;
use crate::certificates::issued::{Index, Issued, State};
use crate::certificates::{Authority, Home};
use crate::management::{CommandError, CommandResult, Format, Manage, Output, Style};
use crate::text::printable;
use crate::timezone;

/// List the certificates that were issued and until when they hold
///
/// States are `valid`, `expiring` (less than a third of its life is left), `expired`, `missing` (a file is gone) and
/// `replaced` (its authority was).
/// As JSON: `{"certificates": [{"serial", "names", "key", "client", "not_before", "not_after", "sha256", "cert_file",
/// "key_file", "p12_file", "state", "days_left"}]}`.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only those that expire within this time, such as `30d` or `12h`; exit status 1 when there is one
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    expiring: Option<i64>,
    /// How to show them
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

impl List {
    pub(super) fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let now = timezone::now();
        let folder = desk::folder(manage, Home::Manage)?;
        let mut listed = Index::read(&folder)?.certificates;
        // Whatever is wrong with the authority: the list can be read.
        let authority = Authority::find(&folder).ok().flatten();
        let now =
            At { now, authority: authority.map(|authority| authority.facts.fingerprint).unwrap_or_default() };
        if let Some(within) = self.expiring {
            listed.retain(|issued| issued.not_after.as_second() - now.now.as_second() <= within);
        }
        match self.format {
            Format::Table if listed.is_empty() => out.status(self.nothing())?,
            Format::Table => show_table(&listed, &now, out)?,
            Format::Plain => listed.iter().try_for_each(|issued| out.line(plain(issued, &now)))?,
            Format::Json => {
                let certificates: Vec<AsJson> =
                    listed.iter().map(|issued| with_state(issued, &now)).collect();
                out.json(&BTreeMap::from([("certificates", certificates)]))?;
            }
        }
        let found = self.expiring.is_some() && !listed.is_empty();
        if found { Err(CommandError::silent()) } else { Ok(()) }
    }

    fn nothing(&self) -> &'static str {
        match self.expiring {
            Some(_) => "Nothing expires within that time.",
            None => "Nothing was issued yet.",
        }
    }
}

/// When the list is read, and under which authority.
struct At {
    now: Timestamp,
    /// SHA-256 of the living authority's certificate, in hex.
    authority: String,
}

impl At {
    fn state(&self, issued: &Issued) -> State {
        issued.state(&self.authority, self.now)
    }
}

fn show_table(listed: &[Issued], at: &At, out: &mut Output) -> CommandResult {
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|issued| {
            let state = at.state(issued);
            vec![
                desk::names(issued, ", "),
                timezone::iso_date(issued.not_after),
                issued.days_left(at.now).to_string(),
                out.styled(style(state), state.name()),
                desk::first_file(issued),
            ]
        })
        .collect();
    Ok(out.table(&["Names", "Expires", "Days left", "State", "File"], rows)?)
}

fn style(state: State) -> Style {
    match state {
        State::Valid => Style::Success,
        State::Expiring => Style::Warning,
        State::Expired | State::Missing | State::Replaced => Style::Error,
    }
}

/// A line for scripts: state, day of expiry, file, names.
fn plain(issued: &Issued, at: &At) -> String {
    let until = timezone::iso_date(issued.not_after);
    let file = issued.files().next().map(|file| printable(&file.display().to_string())).unwrap_or_default();
    format!("{}\t{until}\t{file}\t{}", at.state(issued).name(), desk::names(issued, ","))
}

fn with_state<'a>(issued: &'a Issued, at: &At) -> AsJson<'a> {
    let (state, days_left) = (Some(at.state(issued).name()), Some(issued.days_left(at.now)));
    AsJson { state, days_left, ..AsJson::of(issued) }
}

/// A time such as `30d`, `12h` or `90m`, in seconds; a bare number is days.
fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || "write a number of days, or `30d`, `12h`, `90m`".to_owned();
    let (digits, unit) = match text.strip_suffix(['d', 'h', 'm']) {
        Some(digits) => (digits, &text[digits.len()..]),
        None => (text, "d"),
    };
    let number: u32 = digits.parse().map_err(|_| wrong())?;
    let unit = match unit {
        "d" => 86_400,
        "h" => 3600,
        _ => 60,
    };
    Ok(i64::from(number) * unit)
}
