//! The tokens of SQL text, in each dialect's own way of quoting.

/// What a vendor's SQL has beyond the standard that matters for telling tokens and statements apart.
#[derive(Debug, Clone, Copy)]
pub struct Syntax {
    /// `\'` in a text is a quotation mark of the text, unless the session says otherwise.
    pub backslash_escapes: bool,
    /// What a session says about it.
    pub escapes: EscapeSetting,
    /// `"..."` is a text like others.
    pub double_quoted_texts: bool,
    /// `$tag$ ... $tag$` is a text.
    pub dollar_quotes: bool,
    /// `E'...'` is a text with escapes.
    pub escape_strings: bool,
    /// `[a name]`
    pub bracket_names: bool,
    /// `#` begins a comment.
    pub hash_comments: bool,
    /// `--` begins a comment only where a space follows; `/*! ... */` is run.
    pub dashes_need_space: bool,
    /// `/* /* */ */` is one comment.
    pub nested_comments: bool,
    /// Semicolons between `BEGIN` and `END` of a trigger or routine belong to it.
    pub compound_bodies: bool,
    /// The lines that the vendor's own client keeps for itself.
    pub client: ClientLines,
}

/// The setting of a session that decides whether backslashes mean something in texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EscapeSetting {
    /// There is none.
    None,
    /// A truth, under this name: while it holds they mean nothing.
    Truth(&'static str),
    /// A list of words, under this name: with the second word in it they mean nothing.
    Word(&'static str, &'static str),
}

/// The lines of a script that the vendor's own client does not send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientLines {
    /// `\restrict`, and the rows behind `COPY ... FROM stdin`.
    Backslash,
    /// `DELIMITER //`, `SOURCE file`.
    Delimiter,
    /// `.read file`
    Dot,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// Space between tokens.
    Space,
    /// A comment. One that the server reads, `/*! ... */` or `/*+ ... */`, is a [`TokenKind::Sign`].
    Comment,
    /// A word that nobody quoted.
    Word,
    /// What begins with a digit.
    Number,
    /// A text, with its quotation marks.
    Text,
    /// A quoted name.
    Name,
    /// Anything else.
    Sign,
}

/// A token and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its letters.
    pub text: &'a str,
    /// Its first byte.
    pub at: usize,
    /// Whether it ends where the whole text does, without what would end it.
    pub is_open: bool,
}

impl Token<'_> {
    /// Whether it is this word, in whatever case.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is this sign.
    pub(crate) fn is_sign(&self, sign: &str) -> bool {
        self.kind == TokenKind::Sign && self.text == sign
    }

    /// Whether a statement begins or goes on with it.
    pub(crate) fn counts(&self) -> bool {
        !matches!(self.kind, TokenKind::Space | TokenKind::Comment)
    }
}

/// Reads the tokens of a text.
#[derive(Debug, Clone)]
pub(crate) struct Tokens<'a> {
    text: &'a str,
    pub(super) syntax: Syntax,
    /// The first byte of the next token.
    pub(crate) position: usize,
}

impl<'a> Tokens<'a> {
    /// The tokens of `text`.
    pub(crate) fn new(text: &'a str, syntax: Syntax) -> Self {
        Self { text, syntax, position: 0 }
    }

    /// What was not read yet.
    pub(crate) fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    /// Passes over the rest of the line, and gives it without its end.
    pub(crate) fn line(&mut self) -> &'a str {
        let rest = self.rest();
        let length = rest.find('\n').unwrap_or(rest.len());
        self.position = (self.position + length + 1).min(self.text.len());
        rest[..length].trim_end_matches('\r')
    }

    /// Kind and length of the token at the beginning of `rest`, and whether it misses its end.
    fn measure(&self, rest: &str) -> (TokenKind, usize, bool) {
        let sign = rest.chars().next().unwrap_or_default();
        match sign {
            _ if sign.is_whitespace() => (TokenKind::Space, length_while(rest, char::is_whitespace), false),
            '-' if self.is_dashed(rest) => (TokenKind::Comment, line_length(rest), false),
            '#' if self.syntax.hash_comments => (TokenKind::Comment, line_length(rest), false),
            '/' if rest.starts_with("/*") => self.comment(rest),
            '\'' => self.quoted(rest, b'\'', TokenKind::Text, self.syntax.backslash_escapes),
            '"' => {
                let escapes = self.syntax.backslash_escapes && self.syntax.double_quoted_texts;
                self.quoted(rest, b'"', TokenKind::Name, escapes)
            }
            '`' => self.quoted(rest, b'`', TokenKind::Name, false),
            '[' if self.syntax.bracket_names => match rest.find(']') {
                Some(end) => (TokenKind::Name, end + 1, false),
                None => (TokenKind::Name, rest.len(), true),
            },
            'e' | 'E' if self.syntax.escape_strings && rest[1..].starts_with('\'') => {
                let (kind, length, is_open) = self.quoted(&rest[1..], b'\'', TokenKind::Text, true);
                (kind, length + 1, is_open)
            }
            '$' if self.syntax.dollar_quotes => dollar_quoted(rest).unwrap_or((TokenKind::Sign, 1, false)),
            _ if is_word_sign(sign) => {
                let kind = if sign.is_ascii_digit() { TokenKind::Number } else { TokenKind::Word };
                (kind, length_while(rest, is_word_sign), false)
            }
            _ => (TokenKind::Sign, sign.len_utf8(), false),
        }
    }

    /// Where a space is needed behind the dashes, a line that begins with them and a word is one as well: files for all
    /// kinds of database have such lines, and nobody breaks `a - -b` there.
    fn is_dashed(&self, rest: &str) -> bool {
        if !rest.starts_with("--") || !self.syntax.dashes_need_space {
            return rest.starts_with("--");
        }
        let before = &self.text[..self.position];
        let begins_line = before.is_empty() || before.ends_with('\n');
        let is_spaced = |sign: char| sign.is_whitespace() || sign.is_control();
        let is_word = |sign: char| sign.is_alphabetic() || matches!(sign, '/' | '+');
        match rest.trim_start_matches('-').chars().next() {
            None => true,
            Some(sign) if rest.as_bytes().get(2) != Some(&b'-') && is_spaced(sign) => true,
            Some(sign) => begins_line && (is_spaced(sign) || is_word(sign)),
        }
    }

    fn comment(&self, rest: &str) -> (TokenKind, usize, bool) {
        let is_run = rest.starts_with("/*+")
            || (self.syntax.dashes_need_space && (rest.starts_with("/*!") || rest.starts_with("/*M!")));
        let kind = if is_run { TokenKind::Sign } else { TokenKind::Comment };
        let (mut depth, mut position) = (0, 0);
        while position < rest.len() {
            let here = &rest.as_bytes()[position..];
            if here.starts_with(b"/*") && (depth == 0 || self.syntax.nested_comments) {
                depth += 1;
                position += 2;
            } else if here.starts_with(b"*/") {
                depth -= 1;
                position += 2;
                if depth == 0 {
                    return (kind, position, false);
                }
            } else {
                position += 1;
            }
        }
        (kind, rest.len(), true)
    }

    fn quoted(&self, rest: &str, quote: u8, kind: TokenKind, escapes: bool) -> (TokenKind, usize, bool) {
        // A byte of a longer letter is never one of these signs.
        let (bytes, mut position) = (rest.as_bytes(), 1);
        while let Some(byte) = bytes.get(position) {
            let is_pair = *byte == quote && bytes.get(position + 1) == Some(&quote);
            if is_pair || (*byte == b'\\' && escapes) {
                position += 2;
            } else if *byte == quote {
                return (kind, position + 1, false);
            } else {
                position += 1;
            }
        }
        (kind, rest.len(), true)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.rest();
        if rest.is_empty() {
            return None;
        }
        let (kind, length, is_open) = self.measure(rest);
        let token = Token { kind, text: &rest[..length], at: self.position, is_open };
        self.position += length;
        Some(token)
    }
}

fn is_word_sign(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_' || sign == '$'
}

fn length_while(rest: &str, is_part: impl Fn(char) -> bool) -> usize {
    rest.find(|sign: char| !is_part(sign)).unwrap_or(rest.len())
}

fn line_length(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

fn dollar_quoted(rest: &str) -> Option<(TokenKind, usize, bool)> {
    let tag_end = rest[1..].find('$')? + 2;
    let tag = &rest[..tag_end];
    let name = &tag[1..tag_end - 1];
    let is_tag = name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    is_tag.then(|| match rest[tag_end..].find(tag) {
        Some(end) => (TokenKind::Text, tag_end + end + tag_end, false),
        None => (TokenKind::Text, rest.len(), true),
    })
}
