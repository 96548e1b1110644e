use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::ProgressBar;

use crate::db::fixtures::{self, Compression, FileName, Format, Misfits, Pages, Selection, Serializer, Sink};
use crate::management::files::{Beside, refusal};
use crate::management::fixtures::Place;
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output, block_on};
use crate::text;

/// Write rows as a fixture, which `loaddata` reads, here or in Django
///
/// All rows are those of one moment, those that others point to first. Only as many as fit into a page are held at a time.
#[derive(Debug, Args)]
pub(super) struct DumpData {
    /// Apps or models: `blog`, `auth.User`; none: all
    #[arg(id = "app_label", value_name = "APP[.MODEL]")]
    labels: Vec<String>,
    /// Form: `json`, `jsonl` (a line for each object) or `xml`; none: as the file's name says, else json
    #[arg(long, value_name = "FORMAT", value_parser = ["json", "jsonl", "xml"])]
    format: Option<String>,
    /// Spaces by which each level is indented; none: all in one line
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=40))]
    indent: Option<u8>,
    /// Database to read
    #[arg(long, value_name = "ALIAS")]
    database: Option<String>,
    /// App or model to leave out; may be repeated
    #[arg(short, long, value_name = "APP[.MODEL]")]
    exclude: Vec<String>,
    /// Write natural keys for rows that are pointed to
    #[arg(long)]
    natural_foreign: bool,
    /// Leave out keys of rows that have a natural one
    #[arg(long)]
    natural_primary: bool,
    /// Taken as Django's: no model here has a manager that would hide rows, so that all are written anyway
    #[arg(short, long)]
    all: bool,
    /// Keys of the rows of one model, divided by commas
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    pks: Vec<String>,
    /// File to write; `.gz` and `.zst` at the end of its name compress it
    #[arg(short, long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,
}

impl BaseCommand for DumpData {
    const NAME: &'static str = "dumpdata";
    const GROUP: Group = Group::Databases;

    fn handle(&self, manage: &Manage, out: &mut Output) -> CommandResult {
        let project = manage.project()?;
        let file = self.output.as_deref().map(Target::new).transpose()?;
        let format = self.format(file.as_ref())?;
        if format == Format::Jsonl && self.indent.is_some() {
            return Err(CommandError::usage(
                "an object of jsonl is one line: `--indent` is for json and xml",
            ));
        }
        let place = Place::new(project, self.database.as_deref())?;
        let selection = self.selection(&place, out)?;
        let style = fixtures::Style {
            format,
            indent: self.indent.map(usize::from),
            is_natural: self.natural_primary,
        };
        let mut serializer = Serializer::new(&place.catalog, style);
        let written = match file {
            None => block_on(async {
                let pages = Pages::read(&place.backend, &place.catalog, selection);
                write(&mut serializer, pages, &ProgressBar::hidden(), &mut |bytes| Ok(out.bytes(bytes)?))
                    .await
            }),
            Some(target) => {
                let bar = self.bar(&place, &selection, out)?;
                let written = block_on(async {
                    let (beside, mut sink) = target.open()?;
                    let pages = Pages::read(&place.backend, &place.catalog, selection);
                    let failed = |error| target.failed(&error);
                    let mut put = |bytes: &[u8]| sink.write_all(bytes).map_err(failed);
                    write(&mut serializer, pages, &bar, &mut put).await?;
                    sink.finish().map_err(failed)?;
                    beside.map_or(Ok(()), |beside| beside.keep().map_err(failed))
                });
                bar.finish_and_clear();
                written
            }
        };
        written?;
        serializer.misfits().try_for_each(|misfits| tell(misfits, out))
    }
}

/// Nobody shall find out by `loaddata`.
fn tell(Misfits { first, number }: &Misfits, out: &mut Output) -> CommandResult {
    let more =
        if *number > 1 { format!(", and of {} more", text::count(number - 1, "row")) } else { String::new() };
    Ok(out.warning(format!("{first}{more}; `loaddata` refuses it"))?)
}

impl DumpData {
    /// As the flag says, else the file's name, else json.
    fn format(&self, file: Option<&Target>) -> CommandResult<Format> {
        let flag = self.format.as_deref().and_then(Format::named);
        match (flag, file.and_then(|file| file.format)) {
            (Some(flag), Some(name)) if flag != name => Err(CommandError::usage(format!(
                "`--format {}` does not fit the name of the file",
                self.format.as_deref().unwrap_or_default()
            ))
            .hint("leave one of them out, or let them say the same")),
            (None, None) => file.map_or(Ok(Format::Json), Target::unsaid),
            (Some(format), _) | (None, Some(format)) => Ok(format),
        }
    }

    fn selection(&self, place: &Place<'_>, out: &mut Output) -> CommandResult<Selection> {
        let mut excluded = Vec::new();
        for label in &self.exclude {
            excluded.extend(place.named(label)?);
        }
        let mut models = Vec::new();
        for label in &self.labels {
            models.extend(place.named_here(label)?);
        }
        if self.labels.is_empty() {
            let all = place.models().enumerate();
            models.extend(all.filter(|(_, model)| model.is_here).map(|(at, _)| at));
            self.tell_elsewhere(place, &excluded, out)?;
        }
        models.retain(|model| !excluded.contains(model));
        models.sort_unstable();
        models.dedup();
        if !self.pks.is_empty() && (models.len() != 1 || self.labels.len() != 1) {
            return Err(CommandError::usage(
                "`--pks` needs one model: `manage dumpdata app.Model --pks 1,2`",
            ));
        }
        let keys = (!self.pks.is_empty()).then(|| self.pks.clone());
        Ok(Selection { models, keys, is_natural: self.natural_foreign })
    }

    /// Nobody shall take a part for the whole.
    fn tell_elsewhere(&self, place: &Place<'_>, excluded: &[usize], out: &mut Output) -> CommandResult {
        let others =
            place.models().enumerate().filter(|(at, model)| !model.is_here && !excluded.contains(at));
        let mut apps: Vec<&str> = others.map(|(_, model)| model.app.as_str()).collect();
        apps.sort_unstable();
        apps.dedup();
        for app in apps {
            let home = place.home(app);
            out.status(format!(
                "{app} lives on database `{home}` and is not in this dump: `--database {home}`"
            ))?;
        }
        Ok(())
    }

    fn bar(&self, place: &Place<'_>, selection: &Selection, out: &Output) -> CommandResult<ProgressBar> {
        let bar = out.progress(0, "dumpdata");
        if !bar.is_hidden() {
            let count = fixtures::count(&place.backend, &place.catalog, selection);
            bar.set_length(block_on(async { Ok(count.await?) })?);
        }
        Ok(bar)
    }
}

/// Writes pages as they come.
async fn write(
    serializer: &mut Serializer<'_>,
    mut pages: Pages,
    bar: &ProgressBar,
    sink: &mut (dyn FnMut(&[u8]) -> CommandResult + Send),
) -> CommandResult {
    let mut bytes = Vec::new();
    // Nothing is written of a dump that fails at once, such as for a table that is not there.
    let mut page = pages.next().await?;
    serializer.start(&mut bytes);
    while let Some(rows) = page {
        bar.inc(rows.len() as u64);
        serializer.page(rows, &mut bytes)?;
        sink(&bytes)?;
        bytes.clear();
        page = pages.next().await?;
    }
    serializer.end(&mut bytes);
    sink(&bytes)
}

/// Where files lie that the shell has opened: they go on behind what they hold.
const SHELLS: [&str; 4] = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"];

/// The file to write.
struct Target {
    path: PathBuf,
    format: Option<Format>,
    /// What stands where the form would be said, and says none.
    ending: Option<String>,
    compression: Option<Compression>,
}

impl Target {
    fn new(path: &Path) -> CommandResult<Self> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let FileName { stem, format, compression, foreign } = FileName::of(&name);
        if let Some(foreign) = foreign {
            return Err(CommandError::usage(format!("{name}: nothing here writes .{foreign}"))
                .hint("`.gz` and `.zst` at the end of the name compress"));
        }
        let ending = Path::new(stem).extension().filter(|_| format.is_none());
        let ending = ending.map(|ending| ending.to_string_lossy().into_owned());
        Ok(Self { path: path.to_owned(), format, ending, compression })
    }

    /// Its form is json where its name says nothing of it, as Django has it.
    fn unsaid(&self) -> CommandResult<Format> {
        let Some(ending) = &self.ending else { return Ok(Format::Json) };
        let endings = Format::ALL.map(|(name, _)| format!(".{name}"));
        Err(CommandError::usage(format!("{}: no form ends with .{ending}", self.path.display()))
            .hint(format!("end it with {}, or say `--format`", text::alternatives(&endings))))
    }

    /// Opens the file beside its place; what is no regular file, such as `/dev/stdout`, is written to at once.
    fn open(&self) -> CommandResult<(Option<Beside>, Box<dyn Sink>)> {
        let is_special = std::fs::metadata(&self.path).is_ok_and(|found| !found.is_file() && !found.is_dir())
            || SHELLS.iter().any(|place| self.path.starts_with(place));
        let opened = match is_special {
            true => OpenOptions::new().append(true).open(&self.path).map(|file| (None, file)),
            false => Beside::create(&self.path).map(|(beside, file)| (Some(beside), file)),
        };
        let (beside, file) = opened.map_err(|error| self.failed(&error))?;
        Ok((beside, Compression::writer(self.compression, io::BufWriter::new(file))?))
    }

    fn failed(&self, error: &io::Error) -> CommandError {
        CommandError::failed(format!("{}: cannot be written: {}", self.path.display(), refusal(error)))
    }
}
