//! Words: slugs, plurals, shortened text and the nearest of several names.

use std::time::Duration;

/// Turns a title into the last part of a URL: ASCII letters, digits and single dashes, at most `max_bytes`.
///
/// Letters that ASCII lacks are dropped, as Django's `slugify` does after normalising.
pub fn slugify(title: &str, max_bytes: usize) -> String {
    let mut slug = String::with_capacity(title.len().min(max_bytes));
    for character in title.chars().flat_map(char::to_lowercase) {
        if slug.len() == max_bytes {
            break;
        }
        match character {
            'a'..='z' | '0'..='9' | '_' => slug.push(character),
            ' ' | '-' | '\t' | '\n' if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// `1 comment`, `2 comments`: the number and the noun that fits it.
pub fn count(number: impl TryInto<i64>, singular: &str) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    format!("{number} {singular}{}", if number == 1 { "" } else { "s" })
}

/// `10 minutes`, `2.5 s`: whole minutes as such, everything else in seconds.
pub fn duration(time: Duration) -> String {
    match (time.as_secs(), time.subsec_nanos()) {
        (seconds @ 60.., 0) if seconds % 60 == 0 => count(seconds / 60, "minute"),
        _ => format!("{} s", time.as_secs_f64()),
    }
}

/// The first `max_chars` characters of `text`, cut at a word and marked with an ellipsis when shortened.
pub fn truncate(text: &str, max_chars: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(max_chars) else { return text.to_owned() };
    let head = &text[..end];
    let cut = head.rfind(char::is_whitespace).filter(|position| *position > end / 2).unwrap_or(end);
    format!("{}…", head[..cut].trim_end())
}

/// `text` without what a terminal would obey or a line would end at: control characters become their escapes.
pub fn printable(text: &str) -> String {
    let escaped = |letter: char| match letter.is_control() {
        true => letter.escape_default().to_string(),
        false => letter.to_string(),
    };
    text.chars().map(escaped).collect()
}

/// The candidates that a person may have meant by `name`, best first, at most three.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| (similarity(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(score, _)| *score > 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    // Names that begin alike are all alike; only those that are nearly as near as the best may have been meant.
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    scored.retain(|(score, _)| *score > best - 0.1);
    scored.truncate(3);
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

fn similarity(wanted: &str, candidate: &str) -> f64 {
    if wanted.len() >= 3 && candidate.starts_with(wanted) {
        return 0.99;
    }
    // Two letters that changed places, or one that is wrong, in a short word: few letters are left to be alike.
    let is_slip = wanted.len() >= 3 && strsim::osa_distance(wanted, candidate) == 1;
    strsim::jaro_winkler(wanted, candidate).max(if is_slip { 0.9 } else { 0.0 })
}

/// `` `a`, `b` or `c` ``: names as they stand in a sentence.
pub fn alternatives<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_keeps_letters_digits_and_single_dashes() {
        assert_eq!(slugify("  Two Days -- in Lyon! ", 50), "two-days-in-lyon");
        assert_eq!(slugify("Ünïcode only: 你好", 50), "ncode-only");
        assert_eq!(slugify("a very long title", 6), "a-very");
        assert_eq!(slugify("!!!", 10), "");
    }

    #[test]
    fn a_time_is_told_in_whole_minutes_or_in_seconds() {
        assert_eq!(duration(Duration::from_mins(10)), "10 minutes");
        assert_eq!(duration(Duration::from_mins(1)), "1 minute");
        assert_eq!(duration(Duration::from_millis(2_500)), "2.5 s");
        assert_eq!(duration(Duration::from_secs(61)), "61 s");
    }

    #[test]
    fn text_is_cut_at_a_word() {
        assert_eq!(truncate("short", 10), "short");
        assert_eq!(truncate("one two three", 9), "one two…");
        assert_eq!(truncate("ééééé", 3), "ééé…");
    }

    #[test]
    fn the_nearest_name_is_offered_and_nothing_far_away() {
        assert_eq!(nearest("migrat", ["showmigrations", "migrate", "serve"])[0], "migrate");
        assert_eq!(nearest("zzz", ["migrate", "serve"]), Vec::<&str>::new());
    }

    #[test]
    fn alternatives_read_as_a_sentence() {
        assert_eq!(alternatives(&["a"]), "`a`");
        assert_eq!(alternatives(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
