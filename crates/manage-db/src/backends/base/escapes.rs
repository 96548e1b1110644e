//! Whether backslashes mean something in texts: what a script says about it, and which texts it matters for.

use super::tokens::{EscapeSetting, Syntax, Token, TokenKind, Tokens};

/// What a statement says about backslashes in the texts behind it, if it says anything; none within: they are again what
/// they are in a session where nobody says it.
pub(super) fn said(sql: &str, syntax: Syntax) -> Option<Option<bool>> {
    let (name, word) = match syntax.escapes {
        EscapeSetting::None => return None,
        EscapeSetting::Truth(name) => (name, None),
        EscapeSetting::Word(name, word) => (name, Some(word)),
    };
    let sql = what_runs(sql);
    let is = |word: &str| sql.get(..word.len()).is_some_and(|first| first.eq_ignore_ascii_case(word));
    // Most statements set nothing, and are not read again.
    if !["SET", "RESET", "SELECT"].iter().any(|word| is(word)) {
        return None;
    }
    let tokens: Vec<Token<'_>> = Tokens::new(sql, syntax).filter(Token::counts).collect();
    let is_named = |token: &Token<'_>| bare(token) == name;
    if is("RESET") && tokens.iter().any(|token| is_named(token) || token.is_word("ALL")) {
        return Some(None);
    }
    let value =
        tokens.windows(3).enumerate().find(|(_, three)| is_named(&three[0]) && assigns(&three[0], &three[1]));
    let value = &tokens[value?.0 + 2..];
    Some(match word {
        None => truth(&value[0]).map(|is_on| !is_on),
        Some(word) => holds(value, word).map(|is_there| !is_there),
    })
}

/// A statement without the frame of `/*!40101 ... */`, in which the server runs it.
fn what_runs(sql: &str) -> &str {
    let inner = sql.strip_prefix("/*!").and_then(|sql| sql.strip_suffix("*/"));
    inner.map_or(sql, |sql| sql.trim_start_matches(|sign: char| sign.is_ascii_digit()).trim())
}

fn bare(token: &Token<'_>) -> String {
    token.text.trim_matches('\'').to_ascii_lowercase()
}

/// `SET name = value` and `set_config('name', 'value', false)`.
fn assigns(name: &Token<'_>, sign: &Token<'_>) -> bool {
    match name.kind {
        TokenKind::Text => sign.is_sign(","),
        _ => sign.is_sign("=") || sign.is_word("TO"),
    }
}

fn truth(value: &Token<'_>) -> Option<bool> {
    match bare(value).as_str() {
        "on" | "true" | "1" | "yes" => Some(true),
        "off" | "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

/// Whether the word is in a list: a text, or the list that was there with a word put in or taken out.
fn holds(value: &[Token<'_>], word: &str) -> Option<bool> {
    let names = |token: &Token<'_>| token.text.to_ascii_uppercase().contains(word);
    match value {
        [text, ..] if text.kind == TokenKind::Text => Some(names(text)),
        [function, rest @ ..] if rest.iter().any(names) => Some(!function.is_word("REPLACE")),
        _ => None,
    }
}

/// Whether a text may end elsewhere where backslashes mean something else.
pub(super) fn leans_on_setting(token: &Token<'_>, syntax: Syntax) -> bool {
    let is_text =
        token.kind == TokenKind::Text || (syntax.double_quoted_texts && token.text.starts_with('"'));
    syntax.escapes != EscapeSetting::None
        && is_text
        && token.text.starts_with(['\'', '"'])
        && token.text.contains('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::backends::base::pieces;
    use crate::backends::script_rules;

    fn syntax(dialect: &str) -> Syntax {
        script_rules(dialect).syntax
    }

    fn split(text: &str, dialect: &str) -> usize {
        pieces(text, syntax(dialect), &|_| false).count()
    }

    #[test]
    fn what_a_script_says_about_backslashes_is_followed() {
        const PG: [(&str, bool); 6] = [
            ("SET standard_conforming_strings = off", true),
            ("SET LOCAL standard_conforming_strings TO 'off'", true),
            ("SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false)", true),
            ("SET standard_conforming_strings = on", false),
            ("SHOW standard_conforming_strings", false),
            ("SET standard_conforming_strings = off; RESET ALL", false),
        ];
        for (set, escapes) in PG {
            let statements = set.split(';').count();
            let expected = statements + if escapes { 1 } else { 2 };
            assert_eq!(split(&format!("{set}; SELECT 'a\\'; SELECT 'b'"), "postgresql"), expected, "{set}");
        }
        const MY: [(&str, bool); 8] = [
            ("SET sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'", false),
            ("SET SESSION sql_mode=CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')", false),
            (
                "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO,NO_BACKSLASH_ESCAPES' */",
                false,
            ),
            ("SET sql_mode = 'NO_BACKSLASH_ESCAPES'; SET @old = @@sql_mode", false),
            ("SET @@sql_mode = REPLACE(@@sql_mode, 'NO_BACKSLASH_ESCAPES', '')", true),
            ("SET sql_mode = ''", true),
            ("SET sql_mode = 'NO_BACKSLASH_ESCAPES'; SET sql_mode = @old", true),
            ("SELECT 'sql_mode'", true),
        ];
        for (set, escapes) in MY {
            let statements = set.split(';').count();
            let expected = statements + if escapes { 1 } else { 2 };
            assert_eq!(split(&format!("{set}; SELECT 'a\\'; SELECT 'b'"), "mysql"), expected, "{set}");
        }
    }

    #[test]
    fn a_text_that_may_end_elsewhere_is_known_unless_the_script_says_how_it_is_meant() {
        let assumed = |text: &str, dialect: &str| -> Vec<bool> {
            pieces(text, syntax(dialect), &|_| false).map(|piece| piece.is_assumed).collect()
        };
        let text = "SELECT 'a\\b'; SELECT E'a\\b', $$a\\b$$, \"a\\b\"; SET standard_conforming_strings = on; SELECT 'a\\b'";
        assert_eq!(assumed(text, "postgresql"), [true, false, false, false]);
        let text = "SELECT \"a\\b\"; SET sql_mode = ''; SELECT 'a\\b'; SET sql_mode = @old; SELECT 'a\\b'";
        assert_eq!(assumed(text, "mysql"), [true, false, false, false, true]);
        assert_eq!(assumed("SELECT 'a\\b'", "sqlite"), [false]);
    }
}
