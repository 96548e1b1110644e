//! Scripts: from SQL that somebody wrote to what one database runs of it.

use std::sync::Arc;

use super::action::{Action, ScriptStatement, ScriptStep};
use super::excerpt::Excerpt;
use super::place::Place;
use super::sql_source::SqlPart;
use crate::backends::base::schema::Guard;
use crate::backends::base::{Control, Piece, PieceKind, ScriptRules, control, pieces};
use crate::models::document::{Lines, Mistake};

/// What is said of text behind a statement that takes rows.
pub(super) const STRAY: &str =
    "the rows of `COPY ... FROM stdin` begin on the next line: what stands behind it would be lost";

/// How a script is run.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    /// What is to be known of the database's statements.
    pub rules: &'static ScriptRules,
    /// The migration's file.
    pub path: &'a str,
    /// Whether it is one transaction with its row of the history.
    pub is_atomic: bool,
}

/// What a script comes to on one database.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// What runs.
    pub actions: Vec<Action>,
    /// What has to surround the transaction.
    pub guard: Option<&'static Guard>,
    /// What was left out, in sentences.
    pub notes: Vec<String>,
    /// The first text whose end depends on how the database reads texts, which the script does not say.
    pub assumed: Option<Place>,
}

/// Words of a transaction that is as any other.
const PLAIN: [&str; 8] = ["BEGIN", "START", "TRANSACTION", "WORK", "IMMEDIATE", "DEFERRED", "COMMIT", "END"];

/// A statement with what its words say.
struct Known {
    statement: ScriptStatement,
    control: Option<Control>,
    is_left_out: bool,
    is_guarded: bool,
    /// Turns off what the guard turns off, or wants it off as the vendor's client has it.
    wants_guard: bool,
    is_alone: bool,
    is_answered: bool,
    /// Begins or ends a transaction without a word about how.
    is_plain: bool,
}

impl Known {
    /// Its first words.
    fn name(&self, rules: &ScriptRules) -> String {
        let words = rules.words(&self.statement.sql);
        words[..words.len().min(2)].join(" ")
    }
}

/// Compiles the texts of one operation.
///
/// # Errors
/// Where something would not run, would run otherwise than it is written, or would break the migration's transaction.
pub(super) fn compile(parts: &[SqlPart], setting: Setting<'_>) -> Result<Script, Mistake> {
    let mut script = Script::default();
    let mut all = Vec::new();
    for part in parts {
        let assumed = read(part, setting, &mut all)?;
        script.assumed = script.assumed.or(assumed.filter(|_| !is_own_session(setting)));
    }
    refuse_answers(&all)?;
    leave_out(&mut all, setting.rules, &mut script);
    if setting.is_atomic {
        lift_guarded(&mut all, setting.rules, &mut script);
        take_frame_off(&mut all, &mut script);
        refuse_what_breaks(&all, setting.rules)?;
        script.actions.extend(all.into_iter().map(|known| step(vec![known.statement], false, setting)));
    } else {
        group(all, setting, &mut script)?;
    }
    Ok(script)
}

/// Reads a text; gives the first place at which it is only assumed how it is meant.
fn read(part: &SqlPart, setting: Setting<'_>, all: &mut Vec<Known>) -> Result<Option<Place>, Mistake> {
    let path: Arc<str> = part.path.as_deref().unwrap_or(setting.path).into();
    let mut lines = Lines::new(&part.text, part.line);
    let mut place = |at: usize| Place { path: Arc::clone(&path), line: lines.line(at) };
    let mut assumed = None;
    for piece in pieces(&part.text, setting.rules.syntax, &|_| false) {
        if let Some(open) = piece.open {
            return Err(mistake(&place(open), "what begins here never ends"));
        }
        if piece.is_assumed && assumed.is_none() {
            assumed = Some(place(piece.at));
        }
        match piece.kind {
            PieceKind::Comment => {}
            PieceKind::Client => check_client_line(piece, &place(piece.at), setting.rules)?,
            PieceKind::Stray => return Err(mistake(&place(piece.at), STRAY)),
            PieceKind::Rows => {
                if let Some(known) = all.last_mut() {
                    known.statement.rows = Some(Box::new(excerpt(part, piece)));
                }
            }
            PieceKind::Statement => all.push(known(excerpt(part, piece), place(piece.at), setting.rules)),
        }
    }
    Ok(assumed)
}

fn excerpt(part: &SqlPart, piece: Piece<'_>) -> Excerpt {
    part.text.part(piece.at..piece.at + piece.text.len())
}

fn known(sql: Excerpt, place: Place, rules: &ScriptRules) -> Known {
    let words = rules.words(&sql);
    let control = control(&words);
    // What it sets must not depend on what was done meanwhile.
    let asks = |word: &String| ["SELECT", "LAST_INSERT_ID", "COUNT", "NEXTVAL"].contains(&word.as_str());
    let is_setting = ScriptRules::fits(rules.settings, &words) && !words.iter().skip(1).any(asks);
    let is_tame = rules.is_tame(&words) || control.is_some();
    Known {
        control,
        is_left_out: ScriptRules::fits(rules.left_out, &words),
        is_guarded: ScriptRules::fits(rules.guarded, &words),
        wants_guard: match ScriptRules::fits(rules.guarded, &words) {
            true => turns_off(&sql),
            false => ScriptRules::fits(rules.guarding, &words),
        },
        is_alone: rules.is_alone(&sql, &words),
        is_answered: ScriptRules::fits(&["COPY * TO STDOUT"], &words),
        is_plain: words.iter().all(|word| PLAIN.contains(&word.as_str())),
        statement: ScriptStatement { sql, rows: None, place, is_setting, is_tame },
    }
}

/// A line for the vendor's client is passed over where it does nothing, and refused where it does.
fn check_client_line(piece: Piece<'_>, place: &Place, rules: &ScriptRules) -> Result<(), Mistake> {
    let word = piece.text.trim_start_matches(['\\', '.']).split_whitespace().next().unwrap_or_default();
    let sets = piece.text.split_whitespace().nth(1).unwrap_or_default();
    if rules.idle_lines.contains(&word) || (word == "set" && sets == "ON_ERROR_STOP") {
        return Ok(());
    }
    let first = piece.text.split_whitespace().next().unwrap_or_default();
    let message =
        format!("`{first}` is a command of {}, which no server understands: take the line out", rules.client);
    Err(mistake(place, message))
}

/// Rows that are sent to the client are for nobody here, and would be taken for the answers of others.
fn refuse_answers(all: &[Known]) -> Result<(), Mistake> {
    match all.iter().find(|known| known.is_answered) {
        Some(known) => {
            Err(mistake(&known.statement.place, "nobody takes the rows of `COPY ... TO stdout`: take it out"))
        }
        None => Ok(()),
    }
}

/// Takes out what the history could not be written under.
fn leave_out(all: &mut Vec<Known>, rules: &ScriptRules, script: &mut Script) {
    let Some(first) = all.iter().find(|known| known.is_left_out) else { return };
    let (place, name) = (&first.statement.place, first.name(rules));
    script.notes.push(format!("{place}: its {name} is left out: the history could not be written under it"));
    all.retain(|known| !known.is_left_out);
}

/// What turns foreign keys off does nothing inside of a transaction, so it surrounds it. They are off as well where a script
/// would lose rows by them that the vendor's client, which has them off, leaves alone; unless it turns them on.
fn lift_guarded(all: &mut Vec<Known>, rules: &ScriptRules, script: &mut Script) {
    let turns_on = all.iter().any(|known| known.is_guarded && !known.wants_guard);
    let turns_off = all.iter().any(|known| known.is_guarded && known.wants_guard);
    let is_left_off = !turns_on && all.iter().any(|known| known.wants_guard);
    if turns_off || is_left_off {
        script.guard = rules.guard;
        all.retain(|known| !known.is_guarded);
    }
}

/// Whether a setting is turned off: `PRAGMA foreign_keys = 0`.
fn turns_off(sql: &str) -> bool {
    let value = sql.rsplit(['=', '(']).next().unwrap_or_default();
    let value = value.trim_matches(|sign: char| !sign.is_alphanumeric()).to_lowercase();
    ["0", "off", "no", "false"].contains(&value.as_str())
}

/// One `BEGIN` before and one `COMMIT` behind everything say what is so anyway.
fn take_frame_off(all: &mut Vec<Known>, script: &mut Script) {
    let controls: Vec<usize> = (0..all.len()).filter(|position| all[*position].control.is_some()).collect();
    let [begin, commit] = controls[..] else { return };
    let is_frame = all[begin].is_plain
        && all[commit].is_plain
        && all[begin].control == Some(Control::Begin)
        && all[commit].control == Some(Control::Commit);
    let outside = all[..begin].iter().chain(&all[commit + 1..]);
    if is_frame && outside.map(|known| &known.statement).all(|statement| statement.is_setting) {
        script.notes.push(format!(
            "{}: its BEGIN and COMMIT are left out: a migration is a transaction with its row of the history",
            all[begin].statement.place
        ));
        all.remove(commit);
        all.remove(begin);
    }
}

fn refuse_what_breaks(all: &[Known], rules: &ScriptRules) -> Result<(), Mistake> {
    for known in all {
        let Known { statement, control, is_alone, .. } = known;
        if control.is_some() {
            let name = known.name(rules);
            let word = name.split(' ').next().unwrap_or_default();
            let message = format!(
                "`{word}` would break the migration's own transaction: take it out, or say that there is none with {}; \
                 then each BEGIN with its COMMIT is a step",
                not_atomic(&statement.place)
            );
            return Err(mistake(&statement.place, message));
        }
        if *is_alone {
            let message = format!(
                "this cannot run in a transaction: say that there is none with {}",
                not_atomic(&statement.place)
            );
            return Err(mistake(&statement.place, message));
        }
    }
    Ok(())
}

/// How a file says that it is no transaction.
fn not_atomic(place: &Place) -> &'static str {
    if place.path.ends_with(".sql") { "`-- atomic: false` at the top" } else { "`atomic = false` at the top" }
}

/// Without a transaction of the migration's own, each that the script says is one step.
fn group(all: Vec<Known>, setting: Setting<'_>, script: &mut Script) -> Result<(), Mistake> {
    let mut open: Option<(Place, Vec<ScriptStatement>)> = None;
    for Known { statement, control, .. } in all {
        match (control, open.take()) {
            (None, None) => script.actions.push(step(vec![statement], false, setting)),
            (None, Some((place, mut statements))) => {
                statements.push(statement);
                open = Some((place, statements));
            }
            (Some(Control::Begin), None) => open = Some((statement.place, Vec::new())),
            (Some(Control::Commit), Some((_, statements))) => {
                script.actions.push(step(statements, true, setting));
            }
            (Some(Control::Begin), Some((place, _))) => {
                let message = format!("a transaction is open here, since line {}", place.line);
                return Err(mistake(&statement.place, message));
            }
            (Some(Control::Commit), None) => {
                return Err(mistake(&statement.place, "no transaction is open here"));
            }
            (Some(Control::Rollback), _) => {
                let message = "this would undo what the history says is done: take it out";
                return Err(mistake(&statement.place, message));
            }
        }
    }
    match open {
        Some((place, _)) => Err(mistake(&place, "the transaction that begins here is never committed")),
        None => Ok(()),
    }
}

/// Whether it runs in a session as this program sets it up, where another client would have its own.
fn is_own_session(setting: Setting<'_>) -> bool {
    setting.rules.as_client.is_some() && !is_as_client(setting)
}

fn is_as_client(setting: Setting<'_>) -> bool {
    setting.path.ends_with(".sql") && setting.rules.as_client.is_some()
}

fn step(statements: Vec<ScriptStatement>, is_transaction: bool, setting: Setting<'_>) -> Action {
    let is_as_client = is_as_client(setting);
    Action::Script(ScriptStep { statements, is_transaction, is_as_client })
}

fn mistake(place: &Place, message: impl Into<String>) -> Mistake {
    Mistake { path: place.path.to_string(), line: place.line, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::script_rules;

    fn compiled(text: &str, dialect: &str, is_atomic: bool) -> Result<Vec<Vec<String>>, String> {
        let parts = [SqlPart { text: text.into(), path: None, line: 1 }];
        let setting = Setting { rules: script_rules(dialect), path: "a.sql", is_atomic };
        let script = compile(&parts, setting).map_err(|mistake| mistake.to_string())?;
        let texts = |action: &Action| action.statements().into_iter().map(str::to_owned).collect();
        Ok(script.actions.iter().map(texts).collect())
    }

    fn steps(texts: &[&[&str]]) -> Result<Vec<Vec<String>>, String> {
        Ok(texts.iter().map(|step| step.iter().map(|&text| text.to_owned()).collect()).collect())
    }

    #[test]
    fn a_frame_around_everything_is_left_out() {
        for (text, dialect) in [
            ("BEGIN; SELECT 1; COMMIT;", "postgresql"),
            ("START TRANSACTION; SELECT 1; COMMIT", "mysql"),
            ("begin immediate transaction; SELECT 1; END TRANSACTION;", "sqlite"),
        ] {
            assert_eq!(compiled(text, dialect, true), steps(&[&["SELECT 1"]]), "{text}");
        }
        let text = "SET a = 1; BEGIN; SELECT 1; COMMIT; RESET a";
        assert_eq!(compiled(text, "postgresql", true), steps(&[&["SET a = 1"], &["SELECT 1"], &["RESET a"]]));
    }

    #[test]
    fn what_would_break_the_transaction_is_refused_with_its_line() {
        for (text, line) in [
            ("SELECT 1;\nCOMMIT;", 2),
            ("BEGIN; SELECT 1; COMMIT; SELECT 2;", 1),
            ("BEGIN; SELECT 1; COMMIT;\nBEGIN; SELECT 2; COMMIT;", 1),
            ("SELECT 1;\n\nROLLBACK;", 3),
        ] {
            let told = compiled(text, "postgresql", true).unwrap_err();
            assert!(told.starts_with(&format!("a.sql:{line}: `")), "{told}");
            assert!(told.contains("`-- atomic: false` at the top"), "{told}");
        }
        assert!(compiled("SAVEPOINT a; ROLLBACK TO SAVEPOINT a;", "postgresql", true).is_ok());
        let told = compiled("SELECT 1;\n/* x */ CREATE INDEX CONCURRENTLY a ON b (c)", "postgresql", true);
        let expected = "a.sql:2: this cannot run in a transaction: say that there is none with `-- atomic: false` at the top";
        assert_eq!(told.unwrap_err(), expected);
    }

    #[test]
    fn without_a_transaction_of_its_own_each_of_the_script_is_a_step() {
        let text = "SELECT 1; BEGIN; SELECT 2; SELECT 3; COMMIT; VACUUM;";
        assert_eq!(
            compiled(text, "sqlite", false),
            steps(&[&["SELECT 1"], &["SELECT 2", "SELECT 3"], &["VACUUM"]])
        );
        for (text, told) in [
            ("BEGIN;\nBEGIN;", "a.sql:2: a transaction is open here, since line 1"),
            ("COMMIT;", "a.sql:1: no transaction is open here"),
            ("\nBEGIN; SELECT 1;", "a.sql:2: the transaction that begins here is never committed"),
            ("BEGIN; ROLLBACK;", "a.sql:1: this would undo what the history says is done: take it out"),
        ] {
            assert_eq!(compiled(text, "sqlite", false).unwrap_err(), told);
        }
    }

    #[test]
    fn a_command_of_a_client_is_passed_over_or_named() {
        let dump = "\\restrict abc\n\\set ON_ERROR_STOP on\nSELECT 1;\n\\unrestrict abc\n";
        assert_eq!(compiled(dump, "postgresql", true), steps(&[&["SELECT 1"]]));
        assert_eq!(
            compiled("SELECT 1;\n\\connect other\n", "postgresql", true).unwrap_err(),
            "a.sql:2: `\\connect` is a command of psql, which no server understands: take the line out"
        );
        assert!(
            compiled(".read a.sql\n", "sqlite", true)
                .unwrap_err()
                .contains("`.read` is a command of sqlite3")
        );
        assert!(
            compiled("source a.sql\n", "mysql", true).unwrap_err().contains("`source` is a command of mysql")
        );
    }

    #[test]
    fn what_never_ends_is_told_with_the_line_where_it_begins() {
        let told = compiled("SELECT 1;\nSELECT 'a;\n", "postgresql", true).unwrap_err();
        assert_eq!(told, "a.sql:2: what begins here never ends");
    }
}
