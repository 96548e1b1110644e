mod find;

use std::io::{self, Read};

use clap::Args;
use find::{Finder, Found};
use indicatif::ProgressBar;

use crate::db::fixtures::{self, Compression, Fixture, Format, Leave, Left, Loaded};
use crate::management::fixtures::Place;
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output, block_on};
use crate::setup::Project;
use crate::text;

/// Load rows from fixtures, those of `dumpdata` and Django's
///
/// All of them in one transaction, or nothing. A row whose key is there is changed, another one is new. Keys may point to
/// rows that come later; at the end each has to lead somewhere.
#[derive(Debug, Args)]
pub(super) struct LoadData {
    /// Fixtures: names in the folders of apps (`fixtures/<app>/`) and of the project (`fixtures/`), or paths; `-` is stdin
    #[arg(required = true, value_name = "FIXTURE", value_hint = clap::ValueHint::FilePath)]
    fixtures: Vec<String>,
    /// Database to fill
    #[arg(long, value_name = "ALIAS")]
    database: Option<String>,
    /// Only app whose folder is looked into
    #[arg(id = "app_label", long = "app", value_name = "APP")]
    app: Option<String>,
    /// Pass over models and fields that are not here, and say how many
    #[arg(short, long = "ignorenonexistent")]
    ignore: bool,
    /// App or model to leave out; may be repeated
    #[arg(short, long, value_name = "APP[.MODEL]")]
    exclude: Vec<String>,
    /// Form of stdin, and of files whose names do not say it: `json`, `jsonl` or `xml`
    #[arg(long, value_name = "FORMAT", value_parser = ["json", "jsonl", "xml"])]
    format: Option<String>,
}

impl BaseCommand for LoadData {
    const NAME: &'static str = "loaddata";
    const GROUP: Group = Group::Databases;
    const OUTLIVES_PIPE: bool = true;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        if let Some(app) = self.app.as_ref().filter(|app| !project.apps.contains(app)) {
            let message = format!("no installed app with label `{app}`");
            return Err(CommandError::unknown(message, app, &project.apps));
        }
        let place = Place::new(project, self.database.as_deref())?;
        let found = self.found(project, place.alias, out)?;
        let leave = Leave { excluded: self.excluded(&place)?, unknown: self.ignore };
        let is_piped = found.iter().any(|one| *one == Found::stdin(one.format));
        let bar = if is_piped { ProgressBar::hidden() } else { out.progress(0, "loaddata") };
        let mut fixtures = Vec::with_capacity(found.len());
        for one in &found {
            fixtures.push(open(project, one, &bar)?);
        }
        let loaded =
            block_on(async { Ok(fixtures::load(&place.backend, &place.catalog, fixtures, leave).await?) });
        bar.finish_and_clear();
        tell(&loaded?, found.len(), &place, out)
    }
}

impl LoadData {
    /// The fixtures, each once.
    fn found(&self, project: &Project, alias: &str, out: &mut Output) -> CommandResult<Vec<Found>> {
        let format = self.format.as_deref().and_then(Format::named);
        let finder = Finder { project, alias, app: self.app.as_deref(), format };
        let mut all: Vec<Found> = Vec::new();
        for label in &self.fixtures {
            let found = match (label.as_str(), format) {
                ("-", None) => {
                    return Err(CommandError::usage("stdin has no name that would say its form")
                        .hint("`--format json`, `jsonl` or `xml` says it"));
                }
                ("-", Some(format)) => vec![Found::stdin(format)],
                _ => finder.find(label)?,
            };
            for one in found {
                match all.iter().any(|other| other.is(&one)) {
                    true => out.warning(format!("{} is named twice and loaded once", one.name))?,
                    false => all.push(one),
                }
            }
        }
        Ok(all)
    }

    /// Labels of what is left out, in lower case; each has to be somebody's.
    fn excluded(&self, place: &Place<'_>) -> CommandResult<Vec<String>> {
        let mut excluded = Vec::with_capacity(self.exclude.len());
        for label in &self.exclude {
            place.named(label)?;
            excluded.push(label.to_lowercase());
        }
        Ok(excluded)
    }
}

/// Opens a fixture; the bar follows its bytes.
fn open(project: &Project, found: &Found, bar: &ProgressBar) -> CommandResult<Fixture> {
    let (source, number) = found.open(project)?;
    bar.inc_length(number.unwrap_or_default());
    let source = Compression::reader(found.compression, Counted { source, bar: bar.clone() })?;
    Ok(Fixture { name: found.name.clone(), format: found.format, source })
}

/// What is read, counted.
struct Counted {
    source: Box<dyn Read + Send>,
    bar: ProgressBar,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let number = self.source.read(buffer)?;
        self.bar.inc(number as u64);
        Ok(number)
    }
}

fn tell(loaded: &Loaded, fixtures: usize, place: &Place<'_>, out: &mut Output) -> CommandResult {
    for name in &loaded.empty {
        out.warning(format!("{name} holds no objects"))?;
    }
    let Left { models, fields, elsewhere } = &loaded.left;
    for (model, number) in models {
        out.warning(format!(
            "{} of {model}, which is not here, passed over",
            text::count(*number, "object")
        ))?;
    }
    for (field, number) in fields {
        out.warning(format!("{field} is not here and was passed over {}", text::count(*number, "time")))?;
    }
    for (model, number) in elsewhere {
        let app = place.catalog.find(model).map(|at| place.catalog.models()[at].app.clone());
        let home = place.home(app.as_deref().unwrap_or_default()).to_owned();
        let objects = text::count(*number, "object");
        out.warning(format!(
            "{objects} of {model}, which lives on `{home}`, passed over: `--database {home}`"
        ))?;
    }
    if out.verbosity() == 0 {
        return Ok(());
    }
    let of = if loaded.of == loaded.objects { String::new() } else { format!(" (of {})", loaded.of) };
    Ok(out.line(format!("Installed {} object(s){of} from {fixtures} fixture(s)", loaded.objects))?)
}
