//! Cuts SQL text into statements.

/// What a vendor's SQL has beyond the standard that matters for finding the end of a statement.
#[derive(Debug, Clone, Copy)]
pub struct Syntax {
    /// `\'` in a string is a quotation mark of the string.
    pub backslash_escapes: bool,
    /// `$tag$ ... $tag$` is a string.
    pub dollar_quotes: bool,
    /// `#` begins a comment.
    pub hash_comments: bool,
    /// `/* /* */ */` is one comment.
    pub nested_comments: bool,
    /// Semicolons between `BEGIN` and `END` of a trigger or routine belong to it.
    pub compound_bodies: bool,
}

/// Cuts `text` into its statements, without semicolons, the comments before each, and empty ones.
pub fn split(text: &str, syntax: Syntax) -> Vec<String> {
    let mut statements = Vec::new();
    let mut scanner = Scanner {
        text,
        syntax,
        start: None,
        position: 0,
        depth: 0,
        words: Vec::new(),
        previous: String::new(),
    };
    while let Some(found) = scanner.next() {
        statements.push(found.to_owned());
    }
    statements
}

/// The first word of a statement, behind opening brackets.
pub(crate) fn first_word(sql: &str) -> &str {
    let sql = sql.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
    sql.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

struct Scanner<'a> {
    text: &'a str,
    syntax: Syntax,
    /// Where the statement begins; none before its first sign.
    start: Option<usize>,
    position: usize,
    /// How many `BEGIN` and `CASE` wait for their `END`.
    depth: u32,
    /// The statement's first words in upper case, enough to know a routine.
    words: Vec<String>,
    /// The word read last.
    previous: String,
}

impl<'a> Scanner<'a> {
    fn next(&mut self) -> Option<&'a str> {
        self.start = None;
        self.depth = 0;
        self.words.clear();
        loop {
            let rest = &self.text[self.position..];
            let sign = rest.chars().next()?;
            let length = match sign {
                ';' if self.depth == 0 => {
                    let end = self.position;
                    self.position += 1;
                    match self.start.take() {
                        Some(start) => return Some(self.text[start..end].trim_end()),
                        None => continue,
                    }
                }
                '-' if rest.starts_with("--") => line(rest),
                '#' if self.syntax.hash_comments => line(rest),
                // `/*! ... */` is a comment for all but MySQL, which runs what it holds.
                '/' if rest.starts_with("/*") && !(self.syntax.hash_comments && rest.starts_with("/*!")) => {
                    self.comment(rest)
                }
                _ if sign.is_whitespace() => sign.len_utf8(),
                _ => {
                    self.start.get_or_insert(self.position);
                    self.token(rest, sign)
                }
            };
            self.position += length;
            if self.position >= self.text.len() {
                return self.start.take().map(|start| self.text[start..].trim_end());
            }
        }
    }

    /// Length of the token at the beginning of `rest`.
    fn token(&mut self, rest: &str, sign: char) -> usize {
        match sign {
            '\'' | '"' | '`' => self.quoted(rest, sign),
            '$' if self.syntax.dollar_quotes => dollar_quoted(rest).unwrap_or(1),
            _ if sign.is_alphanumeric() || sign == '_' => {
                let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
                let length = length.unwrap_or(rest.len());
                self.word(&rest[..length], &rest[length..]);
                length
            }
            _ => sign.len_utf8(),
        }
    }

    fn word(&mut self, word: &str, after: &str) {
        let word = word.to_ascii_uppercase();
        if self.syntax.compound_bodies && self.is_routine() {
            let next = after.trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            // `END IF`, `END LOOP` close what was not counted; the CASE of `END CASE` opens nothing.
            let closes_other = || {
                ["IF", "LOOP", "WHILE", "REPEAT", "FOR"].iter().any(|other| next.eq_ignore_ascii_case(other))
            };
            match word.as_str() {
                "BEGIN" => self.depth += 1,
                "CASE" if self.previous != "END" => self.depth += 1,
                "END" if !closes_other() => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        if self.words.len() < 12 {
            self.words.push(word.clone());
        }
        self.previous = word;
    }

    fn is_routine(&self) -> bool {
        const ROUTINES: [&str; 4] = ["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"];
        self.words.first().is_some_and(|word| word == "CREATE")
            && self.words.iter().any(|word| ROUTINES.contains(&word.as_str()))
    }

    fn quoted(&self, rest: &str, quote: char) -> usize {
        let escapes = self.syntax.backslash_escapes && quote != '`';
        // PostgreSQL's E'...' knows escapes as well.
        let before = &self.text[..self.position];
        let escapes = escapes
            || (quote == '\''
                && self.syntax.dollar_quotes
                && before.ends_with(['E', 'e'])
                && !before[..before.len() - 1].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
        let mut signs = rest.char_indices().skip(1);
        while let Some((index, sign)) = signs.next() {
            if sign == '\\' && escapes {
                signs.next();
            } else if sign == quote {
                // A doubled mark goes on as another quoted part, which comes to the same.
                return index + 1;
            }
        }
        rest.len()
    }

    fn comment(&self, rest: &str) -> usize {
        let mut depth = 0;
        let mut position = 0;
        while position < rest.len() {
            let here = &rest.as_bytes()[position..];
            if here.starts_with(b"/*") && (depth == 0 || self.syntax.nested_comments) {
                depth += 1;
                position += 2;
            } else if here.starts_with(b"*/") {
                depth -= 1;
                position += 2;
                if depth == 0 {
                    return position;
                }
            } else {
                position += 1;
            }
        }
        rest.len()
    }
}

fn line(rest: &str) -> usize {
    rest.find('\n').map_or(rest.len(), |end| end + 1)
}

fn dollar_quoted(rest: &str) -> Option<usize> {
    let tag_end = rest[1..].find('$')? + 2;
    let tag = &rest[..tag_end];
    let is_tag = tag[1..tag_end - 1].chars().all(|c| c.is_alphanumeric() || c == '_')
        && !tag[1..].starts_with(|c: char| c.is_ascii_digit());
    if !is_tag {
        return None;
    }
    Some(rest[tag_end..].find(tag).map_or(rest.len(), |end| tag_end + end + tag_end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LITE: Syntax = Syntax {
        backslash_escapes: false,
        dollar_quotes: false,
        hash_comments: false,
        nested_comments: false,
        compound_bodies: true,
    };
    const MY: Syntax = Syntax { backslash_escapes: true, hash_comments: true, ..LITE };
    const PG: Syntax = Syntax { dollar_quotes: true, nested_comments: true, compound_bodies: false, ..LITE };

    #[test]
    fn semicolons_in_strings_names_and_comments_do_not_end_a_statement() {
        let text = "-- one; two\nINSERT INTO t VALUES ('a;''b', \"c;d\"); /* x; */\n SELECT 1 -- end;\n;;";
        assert_eq!(split(text, LITE), ["INSERT INTO t VALUES ('a;''b', \"c;d\")", "SELECT 1 -- end;"]);
        assert_eq!(split("SELECT 1", LITE), ["SELECT 1"]);
        assert_eq!(split("  -- nothing\n", LITE), Vec::<String>::new());
    }

    #[test]
    fn a_trigger_is_one_statement() {
        let trigger = "CREATE TRIGGER a AFTER INSERT ON t BEGIN UPDATE t SET n = CASE WHEN n > 1 THEN 1 ELSE 2 END; DELETE FROM u; END";
        assert_eq!(split(&format!("{trigger}; SELECT 2;"), LITE), [trigger, "SELECT 2"]);
        let routine = "CREATE PROCEDURE p() BEGIN IF 1 THEN SELECT 1; END IF; CASE x WHEN 1 THEN SELECT 2; END CASE; END";
        assert_eq!(split(&format!("{routine}; SELECT 2;"), MY), [routine, "SELECT 2"]);
    }

    #[test]
    fn begin_ends_a_statement_where_it_begins_a_transaction() {
        assert_eq!(split("BEGIN; SELECT 1; COMMIT;", LITE), ["BEGIN", "SELECT 1", "COMMIT"]);
    }

    #[test]
    fn each_vendor_quotes_in_its_own_way() {
        assert_eq!(
            split("SELECT 'it\\'s; x'; SELECT `a;b` # c;\n;", MY),
            ["SELECT 'it\\'s; x'", "SELECT `a;b` # c;"]
        );
        let function =
            "CREATE FUNCTION f() RETURNS int AS $body$ BEGIN RETURN 1; END $body$ LANGUAGE plpgsql";
        assert_eq!(
            split(&format!("{function}; SELECT $1; /* a /* b; */ c; */ SELECT 2"), PG),
            [function, "SELECT $1", "SELECT 2"]
        );
        assert_eq!(
            split("SELECT E'a\\';b'; SELECT 'x\\'; SELECT 3", PG),
            ["SELECT E'a\\';b'", "SELECT 'x\\'", "SELECT 3"]
        );
    }
}
