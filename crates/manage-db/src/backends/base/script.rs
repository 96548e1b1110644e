//! Takes SQL text apart: statements, the comments between them, and what was written for a vendor's client.

use super::escapes::{leans_on_setting, said};
use super::tokens::{ClientLines, Syntax, Token, TokenKind, Tokens};

/// A part of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    /// What it is.
    pub kind: PieceKind,
    /// Its text: of a statement without semicolon and without comments around it.
    pub text: &'a str,
    /// Its first byte.
    pub at: usize,
    /// Where something begins in it that never ends: a text, a comment.
    pub open: Option<usize>,
    /// Whether a text in it may end elsewhere in another session, and no statement before it says how it is meant.
    pub is_assumed: bool,
}

/// What a part of a script is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// A statement.
    Statement,
    /// A comment outside of any statement.
    Comment,
    /// A line for the vendor's own client.
    Client,
    /// The rows behind the statement before them.
    Rows,
    /// What stands behind such a statement in its line, where it would be taken for rows.
    Stray,
}

/// The parts of `text`. A comment on a line of its own for which `is_marker` holds ends a statement that nobody ended.
pub(crate) fn pieces<'a>(
    text: &'a str,
    syntax: Syntax,
    is_marker: &dyn Fn(&str) -> bool,
) -> impl Iterator<Item = Piece<'a>> {
    let tokens = Tokens::new(text, syntax);
    Reader {
        text,
        syntax,
        is_marker,
        tokens,
        delimiter: END,
        has_rows: false,
        is_said: false,
        statement: Pending::default(),
    }
}

/// The first word of a statement, behind opening brackets.
pub(crate) fn first_word(sql: &str) -> &str {
    let sql = sql.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    sql.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The words of a statement that nobody quoted, in upper case, `limit` at most.
pub(crate) fn words(sql: &str, syntax: Syntax, limit: usize) -> Vec<String> {
    let mut found = Vec::new();
    for token in Tokens::new(sql, syntax) {
        match token.kind {
            TokenKind::Word => found.push(token.text.to_ascii_uppercase()),
            TokenKind::Sign => {
                let inner = run_comment(token.text).map(|sql| words(sql, syntax, limit));
                found.extend(inner.into_iter().flatten());
            }
            _ => {}
        }
        if found.len() >= limit {
            break;
        }
    }
    found.truncate(limit);
    found
}

/// Whether a text of the statement, read as a program, holds one of these words.
pub(crate) fn says_inside(sql: &str, syntax: Syntax, wanted: &[&str]) -> bool {
    let texts = Tokens::new(sql, syntax).filter(|token| token.kind == TokenKind::Text);
    let mut inner = texts.flat_map(|token| Tokens::new(without_quotes(token.text), syntax));
    inner.any(|token| wanted.iter().any(|word| token.is_word(word)))
}

/// What stands between `$tag$` and `$tag$`, or between quotation marks.
fn without_quotes(text: &str) -> &str {
    let quote = match text.strip_prefix('$').and_then(|rest| rest.find('$')) {
        Some(end) => &text[..end + 2],
        None => "'",
    };
    let inner = text.trim_start_matches(['e', 'E']);
    inner.strip_prefix(quote).unwrap_or(inner).strip_suffix(quote).unwrap_or(inner)
}

/// What the server runs of `/*!40101 ... */`.
fn run_comment(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("/*!").or_else(|| text.strip_prefix("/*M!"))?.strip_suffix("*/")?;
    Some(inner.trim_start_matches(|sign: char| sign.is_ascii_digit()))
}

/// A statement whatever its layout and its comments.
pub(crate) fn canonical(sql: &str, syntax: Syntax) -> String {
    let mut out = String::new();
    add_canonical(sql, syntax, &mut out);
    out
}

/// Adds a statement whatever its layout and its comments.
pub(crate) fn add_canonical(sql: &str, syntax: Syntax, out: &mut String) {
    let mut space = "";
    for token in Tokens::new(sql, syntax).filter(Token::counts) {
        out.push_str(space);
        out.push_str(token.text);
        space = " ";
    }
}

/// Most characters of a statement that an error shows.
const SHOWN: usize = 500;

/// A statement as an error shows it: not all of a long one, and of one about rows none of the values.
pub(crate) fn shown(sql: &str, syntax: Syntax) -> String {
    const WITH_VALUES: [&str; 7] = ["INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "CALL", "COPY"];
    const ASKING: [&str; 2] = ["SELECT", "WITH"];
    let is_one_of = |words: &[&str]| words.iter().any(|word| first_word(sql).eq_ignore_ascii_case(word));
    let (hides_numbers, hides_texts) =
        (is_one_of(&WITH_VALUES), is_one_of(&WITH_VALUES) || is_one_of(&ASKING));
    let mut shown = String::new();
    for token in Tokens::new(sql, syntax) {
        // Between double quotes stands a text where backslashes mean something.
        let is_text =
            token.kind == TokenKind::Text || (syntax.double_quoted_texts && token.text.starts_with('"'));
        let hides = (is_text && hides_texts) || (token.kind == TokenKind::Number && hides_numbers);
        shown.push_str(if hides { "?" } else { token.text });
        if let Some((end, _)) = shown.char_indices().nth(SHOWN) {
            shown.truncate(end);
            shown.push('…');
            break;
        }
    }
    shown
}

const END: &str = ";";

/// What opened a body whose `END` is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    Begin,
    Case,
    /// `IF`, `LOOP` and the like as the whole body of a routine.
    Flow,
}

/// What is known of the statement that is being read.
#[derive(Default)]
struct Pending<'a> {
    start: Option<usize>,
    end: usize,
    /// Where a token begins that never ends.
    open: Option<usize>,
    is_assumed: bool,
    brackets: u32,
    blocks: Vec<Block>,
    /// Its first words.
    words: Vec<&'a str>,
    previous: Option<Token<'a>>,
}

impl Pending<'_> {
    /// Whether a semicolon ends it here.
    fn is_flat(&self) -> bool {
        self.brackets == 0 && self.blocks.is_empty()
    }

    /// Whether it makes something with a body, or is a body of its own.
    fn has_body(&self) -> bool {
        const ROUTINES: [&str; 5] = ["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "PACKAGE"];
        const OTHERS: [&str; 8] =
            ["TABLE", "INDEX", "VIEW", "DATABASE", "SCHEMA", "USER", "SEQUENCE", "RULE"];
        let is_one_of = |word: &str, words: &[&str]| words.iter().any(|own| word.eq_ignore_ascii_case(own));
        if self.begins_with("CREATE") {
            let mut words = self.words.iter();
            let kind = words.find(|word| is_one_of(word, &ROUTINES) || is_one_of(word, &OTHERS));
            return kind.is_some_and(|kind| is_one_of(kind, &ROUTINES));
        }
        self.begins_with("BEGIN")
    }

    fn begins_with(&self, word: &str) -> bool {
        self.words.first().is_some_and(|first| first.eq_ignore_ascii_case(word))
    }

    /// Whether rows follow it.
    fn is_copy_in(&self) -> bool {
        let is_source =
            |pair: &[&str]| pair[0].eq_ignore_ascii_case("FROM") && pair[1].eq_ignore_ascii_case("STDIN");
        self.begins_with("COPY") && self.words.windows(2).any(is_source)
    }

    fn has_word(&self, words: &[&str]) -> bool {
        self.previous.is_some_and(|previous| words.iter().any(|word| previous.is_word(word)))
    }

    fn has_sign(&self, signs: &[&str]) -> bool {
        self.previous.is_some_and(|previous| signs.iter().any(|sign| previous.is_sign(sign)))
    }
}

struct Reader<'a, 'm> {
    text: &'a str,
    syntax: Syntax,
    is_marker: &'m dyn Fn(&str) -> bool,
    tokens: Tokens<'a>,
    /// What ends a statement; `DELIMITER` changes it.
    delimiter: &'a str,
    /// Whether the statement before is followed by its rows.
    has_rows: bool,
    /// Whether a statement said how texts are meant.
    is_said: bool,
    statement: Pending<'a>,
}

impl<'a> Reader<'a, '_> {
    fn finished(&mut self) -> Option<Piece<'a>> {
        let statement = std::mem::take(&mut self.statement);
        let start = statement.start?;
        self.has_rows = self.syntax.client == ClientLines::Backslash && statement.is_copy_in();
        let text = &self.text[start..statement.end];
        if let Some(said) = said(text, self.syntax) {
            self.is_said = said.is_some();
            self.tokens.syntax.backslash_escapes = said.unwrap_or(self.syntax.backslash_escapes);
        }
        Some(Piece {
            kind: PieceKind::Statement,
            text,
            at: start,
            open: statement.open,
            is_assumed: statement.is_assumed,
        })
    }

    /// The rows behind a `COPY ... FROM stdin`, up to the line `\.`.
    fn rows(&mut self) -> Piece<'a> {
        let at = self.tokens.position;
        let rest = self.tokens.line();
        let behind = rest.trim_start();
        if !behind.is_empty() && !behind.starts_with("--") {
            self.tokens.position = at + rest.len();
            return Piece { kind: PieceKind::Stray, text: behind, at, open: None, is_assumed: false };
        }
        self.has_rows = false;
        let at = self.tokens.position;
        loop {
            let here = self.tokens.position;
            let is_end = self.tokens.rest().is_empty();
            if is_end || self.tokens.line() == "\\." {
                let open = is_end.then_some(at);
                return Piece {
                    kind: PieceKind::Rows,
                    text: &self.text[at..here],
                    at,
                    open,
                    is_assumed: false,
                };
            }
        }
    }

    /// A line that the vendor's client keeps for itself, where one begins here.
    fn client_line(&mut self) -> Option<Piece<'a>> {
        let rest = self.tokens.rest();
        let word = first_word(rest);
        let is_client = match self.syntax.client {
            ClientLines::Backslash => rest.starts_with('\\'),
            ClientLines::Delimiter => rest.starts_with('\\') || is_alone(rest, word, "SOURCE"),
            ClientLines::Dot => rest.starts_with('.'),
        };
        if !is_client {
            return None;
        }
        let at = self.tokens.position;
        let text = self.tokens.line().trim_end();
        Some(Piece { kind: PieceKind::Client, text, at, open: None, is_assumed: false })
    }

    /// Passes over a line that says what ends a statement from here on, if one begins here.
    fn takes_delimiter_line(&mut self) -> bool {
        let rest = self.tokens.rest();
        let is_here =
            self.syntax.client == ClientLines::Delimiter && is_alone(rest, first_word(rest), "DELIMITER");
        if is_here {
            self.delimiter = self.tokens.line().split_whitespace().nth(1).unwrap_or(END);
        }
        is_here
    }

    /// Passes over what ends a statement, if that is here.
    fn takes_delimiter(&mut self) -> bool {
        let rest = self.tokens.rest();
        let is_here = match self.delimiter {
            END => rest.starts_with(';') && self.statement.is_flat(),
            other => rest.starts_with(other),
        };
        if is_here {
            self.tokens.position += self.delimiter.len();
        }
        is_here
    }

    /// Whether the comment stands on a line of its own, outside of brackets and bodies, and says what a marker says.
    fn is_marker(&self, token: &Token<'_>) -> bool {
        let before = self.text[..token.at].trim_end_matches([' ', '\t']);
        self.statement.is_flat()
            && (before.is_empty() || before.ends_with('\n'))
            && (self.is_marker)(token.text)
    }

    fn observe(&mut self, mut token: Token<'a>) {
        if self.delimiter != END
            && let Some(cut) = token.text.find(self.delimiter).filter(|_| token.kind == TokenKind::Word)
        {
            token.text = &token.text[..cut];
            self.tokens.position = token.at + cut;
        }
        self.statement.start.get_or_insert(token.at);
        self.statement.end = token.at + token.text.len();
        self.statement.open = token.is_open.then_some(token.at);
        self.statement.is_assumed |= !self.is_said && leans_on_setting(&token, self.syntax);
        match token.kind {
            TokenKind::Sign if token.text == "(" => self.statement.brackets += 1,
            TokenKind::Sign if token.text == ")" => {
                self.statement.brackets = self.statement.brackets.saturating_sub(1);
            }
            TokenKind::Word => self.word(token),
            _ => {}
        }
        self.statement.previous = Some(token);
    }

    fn word(&mut self, token: Token<'a>) {
        if self.statement.words.len() < 64 {
            self.statement.words.push(token.text);
        }
        if self.delimiter != END || !self.statement.has_body() || self.statement.has_sign(&["."]) {
            return;
        }
        if token.is_word("BEGIN") {
            self.begin();
        } else if token.is_word("CASE") && !self.statement.blocks.is_empty() {
            if !self.statement.has_word(&["END"]) {
                self.statement.blocks.push(Block::Case);
            }
        } else if token.is_word("END") {
            self.end();
        } else if self.syntax.dashes_need_space {
            self.flow(&token);
        }
    }

    /// `IF ... END IF` as the body of a routine without `BEGIN`.
    fn flow(&mut self, token: &Token<'_>) {
        const FLOWS: [&str; 5] = ["IF", "WHILE", "LOOP", "REPEAT", "FOR"];
        // `IF NOT EXISTS` and `FOR EACH ROW` belong to CREATE, the others to SELECT.
        const BEHIND_OTHERS: [&str; 6] = ["NOT", "EXISTS", "EACH", "UPDATE", "SHARE", "SYSTEM_TIME"];
        let is_outer = self.statement.blocks.iter().all(|block| *block == Block::Flow);
        let next = self.next_word();
        let is_flow = FLOWS.iter().any(|flow| token.is_word(flow));
        // `= IF(...)` and `RETURN IF(...)` are functions.
        let is_value = self.statement.brackets > 0
            || self.statement.has_word(&["SELECT", "RETURN"])
            || self.statement.has_sign(&[",", "=", "+", "-", "*", "/", "<", ">"]);
        let is_other = is_value || BEHIND_OTHERS.contains(&next.as_str());
        if is_flow && is_outer && !is_other && !self.statement.has_word(&["END"]) {
            self.statement.blocks.push(Block::Flow);
        }
    }

    fn begin(&mut self) {
        let next = self.next_word();
        let is_block = if self.syntax.compound_bodies {
            // Alone it begins a transaction; MariaDB has blocks outside of routines.
            self.statement.words.len() > 1 || next == "NOT"
        } else {
            next == "ATOMIC"
        };
        // A column may be called so.
        const BEHIND_NAMES: [&str; 8] = ["FROM", "AS", "IS", "IN", "AND", "OR", "WHERE", "LIKE"];
        let is_inner = !next.is_empty() && !BEHIND_NAMES.contains(&next.as_str());
        if is_block && (self.statement.blocks.is_empty() || is_inner) {
            self.statement.blocks.push(Block::Begin);
        }
    }

    /// `END IF` and the like close what was not counted; a column may be called `end`.
    fn end(&mut self) {
        const CLOSE_OTHERS: [&str; 5] = ["IF", "LOOP", "WHILE", "REPEAT", "FOR"];
        let next = self.next_word();
        let is_behind_statement =
            self.statement.has_sign(&[";"]) || self.statement.has_word(&["BEGIN", "ATOMIC"]);
        let closes = match self.statement.blocks.last() {
            Some(Block::Case) => true,
            Some(Block::Begin) => is_behind_statement && next != "CASE",
            Some(Block::Flow) => CLOSE_OTHERS.contains(&next.as_str()),
            None => false,
        };
        let is_flow = self.statement.blocks.last() == Some(&Block::Flow);
        if closes && (is_flow || !CLOSE_OTHERS.contains(&next.as_str())) {
            self.statement.blocks.pop();
        }
    }

    /// The next token in upper case, where it is a word.
    fn next_word(&self) -> String {
        let next = self.tokens.clone().find(Token::counts);
        next.filter(|token| token.kind == TokenKind::Word)
            .map_or(String::new(), |token| token.text.to_ascii_uppercase())
    }
}

fn is_alone(rest: &str, word: &str, own: &str) -> bool {
    rest.starts_with(word) && word.eq_ignore_ascii_case(own) && rest[word.len()..].starts_with([' ', '\t'])
}

impl<'a> Iterator for Reader<'a, '_> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.has_rows {
            return Some(self.rows());
        }
        loop {
            if self.statement.start.is_none() {
                if self.takes_delimiter_line() {
                    continue;
                }
                if let Some(piece) = self.client_line() {
                    return Some(piece);
                }
            }
            if self.takes_delimiter() {
                match self.finished() {
                    Some(piece) => return Some(piece),
                    None => continue,
                }
            }
            // A client's word behind a statement that nobody ended.
            let is_command = self.syntax.client != ClientLines::Dot && self.tokens.rest().starts_with('\\');
            if is_command && self.statement.start.is_some() {
                return self.finished();
            }
            let Some(token) = self.tokens.next() else { return self.finished() };
            match token.kind {
                TokenKind::Space => {}
                TokenKind::Comment if self.statement.start.is_none() => {
                    let open = token.is_open.then_some(token.at);
                    return Some(Piece {
                        kind: PieceKind::Comment,
                        text: token.text,
                        at: token.at,
                        open,
                        is_assumed: false,
                    });
                }
                TokenKind::Comment if self.is_marker(&token) => {
                    self.tokens.position = token.at;
                    return self.finished();
                }
                TokenKind::Comment => self.statement.open = token.is_open.then_some(token.at),
                _ => self.observe(token),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::backends::script_rules;

    fn lite() -> Syntax {
        script_rules("sqlite").syntax
    }

    fn my() -> Syntax {
        script_rules("mysql").syntax
    }

    fn pg() -> Syntax {
        script_rules("postgresql").syntax
    }

    fn split(text: &str, syntax: Syntax) -> Vec<&str> {
        let pieces = pieces(text, syntax, &|_| false);
        pieces.filter(|piece| piece.kind == PieceKind::Statement).map(|piece| piece.text).collect()
    }

    fn kinds(text: &str, syntax: Syntax) -> Vec<(PieceKind, &str)> {
        let is_marker = |comment: &str| comment == "-- down";
        pieces(text, syntax, &is_marker).map(|piece| (piece.kind, piece.text)).collect()
    }

    #[test]
    fn semicolons_in_strings_names_and_comments_do_not_end_a_statement() {
        let text =
            "-- one; two\nINSERT INTO t VALUES ('a;''b', \"c;d\"); /* x; */\n SELECT [e;f] -- end;\n;;";
        assert_eq!(split(text, lite()), ["INSERT INTO t VALUES ('a;''b', \"c;d\")", "SELECT [e;f]"]);
        assert_eq!(split("SELECT 1", lite()), ["SELECT 1"]);
        assert_eq!(split("  -- nothing\n", lite()), Vec::<&str>::new());
    }

    #[test]
    fn semicolons_in_brackets_do_not_end_a_statement() {
        let rule = "CREATE RULE r AS ON INSERT TO a DO ALSO (INSERT INTO b VALUES (1); DELETE FROM c)";
        assert_eq!(split(&format!("{rule}; SELECT 2;"), pg()), [rule, "SELECT 2"]);
    }

    #[test]
    fn a_trigger_is_one_statement() {
        for trigger in [
            "CREATE TRIGGER a AFTER INSERT ON t BEGIN UPDATE t SET n = CASE WHEN n > 1 THEN 1 ELSE 2 END; DELETE FROM u; END",
            "CREATE TEMP TRIGGER a AFTER UPDATE ON t BEGIN UPDATE t SET end = NEW.end, n = CASE NEW.end WHEN 1 THEN 2 END WHERE end > 1; END",
            "CREATE TRIGGER \"begin\" AFTER INSERT ON t BEGIN SELECT t.begin, end FROM t; END",
        ] {
            assert_eq!(split(&format!("{trigger}; SELECT 2;"), lite()), [trigger, "SELECT 2"]);
        }
        let table = "CREATE TABLE trigger (begin int, case_end int)";
        assert_eq!(split(&format!("{table}; SELECT 2"), lite()), [table, "SELECT 2"]);
    }

    #[test]
    fn a_routine_is_one_statement() {
        for routine in [
            "CREATE PROCEDURE p() BEGIN IF 1 THEN SELECT 1; END IF; CASE x WHEN 1 THEN SELECT 2; END CASE; END",
            "CREATE DEFINER=`root`@`localhost` FUNCTION f() RETURNS int BEGIN DECLARE i int; l: LOOP SET i = 1; END LOOP l; BEGIN END; RETURN 1; END",
            "CREATE PROCEDURE p() BEGIN CASE x WHEN 1 THEN IF 1 THEN SELECT 2; END IF; END CASE; END",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t; END",
            "BEGIN NOT ATOMIC SELECT 1; SELECT 2; END",
            "CREATE PROCEDURE p() SELECT 1",
            "CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; END; SELECT 1; END",
            "CREATE PROCEDURE p() IF 1 THEN IF 2 THEN SELECT IF(1, 2, 3); END IF; ELSE SELECT 2; END IF",
            "CREATE PROCEDURE IF NOT EXISTS p() WHILE 0 DO SELECT 1; END WHILE",
            "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW IF NEW.a = 5 THEN SET NEW.a = 6; ELSEIF 2 THEN SET NEW.a = 7; END IF",
        ] {
            assert_eq!(split(&format!("{routine}; SELECT 2;"), my()), [routine, "SELECT 2"]);
        }
        for function in [
            "CREATE FUNCTION f() RETURNS int AS $body$ BEGIN RETURN 1; END $body$ LANGUAGE plpgsql",
            "CREATE FUNCTION f(a int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a > 1 THEN 1 END; END",
            "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC END",
        ] {
            assert_eq!(split(&format!("{function}; SELECT 2;"), pg()), [function, "SELECT 2"]);
        }
    }

    #[test]
    fn begin_ends_a_statement_where_it_begins_a_transaction() {
        for syntax in [lite(), my(), pg()] {
            assert_eq!(split("BEGIN; SELECT 1; COMMIT;", syntax), ["BEGIN", "SELECT 1", "COMMIT"]);
            assert_eq!(
                split("BEGIN TRANSACTION; SELECT 1; END;", syntax),
                ["BEGIN TRANSACTION", "SELECT 1", "END"]
            );
        }
    }

    #[test]
    fn each_vendor_quotes_in_its_own_way() {
        assert_eq!(
            split("SELECT 'it\\'s; x'; SELECT `a;b` # c;\n, 5--2;", my()),
            ["SELECT 'it\\'s; x'", "SELECT `a;b` # c;\n, 5--2"]
        );
        assert_eq!(
            split("SELECT $1; /* a /* b; */ c; */ SELECT $a$;$b$;$a$, a[1]", pg()),
            ["SELECT $1", "SELECT $a$;$b$;$a$, a[1]"]
        );
        assert_eq!(
            split("SELECT E'a\\';b'; SELECT 'x\\'; SELECT 3", pg()),
            ["SELECT E'a\\';b'", "SELECT 'x\\'", "SELECT 3"]
        );
        assert_eq!(split("/*!40101 SET a = 1; */; SELECT 1", my()), ["/*!40101 SET a = 1; */", "SELECT 1"]);
    }

    #[test]
    fn a_marker_ends_what_nobody_ended_outside_of_brackets_and_bodies() {
        use PieceKind::{Comment, Statement};
        let marked = "CREATE TABLE a (b int)\n-- down\nDROP TABLE a";
        let expected =
            [(Statement, "CREATE TABLE a (b int)"), (Comment, "-- down"), (Statement, "DROP TABLE a")];
        assert_eq!(kinds(marked, lite()), expected);
        for one in
            ["CREATE TABLE a (\n-- down\nb int)", "SELECT 1 -- down\n, 2", "SELECT 1,\n-- down payment\n2"]
        {
            assert_eq!(kinds(one, lite()), [(Statement, one)]);
        }
    }

    #[test]
    fn what_is_for_the_client_is_told_apart() {
        use PieceKind::{Client, Comment, Rows, Statement};
        let dump = "\\restrict abc\n-- a\nCOPY a (b) FROM stdin;\n1\tit's; x\n\\N\n\\.\n\nSELECT 1 \\gexec\nSELECT 2;";
        let expected = [
            (Client, "\\restrict abc"),
            (Comment, "-- a"),
            (Statement, "COPY a (b) FROM stdin"),
            (Rows, "1\tit's; x\n\\N\n"),
            (Statement, "SELECT 1"),
            (Client, "\\gexec"),
            (Statement, "SELECT 2"),
        ];
        assert_eq!(kinds(dump, pg()), expected);
        let open: Vec<_> = pieces("COPY a FROM STDIN;\n1\n", pg(), &|_| false).collect();
        assert_eq!((open[1].text, open[1].open), ("1\n", Some(19)));
        let routine = "DELIMITER $$\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW\nBEGIN SET @a = 1; END$$\ndelimiter ;\nSELECT 1;\nsource b.sql\n";
        let expected = [
            (Statement, "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW\nBEGIN SET @a = 1; END"),
            (Statement, "SELECT 1"),
            (Client, "source b.sql"),
        ];
        assert_eq!(kinds(routine, my()), expected);
        assert_eq!(kinds(".mode csv\nSELECT .5;", lite()), [(Client, ".mode csv"), (Statement, "SELECT .5")]);
    }

    #[test]
    fn what_never_ends_is_known_by_its_place() {
        for (text, at) in [("SELECT 'a; SELECT 2", 7), ("/* a", 0), ("SELECT $a$ x $b$;", 7)] {
            assert_eq!(pieces(text, pg(), &|_| false).last().unwrap().open, Some(at), "{text}");
        }
        assert_eq!(pieces("SELECT 'a'; -- it's", pg(), &|_| false).last().unwrap().open, None);
    }

    #[test]
    fn layout_and_comments_do_not_count() {
        let plain = canonical("CREATE TABLE a(b int, c text)", pg());
        assert_eq!(canonical("CREATE TABLE a (\n  b int, -- one\n  c /* two */ text\n)", pg()), plain);
        assert_ne!(canonical("SELECT 'a' 'b'", pg()), canonical("SELECT 'a''b'", pg()));
        assert_ne!(canonical("SELECT 'a  b'", pg()), canonical("SELECT 'a b'", pg()));
        assert_ne!(canonical("SELECT /*+ x */ 1", my()), canonical("SELECT 1", my()));
    }

    #[test]
    fn an_error_shows_no_values_and_not_all_of_a_long_statement() {
        assert_eq!(shown("INSERT INTO a1 VALUES ('x', 1, NULL)", pg()), "INSERT INTO a1 VALUES (?, ?, NULL)");
        assert_eq!(
            shown("CREATE TABLE a (b varchar(40) DEFAULT 'x')", pg()),
            "CREATE TABLE a (b varchar(40) DEFAULT 'x')"
        );
        let long = shown(&format!("INSERT INTO a VALUES {}", "('é'), ".repeat(10_000)), pg());
        assert_eq!(long.chars().count(), 501);
    }
}
