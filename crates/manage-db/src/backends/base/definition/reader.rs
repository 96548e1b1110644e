//! A place in the tokens of a statement.

use crate::backends::base::tokens::{Syntax, Token, TokenKind, Tokens};

/// The tokens of a statement that say something.
pub(super) fn tokens(sql: &str, syntax: Syntax) -> Vec<Token<'_>> {
    Tokens::new(sql, syntax).filter(Token::counts).collect()
}

/// A token without the signs around a name, and a word or a name in lower case.
pub(super) fn plain(token: &Token<'_>) -> String {
    match token.kind {
        TokenKind::Text => token.text.to_owned(),
        TokenKind::Name => unquoted(token.text).to_lowercase(),
        _ => token.text.to_lowercase(),
    }
}

/// Tokens without the brackets around all of them.
pub(super) fn unwrapped<'t, 'a>(mut tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    while let [first, inner @ .., last] = tokens {
        let is_wrapped = first.is_sign("(") && last.is_sign(")") && closing(tokens) == Some(tokens.len() - 1);
        if !is_wrapped {
            break;
        }
        tokens = inner;
    }
    tokens
}

/// Where the bracket ends with which the tokens begin.
fn closing(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if token.is_sign("(") {
            depth += 1;
        } else if token.is_sign(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// What stands between the signs around a name or a text.
fn unquoted(text: &str) -> String {
    let mut letters = text.chars();
    let (Some(open), Some(close)) = (letters.next(), letters.next_back()) else { return text.to_owned() };
    let inner = letters.as_str();
    match open {
        '[' => inner.to_owned(),
        _ => inner.replace(&format!("{open}{close}"), &close.to_string()),
    }
}

/// A text in which backslashes mean something, as the signs that it stands for.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        let escaped = if sign == '\\' { signs.next() } else { None };
        plain.push(match escaped {
            None => sign,
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('0') => '\0',
            Some('b') => '\u{8}',
            Some('Z') => '\u{1a}',
            Some(other) => other,
        });
    }
    plain
}

/// A place in the tokens of a statement.
#[derive(Clone)]
pub(super) struct Reader<'t, 'a> {
    sql: &'a str,
    tokens: &'t [Token<'a>],
    /// Backslashes mean something in texts.
    escapes: bool,
}

impl<'t, 'a> Reader<'t, 'a> {
    /// At the beginning of the tokens of `sql`.
    pub(super) fn new(sql: &'a str, tokens: &'t [Token<'a>], syntax: Syntax) -> Self {
        Self { sql, tokens, escapes: syntax.backslash_escapes }
    }

    /// At others of the tokens.
    fn at(&self, tokens: &'t [Token<'a>]) -> Self {
        Self { tokens, ..*self }
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The token at this place and those behind it.
    pub(super) fn tokens(&self) -> &'t [Token<'a>] {
        self.tokens
    }

    /// Whether these words stand here.
    pub(super) fn is_at(&self, words: &[&str]) -> bool {
        self.tokens.len() >= words.len()
            && self.tokens.iter().zip(words).all(|(token, word)| token.is_word(word))
    }

    /// Passes over these words, if they stand here.
    pub(super) fn eat(&mut self, words: &[&str]) -> bool {
        let is_here = self.is_at(words);
        if is_here {
            self.tokens = &self.tokens[words.len()..];
        }
        is_here
    }

    /// Passes over one of these words, if it stands here.
    pub(super) fn eat_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.eat(&[word]))
    }

    /// Passes over a sign, if it stands here.
    pub(super) fn eat_sign(&mut self, sign: &str) -> bool {
        let is_here = self.tokens.first().is_some_and(|token| token.is_sign(sign));
        if is_here {
            self.tokens = &self.tokens[1..];
        }
        is_here
    }

    /// Passes over one token.
    pub(super) fn next(&mut self) -> Option<&'t Token<'a>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    /// A name, in whatever signs.
    pub(super) fn name(&mut self) -> Option<String> {
        let token = self.tokens.first()?;
        let name = match token.kind {
            TokenKind::Name | TokenKind::Text => unquoted(token.text),
            TokenKind::Word | TokenKind::Number => token.text.to_owned(),
            _ => return None,
        };
        self.next();
        Some(name)
    }

    /// The name of a table or index, without that of the schema it lies in.
    pub(super) fn qualified(&mut self) -> Option<String> {
        let mut name = self.name()?;
        while self.eat_sign(".") {
            name = self.name()?;
        }
        Some(name)
    }

    /// The content of a text.
    pub(super) fn text_value(&mut self) -> Option<String> {
        let token = self.next().filter(|token| token.kind == TokenKind::Text)?;
        let text = unquoted(token.text);
        Some(if self.escapes { unescaped(&text) } else { text })
    }

    /// What stands between brackets, if they begin here.
    pub(super) fn group(&mut self) -> Option<Self> {
        self.tokens.first().filter(|token| token.is_sign("("))?;
        let end = closing(self.tokens)?;
        let inner = self.at(&self.tokens[1..end]);
        self.tokens = &self.tokens[end + 1..];
        Some(inner)
    }

    /// The parts between commas.
    pub(super) fn items(&self) -> Vec<Self> {
        let mut items = Vec::new();
        let (mut depth, mut start) = (0_usize, 0);
        for (at, token) in self.tokens.iter().enumerate() {
            if token.is_sign("(") {
                depth += 1;
            } else if token.is_sign(")") {
                depth = depth.saturating_sub(1);
            } else if token.is_sign(",") && depth == 0 {
                items.push(self.at(&self.tokens[start..at]));
                start = at + 1;
            }
        }
        items.push(self.at(&self.tokens[start..]));
        items.retain(|item| !item.is_empty());
        items
    }

    /// Names between brackets.
    pub(super) fn names(&mut self) -> Option<Vec<String>> {
        let items = self.group()?.items();
        items.into_iter().map(|mut item| item.name().filter(|_| item.is_empty())).collect()
    }

    /// What is left, as it stands there.
    pub(super) fn text(&self) -> &'a str {
        match (self.tokens.first(), self.tokens.last()) {
            (Some(first), Some(last)) => &self.sql[first.at..last.at + last.text.len()],
            _ => "",
        }
    }

    /// What is left without brackets around all of it.
    pub(super) fn unwrapped(&self) -> Self {
        self.at(unwrapped(self.tokens))
    }

    /// What was passed over since `start`, as it stands there.
    pub(super) fn since(&self, start: &Self) -> &'a str {
        let count = start.tokens.len() - self.tokens.len();
        self.at(&start.tokens[..count]).text()
    }
}
