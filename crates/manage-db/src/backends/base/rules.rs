//! What is to be known of a vendor's statements before a script of them is run.

use super::schema::Guard;
use super::script::{says_inside, words};
use super::tokens::Syntax;

/// Words at which a statement is recognised: `CREATE UNIQUE INDEX CONCURRENTLY`; `*` stands for any words.
pub type Pattern = &'static str;

/// Facts about the statements of one vendor.
#[derive(Debug)]
pub struct ScriptRules {
    /// How its text is taken apart.
    pub syntax: Syntax,
    /// Name of its command-line client.
    pub client: &'static str,
    /// Lines for the client that change nothing of what a script does, by their first word.
    pub idle_lines: &'static [&'static str],
    /// Statements that refuse to run in a transaction.
    pub alone: &'static [Pattern],
    /// Statements that may refuse a transaction or end it, which their words do not tell.
    pub calls: &'static [Pattern],
    /// Statements that hold a program as a text, which may end the transaction around it.
    pub programs: &'static [Pattern],
    /// Statements that set the session up for those behind them.
    pub settings: &'static [Pattern],
    /// Statements that do nothing in a transaction, because they turn off what has to be off before it begins.
    pub guarded: &'static [Pattern],
    /// Statements that take more rows with them than they say, where the vendor's client has turned that off.
    pub guarding: &'static [Pattern],
    /// What surrounds a transaction instead of them.
    pub guard: Option<&'static Guard>,
    /// Statements under which the history cannot be written, and which a migration does not need.
    pub left_out: &'static [Pattern],
    /// Brings the session to where the vendor's own client has it, and back.
    pub as_client: Option<(&'static str, &'static str)>,
    /// What a script may have left that the history cannot be written under.
    pub before_record: &'static [&'static str],
    /// Statements that leave something half made behind when they are cut short: that it exists does not mean that it is done.
    pub half_made: &'static [Pattern],
    /// A query that has a row where the database has tables whose rows no transaction undoes.
    pub loose_tables: Option<&'static str>,
    /// How a database is asked whether it reads texts as a script is read that does not say how.
    pub reading: Option<Reading>,
    /// A query for the schema in which the history is kept and for the number of the session; none: there is only one schema.
    pub home: Option<&'static str>,
}

/// How texts are read where a script does not say it.
#[derive(Debug)]
pub struct Reading {
    /// Whether the database reads them as they are read here.
    pub query: &'static str,
    /// A statement that says so.
    pub way_out: &'static str,
}

/// What a statement does to the transaction around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    /// Begins one.
    Begin,
    /// Ends it and keeps what was done.
    Commit,
    /// Ends it and undoes what was done.
    Rollback,
}

/// First words of statements after which the session is as it was.
const TAME: [&str; 24] = [
    "CREATE",
    "ALTER",
    "DROP",
    "INSERT",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "MERGE",
    "COMMENT",
    "GRANT",
    "REVOKE",
    "TRUNCATE",
    "COPY",
    "VACUUM",
    "ANALYZE",
    "REINDEX",
    "CLUSTER",
    "CHECKPOINT",
    "RENAME",
    "OPTIMIZE",
    "REFRESH",
    "SECURITY",
    "SAVEPOINT",
    "RELEASE",
];

impl ScriptRules {
    /// The statement's first words in upper case.
    pub(crate) fn words(&self, sql: &str) -> Vec<String> {
        words(sql, self.syntax, 24)
    }

    /// Whether it leaves the session as it was, for whoever comes next.
    pub(crate) fn is_tame(&self, words: &[String]) -> bool {
        let is_temporary = || words[..words.len().min(5)].iter().any(|word| word.starts_with("TEMP"));
        words.first().is_some_and(|word| TAME.contains(&word.as_str())) && !is_temporary()
    }

    /// Whether it refuses to run in a transaction, by its words or because its own program ends one.
    pub(crate) fn is_alone(&self, sql: &str, words: &[String]) -> bool {
        let ends = || says_inside(sql, self.syntax, &["COMMIT", "ROLLBACK"]);
        Self::fits(self.alone, words) || (Self::fits(self.programs, words) && ends())
    }

    /// Whether it may share a transaction with what is noted about it.
    pub(crate) fn may_share(&self, sql: &str) -> bool {
        let words = self.words(sql);
        !self.is_alone(sql, &words) && !Self::fits(self.calls, &words) && control(&words).is_none()
    }

    /// Whether one of the patterns fits.
    pub(crate) fn fits(patterns: &[Pattern], words: &[String]) -> bool {
        patterns.iter().any(|pattern| begins(pattern, words))
    }
}

/// What the words of a statement do to the transaction around it.
pub(crate) fn control(words: &[String]) -> Option<Control> {
    let word = |position: usize| words.get(position).map_or("", String::as_str);
    match (word(0), word(1)) {
        ("BEGIN", "NOT") => None,
        ("BEGIN", _) | ("START", "TRANSACTION") => Some(Control::Begin),
        ("PREPARE", "TRANSACTION") => Some(Control::Commit),
        (_, "PREPARED") => None,
        ("COMMIT" | "END", _) => Some(Control::Commit),
        // Back to a savepoint: the transaction goes on.
        ("ROLLBACK", "TO") => None,
        ("ROLLBACK", _) if word(2) == "TO" => None,
        ("ROLLBACK" | "ABORT", _) => Some(Control::Rollback),
        _ => None,
    }
}

fn begins(pattern: &str, words: &[String]) -> bool {
    let (first, rest) = pattern.split_once(' ').unwrap_or((pattern, ""));
    match first {
        "" => true,
        "*" => (0..=words.len()).any(|skipped| begins(rest, &words[skipped..])),
        _ => words.first().is_some_and(|word| word == first) && begins(rest, &words[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::backends::script_rules;

    #[test]
    fn a_program_that_commits_shares_no_transaction() {
        let rules = script_rules("postgresql");
        for (sql, expected) in [
            ("DO $$ BEGIN PERFORM 1; END $$", true),
            ("DO $$ BEGIN -- no COMMIT\n PERFORM 'COMMIT'; END $$", true),
            ("DO $x$ BEGIN COMMIT; END $x$ LANGUAGE plpgsql", false),
            ("do 'begin rollback; end'", false),
            ("CALL fill(1)", false),
            ("CREATE FUNCTION f() RETURNS void AS $$ BEGIN COMMIT; END $$ LANGUAGE plpgsql", true),
            ("VACUUM crate", false),
            ("CREATE INDEX /* slowly */ CONCURRENTLY a ON b (c)", false),
            ("ALTER TABLE a ADD b text DEFAULT ' CONCURRENTLY '", true),
        ] {
            assert_eq!(rules.may_share(sql), expected, "{sql}");
        }
    }

    fn words_of(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_statement_is_known_by_its_words() {
        let fits = |pattern: Pattern, text: &str| ScriptRules::fits(&[pattern], &words_of(text));
        assert!(fits("CREATE INDEX CONCURRENTLY", "CREATE INDEX CONCURRENTLY A ON B"));
        assert!(!fits("CREATE INDEX CONCURRENTLY", "CREATE INDEX CONCURRENT ON B"));
        assert!(fits("REINDEX * CONCURRENTLY", "REINDEX VERBOSE TABLE CONCURRENTLY A"));
        assert!(fits("SELECT * SET_CONFIG", "SELECT PG_CATALOG SET_CONFIG"));
        assert!(!fits("VACUUM", "ANALYZE"));
    }

    #[test]
    fn what_ends_a_transaction_is_told_from_what_goes_back_to_a_savepoint() {
        for (text, expected) in [
            ("BEGIN", Some(Control::Begin)),
            ("START TRANSACTION", Some(Control::Begin)),
            ("BEGIN NOT ATOMIC", None),
            ("COMMIT", Some(Control::Commit)),
            ("END", Some(Control::Commit)),
            ("ROLLBACK", Some(Control::Rollback)),
            ("ROLLBACK TO SAVEPOINT A", None),
            ("ROLLBACK WORK TO A", None),
            ("SAVEPOINT A", None),
            ("START SLAVE", None),
        ] {
            assert_eq!(control(&words_of(text)), expected, "{text}");
        }
    }
}
