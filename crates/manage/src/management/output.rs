//! Where a command writes: answers to stdout, talk to stderr; colour, tables and bars on a terminal only.

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle, presets};
use dialoguer::console::{Term, measure_text_width};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::conf::Environment;

/// `--color`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Even into a pipe
    Always,
    /// Nowhere
    Never,
}

/// `--format` of the commands that list something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table, as wide as the terminal
    #[default]
    Table,
    /// Plain lines
    Plain,
    /// One JSON object
    Json,
}

/// A table on a terminal: one line under its header.
const RULED: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// The roles that words can have, as Django's colour palette names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A heading of `migrate` and of help.
    Heading,
    /// The name of an app or a database.
    Label,
    /// Something that went well.
    Success,
    /// Something to notice.
    Notice,
    /// Something that may be wrong.
    Warning,
    /// Something that is wrong.
    Error,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Heading => "1;36",
            Self::Label => "1",
            Self::Success => "32",
            Self::Notice => "35",
            Self::Warning => "33",
            Self::Error => "1;31",
        }
    }
}

/// Both streams of a command and what they can show.
pub struct Output {
    stdout: io::BufWriter<io::Stdout>,
    verbosity: u8,
    stdout_color: bool,
    stderr_color: bool,
    interactive: bool,
    no_input: bool,
    bars: bool,
    /// Columns of the terminal that stdout is.
    width: Option<u16>,
    /// Whether the work goes on when nobody reads the answer any more.
    outlives_pipe: bool,
}

impl Output {
    /// The streams of this process.
    pub fn new(verbosity: u8, color: ColorChoice, no_input: bool, environment: &Environment) -> Self {
        let (stdin, stdout, stderr) =
            (io::stdin().is_terminal(), io::stdout().is_terminal(), io::stderr().is_terminal());
        let set = |name| environment.get(name).is_some_and(|value| !value.is_empty());
        let colored = |terminal: bool| match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if set("NO_COLOR") => false,
            ColorChoice::Auto
                if environment.get("CLICOLOR_FORCE").is_some_and(|value| !matches!(value, "" | "0")) =>
            {
                true
            }
            ColorChoice::Auto => terminal && environment.get("TERM") != Some("dumb"),
        };
        Self {
            stdout: io::BufWriter::new(io::stdout()),
            verbosity,
            stdout_color: colored(stdout),
            stderr_color: colored(stderr),
            interactive: stdin && stderr && !no_input,
            no_input,
            outlives_pipe: false,
            width: stdout.then(|| width(environment)),
            bars: stderr && verbosity > 0 && environment.get("TERM") != Some("dumb"),
        }
    }

    /// From here on a closed stdout stops nothing: what is written to it is lost, the work is not.
    pub fn outlive_pipe(&mut self) {
        self.outlives_pipe = true;
    }

    fn forgive(&self, written: io::Result<()>) -> io::Result<()> {
        match written {
            Err(error) if self.outlives_pipe && error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// `-v`, from 0 to 3.
    pub fn verbosity(&self) -> u8 {
        self.verbosity
    }

    /// Whether questions can be asked: stdin and stderr are a terminal and `--no-input` was not given.
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Whether questions are wanted at all: `--no-input` was not given.
    pub fn may_ask(&self) -> bool {
        !self.no_input
    }

    /// Whether stdout shows colour.
    pub fn has_color(&self) -> bool {
        self.stdout_color
    }

    /// Whether stderr shows colour.
    pub fn has_status_color(&self) -> bool {
        self.stderr_color
    }

    /// Writes a line of the answer to stdout.
    ///
    /// # Errors
    /// When stdout is closed; a broken pipe ends the program quietly.
    pub fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        let written =
            self.stdout.write_all(text.as_ref().as_bytes()).and_then(|()| self.stdout.write_all(b"\n"));
        self.forgive(written)
    }

    /// Writes a part of a line to stdout and shows it at once.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn part(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        let written = self.stdout.write_all(text.as_ref().as_bytes()).and_then(|()| self.stdout.flush());
        self.forgive(written)
    }

    /// Writes bytes to stdout, as they are.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.stdout.write_all(bytes);
        self.forgive(written)
    }

    /// Writes what has not been written yet.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn flush(&mut self) -> io::Result<()> {
        let written = self.stdout.flush();
        self.forgive(written)
    }

    /// Writes a line of talk to stderr, unless `-v 0`.
    ///
    /// # Errors
    /// When stderr is closed.
    pub fn status(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        if self.verbosity == 0 {
            return Ok(());
        }
        self.flush()?;
        writeln!(io::stderr(), "{}", text.as_ref())
    }

    /// Writes a warning to stderr, whatever the verbosity.
    ///
    /// # Errors
    /// When stderr is closed.
    pub fn warning(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        let label = paint(self.stderr_color, Style::Warning, "warning:");
        self.flush()?;
        writeln!(io::stderr(), "{label} {}", text.as_ref())
    }

    /// `text` in the colour of its role, where stdout shows colour.
    pub fn styled(&self, style: Style, text: &str) -> String {
        paint(self.stdout_color, style, text)
    }

    /// `text` in the colour of its role, where stderr shows colour.
    pub fn styled_status(&self, style: Style, text: &str) -> String {
        paint(self.stderr_color, style, text)
    }

    /// How many columns the terminal has that stdout is: the variable `COLUMNS`, else what it says itself. None for a pipe.
    pub fn width(&self) -> Option<usize> {
        self.width.map(usize::from)
    }

    /// Writes a table to stdout: lines and wrapping on a terminal, columns divided by two spaces in a pipe.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn table(&mut self, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> io::Result<()> {
        let mut table = self.drawn(header, rows);
        if let Some(width) = self.width {
            table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
        }
        self.write_table(&table)
    }

    /// The same, but nothing when the terminal is so narrow that something would have to be broken. Tells whether it was
    /// written.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn table_if_it_fits(
        &mut self,
        header: &[&str],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> io::Result<bool> {
        let table = self.drawn(header, rows);
        let needed = table.to_string().lines().map(|line| measure_text_width(line.trim_end())).max();
        let fits = self.width().is_none_or(|width| needed.unwrap_or_default() <= width);
        if fits {
            self.write_table(&table)?;
        }
        Ok(fits)
    }

    fn drawn(&self, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
        let mut table = Table::new();
        table.set_header(header.iter().copied()).add_rows(rows);
        table.load_style(if self.width.is_some() { RULED } else { presets::NOTHING });
        table.set_content_arrangement(ContentArrangement::Disabled);
        table
    }

    fn write_table(&mut self, table: &Table) -> io::Result<()> {
        table.to_string().lines().try_for_each(|line| self.line(line.trim_end()))
    }

    /// Writes one JSON object to stdout.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.line(serde_json::to_string_pretty(value)?)
    }

    /// Place for progress bars on stderr, one below the other; none is visible where bars are not shown.
    pub fn bars(&self) -> MultiProgress {
        let target = if self.bars { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        MultiProgress::with_draw_target(target)
    }

    /// A progress bar on stderr of `steps` steps; invisible where bars are not shown.
    pub fn progress(&self, steps: u64, label: &str) -> ProgressBar {
        self.progress_among(&self.bars(), steps, label)
    }

    /// The same, with others.
    pub fn progress_among(&self, bars: &MultiProgress, steps: u64, label: &str) -> ProgressBar {
        let bar = match self.bars {
            true => bars.add(ProgressBar::new(steps)),
            false => ProgressBar::hidden(),
        };
        let style = ProgressStyle::with_template("{prefix:.bold} [{bar:30}] {pos}/{len} {msg}")
            .map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("=> "));
        bar.with_style(style).with_prefix(label.to_owned())
    }
}

fn width(environment: &Environment) -> u16 {
    let columns = environment.get("COLUMNS").and_then(|columns| columns.parse().ok());
    let is_real = |columns: &u16| *columns > 0;
    columns.filter(is_real).unwrap_or_else(|| Term::stdout().size().1)
}

fn paint(colored: bool, style: Style, text: &str) -> String {
    if colored { format!("\x1b[{}m{text}\x1b[0m", style.code()) } else { text.to_owned() }
}
