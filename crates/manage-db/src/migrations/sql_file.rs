//! From the texts of SQL files to a migration: sections for the two directions, and comment lines that say the rest.

use std::collections::BTreeMap;

use manage_leaves::text;

use super::canonical::{self, Canonical};
use super::earlier::Source;
use super::file::{known_code, reference};
use super::markers::{self, Marker, begins_part};
use super::migration::{Key, Located, Migration, Reference, Stage};
use super::operations::{Operation, RunSql, SqlPart, SqlSource};
use super::script::STRAY;
use super::sql_source::{Section, SqlFile};
use crate::backends::base::{Piece, PieceKind, Syntax, pieces};
use crate::backends::script_rules;
use crate::models::document::{Mistake, line_of};

/// Flyway fills in `${name}` before it runs a file; here it would be a text as any other.
///
/// # Errors
/// The first one of a file that is named in Flyway's way.
fn check_placeholders(key: &Key, file: &SqlFile) -> Result<(), Mistake> {
    let mut letters = key.name.chars();
    let is_flyways = letters.next() == Some('V') && letters.next().is_some_and(|sign| sign.is_ascii_digit());
    match file.text.find("${").filter(|_| is_flyways) {
        None => Ok(()),
        Some(at) => Err(Mistake {
            path: file.path.clone(),
            line: line_of(&file.text, at),
            message: "`${...}` is filled in by Flyway, and by nobody here: write what it stands for"
                .to_owned(),
        }),
    }
}

/// Reads the SQL files of one migration, one for all kinds of database, or several by dialect, in the dialects that are
/// asked for.
///
/// # Errors
/// The first mistake, with its line.
pub(crate) fn parse_sql(
    key: &Key,
    number: u64,
    files: Vec<SqlFile>,
    dialects: &[&'static str],
) -> Result<Migration, Mistake> {
    files.iter().try_for_each(|file| check_placeholders(key, file))?;
    let mut header = Header::default();
    let mut halves = BTreeMap::new();
    for dialect in dialects.iter().copied() {
        let own: Vec<&SqlFile> = files_of(dialect, &files);
        if !own.is_empty() {
            let read = read_files(&own, dialect, &mut header)?;
            [&read.up, &read.down].into_iter().flatten().try_for_each(|half| check_once(key, half))?;
            halves.insert(dialect, read);
        }
    }
    let path = files.first().map(|file| file.path.clone()).unwrap_or_default();
    let undoes_alone = files.iter().all(|file| file.section == Some(Section::Down));
    if undoes_alone || (!halves.is_empty() && halves.values().all(|halves| halves.up.is_none())) {
        let message = "this migration undoes something, and nothing says what it does".to_owned();
        return Err(Mistake { path, line: 1, message });
    }
    let forwards = source(&halves, |one| &one.up);
    let backwards = source(&halves, |one| &one.down);
    let backwards = halves.values().any(|halves| halves.down.is_some()).then_some(backwards);
    let atomic = header.atomic.unwrap_or(true);
    let texts = halves
        .iter()
        .map(|(dialect, halves)| (*dialect, canonical::of_script(atomic, &halves.canonical)))
        .collect();
    let canonical = Canonical { texts, source: Source::Sql(files, atomic) };
    let operation = Operation::RunSql(RunSql { forwards, backwards, state: Vec::new(), elidable: false });
    Ok(Migration {
        key: key.clone(),
        number,
        path,
        depends: header.depends,
        run_before: Vec::new(),
        replaces: Vec::new(),
        initial: header.initial,
        atomic,
        stage: header.stage.unwrap_or_default(),
        allow_unsafe: header.allow_unsafe,
        follows_number: true,
        operations: vec![Located { operation, line: 1 }],
        canonical,
    })
}

/// The files that say something about a dialect: its own, and of those for all what its own leave open.
fn files_of<'a>(dialect: &str, files: &'a [SqlFile]) -> Vec<&'a SqlFile> {
    let (own, others): (Vec<&SqlFile>, Vec<&SqlFile>) = files
        .iter()
        .filter(|file| file.dialect.is_none_or(|own| own == dialect))
        .partition(|file| file.dialect.is_some());
    let is_said = |section: Section| own.iter().any(|file| file.may_say(section));
    let is_open = |file: &&SqlFile| {
        [Section::Up, Section::Down].into_iter().any(|half| file.may_say(half) && !is_said(half))
    };
    let others: Vec<&SqlFile> = others.into_iter().filter(is_open).collect();
    [own, others].concat()
}

/// No half is said by two files.
fn check_once(key: &Key, half: &[SqlPart]) -> Result<(), Mistake> {
    let Some([first, second]) =
        half.windows(2).find(|pair| pair[0].path != pair[1].path).and_then(<[_]>::first_chunk)
    else {
        return Ok(());
    };
    let other = first.path.clone().unwrap_or_default();
    let message = format!("{key} is there twice: in this file and in {other}");
    Err(Mistake { path: second.path.clone().unwrap_or_default(), line: second.line, message })
}

/// What comment lines at the top say.
#[derive(Default)]
struct Header {
    depends: Vec<Reference>,
    initial: Option<bool>,
    atomic: Option<bool>,
    stage: Option<Stage>,
    allow_unsafe: Vec<&'static str>,
}

/// What a migration runs on one kind of database, in both directions.
#[derive(Default, PartialEq)]
struct Halves {
    up: Option<Vec<SqlPart>>,
    down: Option<Vec<SqlPart>>,
    /// What it runs forwards, whatever its layout.
    canonical: String,
}

impl Halves {
    fn add(&mut self, section: Section, part: SqlPart) {
        let half = if section == Section::Up { &mut self.up } else { &mut self.down };
        half.get_or_insert_default().push(part);
    }
}

fn read_files(files: &[&SqlFile], dialect: &str, header: &mut Header) -> Result<Halves, Mistake> {
    let mut halves = Halves::default();
    for file in files {
        FileReader::new(file, dialect).read(&mut halves, header)?;
    }
    Ok(halves)
}

/// Reads one file in one dialect.
struct FileReader<'a> {
    file: &'a SqlFile,
    syntax: Syntax,
    section: Section,
    /// Where the part in hand begins.
    start: usize,
    /// Whether no statement was read yet.
    is_top: bool,
    /// Whether a marker said what applies the migration.
    is_marked: bool,
}

impl<'a> FileReader<'a> {
    fn new(file: &'a SqlFile, dialect: &str) -> Self {
        let section = file.section.unwrap_or(Section::Up);
        Self { file, syntax: script_rules(dialect).syntax, section, start: 0, is_top: true, is_marked: false }
    }

    fn read(mut self, halves: &mut Halves, header: &mut Header) -> Result<(), Mistake> {
        for piece in pieces(&self.file.text, self.syntax, &begins_part) {
            match piece.kind {
                PieceKind::Comment => self.comment(piece, halves, header)?,
                PieceKind::Stray => return Err(self.mistake(piece.at, STRAY)),
                _ => self.is_top = false,
            }
            if self.section == Section::Up && piece.kind != PieceKind::Comment {
                canonical::add_statement(piece, self.syntax, &mut halves.canonical);
            }
        }
        self.end_part(self.file.text.len(), halves);
        Ok(())
    }

    fn comment(&mut self, piece: Piece<'_>, halves: &mut Halves, header: &mut Header) -> Result<(), Mistake> {
        let says = markers::read(piece.text).map_err(|message| self.mistake(piece.at, message))?;
        for marker in says {
            match (marker, self.file.section) {
                (Marker::Up | Marker::Down, Some(_)) => {
                    let message = "the name of this file says which half of the migration it is: it cannot hold another";
                    return Err(self.mistake(piece.at, message));
                }
                (Marker::Up, None) => self.begin_part(Section::Up, piece, halves),
                (Marker::Down, None) => self.begin_part(Section::Down, piece, halves),
                // What is no transaction in one direction is none in the other.
                (Marker::NoTransaction, _) => header.atomic = Some(false),
                (Marker::Nothing, _) => {}
            }
        }
        self.is_marked |= says.contains(&Marker::Up);
        if says.is_empty() && self.is_marked && self.section == Section::Up && markers::leads_back(piece.text)
        {
            return Err(self.mistake(piece.at, markers::NEARLY));
        }
        if says.is_empty() { self.header(piece, header) } else { Ok(()) }
    }

    fn begin_part(&mut self, section: Section, piece: Piece<'_>, halves: &mut Halves) {
        self.end_part(piece.at, halves);
        self.section = section;
        self.start = piece.at + piece.text.len();
    }

    /// A part that holds nothing is one as well: it says that nothing is to be done.
    fn end_part(&self, end: usize, halves: &mut Halves) {
        let text = self.file.text.part(self.start..end);
        let is_before_marker = self.start == 0 && end < self.file.text.len() && self.is_top;
        if !is_before_marker {
            let line = line_of(&self.file.text, self.start);
            let part = SqlPart { text, path: Some(self.file.path.clone()), line };
            halves.add(self.section, part);
        }
    }

    fn header(&self, piece: Piece<'_>, header: &mut Header) -> Result<(), Mistake> {
        const KEYS: [&str; 5] = ["depends", "atomic", "stage", "initial", "allow_unsafe"];
        let body = piece.text.trim_start_matches(['-', '#', ' ', '\t']);
        let Some((key, value)) = body.split_once([':', '=']) else { return Ok(()) };
        let (key, value) = (key.trim(), value.trim());
        if !KEYS.contains(&key) {
            return match text::nearest(key, KEYS).first().filter(|_| self.is_top && is_value(value)) {
                Some(nearest) => Err(self.mistake(
                    piece.at,
                    format!("`{key}` is nothing that a file can say; did you mean `{nearest}`?"),
                )),
                None => Ok(()),
            };
        }
        if !self.is_top {
            return match is_value(value) {
                true => Err(self.mistake(piece.at, format!("`{key}` must stand before the first statement"))),
                false => Ok(()),
            };
        }
        let truth = || value.parse().map_err(|_| self.mistake(piece.at, "expected `true` or `false`"));
        match key {
            "atomic" => header.atomic = Some(truth()?),
            "initial" => header.initial = Some(truth()?),
            "stage" if value == "expand" => header.stage = Some(Stage::Expand),
            "stage" if value == "contract" => header.stage = Some(Stage::Contract),
            "stage" if !value.contains(' ') => {
                return Err(self.mistake(piece.at, "expected `expand` or `contract`".to_owned()));
            }
            "stage" => {}
            "allow_unsafe" => self.allowed(value, piece, header)?,
            _ => self.depends(value, piece, header)?,
        }
        Ok(())
    }

    fn allowed(&self, value: &str, piece: Piece<'_>, header: &mut Header) -> Result<(), Mistake> {
        for word in value.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let code = known_code(word).map_err(|message| self.mistake(piece.at, message))?;
            if !header.allow_unsafe.contains(&code) {
                header.allow_unsafe.push(code);
            }
        }
        Ok(())
    }

    fn depends(&self, value: &str, piece: Piece<'_>, header: &mut Header) -> Result<(), Mistake> {
        for word in value.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let found = reference(word, line_of(&self.file.text, piece.at)).ok_or_else(|| {
                self.mistake(piece.at, "expected `app.name` of migrations, separated by commas")
            })?;
            if !header.depends.iter().any(|other| other.key == found.key) {
                header.depends.push(found);
            }
        }
        Ok(())
    }

    fn mistake(&self, at: usize, message: impl Into<String>) -> Mistake {
        Mistake { path: self.file.path.clone(), line: line_of(&self.file.text, at), message: message.into() }
    }
}

/// Whether it is what a key at the top may say.
fn is_value(value: &str) -> bool {
    let is_word =
        |word: &str| known_code(word).is_ok() || (reference(word, 1).is_some() && !word.contains(' '));
    matches!(value, "true" | "false" | "expand" | "contract")
        || value.split(',').all(|word| is_word(word.trim()))
}

fn source(halves: &BTreeMap<&'static str, Halves>, half: fn(&Halves) -> &Option<Vec<SqlPart>>) -> SqlSource {
    let texts = halves.iter().filter_map(|(dialect, one)| Some(((*dialect).to_owned(), half(one).clone()?)));
    SqlSource::PerDialect(texts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::backends::DIALECTS;

    fn sql(text: &str, dialect: Option<&'static str>) -> SqlFile {
        SqlFile { path: "migrations/shop/0002_x.sql".into(), text: text.into(), dialect, section: None }
    }

    #[test]
    fn an_sql_file_has_sections_and_says_the_rest_in_comments() {
        let text = "-- depends: auth.0001_a, shop.0001_b\n-- atomic: false\n-- up\nCREATE TABLE a (b);\n-- down\nDROP TABLE a;\n";
        let migration = parse_sql(&Key::new("shop", "0002_x"), 2, vec![sql(text, None)], &DIALECTS).unwrap();
        assert_eq!(migration.depends.len(), 2);
        assert!(!migration.atomic);
        let Operation::RunSql(sql_operation) = &migration.operations[0].operation else { panic!("not SQL") };
        assert!(sql_operation.forwards.parts("sqlite").unwrap()[0].text.contains("CREATE TABLE"));
        assert!(!sql_operation.forwards.parts("sqlite").unwrap()[0].text.contains("DROP TABLE"));
        assert!(sql_operation.backwards.is_some());
        let one_way =
            parse_sql(&Key::new("shop", "0002_x"), 2, vec![sql("SELECT 1;", None)], &DIALECTS).unwrap();
        assert!(one_way.irreversible().is_some());
    }

    #[test]
    fn a_file_for_one_dialect_goes_before_the_one_for_all() {
        let files = vec![sql("SELECT 1;", None), sql("SELECT 2;", Some("postgresql"))];
        let migration = parse_sql(&Key::new("shop", "0002_x"), 2, files, &DIALECTS).unwrap();
        let Operation::RunSql(operation) = &migration.operations[0].operation else { panic!("not SQL") };
        assert_eq!(operation.forwards.parts("postgresql").unwrap()[0].text.as_str(), "SELECT 2;");
        assert_eq!(operation.forwards.parts("mysql").unwrap()[0].text.as_str(), "SELECT 1;");
    }
}
