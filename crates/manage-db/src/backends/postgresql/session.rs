//! What every session of a database has set.

use crate::settings::DatabaseSettings;

/// A parameter that means nothing, and that no pooler knows.
pub(super) const HEARD: &str = "manage.heard";

/// Parameters of a session, the later ones over the earlier.
#[derive(Debug, Clone)]
pub(super) struct SessionSettings {
    /// Names and values.
    parameters: Vec<(String, String)>,
    /// What of the database's own `options` cannot be told by name and value.
    other: Vec<String>,
}

impl SessionSettings {
    /// Times in UTC, the database's own `options` (libpq's), and the limits of the settings.
    pub(super) fn new(settings: &DatabaseSettings) -> Self {
        let mut session =
            Self { parameters: vec![("timezone".to_owned(), "UTC".to_owned())], other: Vec::new() };
        if let Some(own) = settings.options.get("options") {
            session.add_own(own);
        }
        let limits =
            [("statement_timeout", settings.statement_timeout), ("lock_timeout", settings.lock_timeout)];
        for (name, limit) in limits {
            if let Some(limit) = limit {
                // To the server 0 means no limit.
                session.parameters.push((name.to_owned(), format!("{}ms", limit.as_millis().max(1))));
            }
        }
        session
    }

    /// Takes `-c name=value`, `-cname=value` and `--name=value`.
    fn add_own(&mut self, own: &str) {
        let mut words = words(own).into_iter();
        while let Some(word) = words.next() {
            let pair = match word.as_str() {
                "-c" => words.next(),
                word => word.strip_prefix("--").or_else(|| word.strip_prefix("-c")).map(str::to_owned),
            };
            match pair.as_deref().and_then(|pair| pair.split_once('=')) {
                Some((name, value)) => self.parameters.push((name.replace('-', "_"), value.to_owned())),
                None => self.other.push(word),
            }
        }
    }

    /// As they travel with the start-up message, where they cost no round trip, with the mark by which it is seen that they
    /// arrived.
    pub(super) fn at_login(&self) -> String {
        format!("{} -c {HEARD}=1", self.as_options())
    }

    /// The same without the mark.
    pub(super) fn as_options(&self) -> String {
        let named = self.parameters.iter().map(|(name, value)| format!("-c {name}={}", escaped(value)));
        named.chain(self.other.iter().map(|word| escaped(word))).collect::<Vec<_>>().join(" ")
    }

    /// As a statement, where they did not travel; none where it cannot be said so.
    pub(super) fn as_statement(&self) -> Option<String> {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let set = |(name, value): &(String, String)| {
            format!("pg_catalog.set_config({}, {}, false)", quoted(name), quoted(value))
        };
        let sets: Vec<String> = self.parameters.iter().map(set).collect();
        self.other.is_empty().then(|| format!("SELECT {}", sets.join(", ")))
    }

    /// Whether there is anything that the time zone at login does not tell of.
    pub(super) fn has_more(&self) -> bool {
        self.parameters.len() > 1 || !self.other.is_empty()
    }

    /// The time zone that a session has where the server heard of these.
    pub(super) fn timezone(&self) -> &str {
        let mut zones = self.parameters.iter().rev();
        let zone = zones.find(|(name, _)| name.eq_ignore_ascii_case("timezone"));
        zone.map_or("UTC", |(_, zone)| zone)
    }
}

/// Words divided by spaces; a backslash takes the letter behind it as it is.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => word.extend(letters.next()),
            letter if letter.is_ascii_whitespace() => words.push(std::mem::take(&mut word)),
            letter => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace(' ', "\\ ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn own_options_come_behind_ours_and_limits_behind_both() {
        let mut settings =
            DatabaseSettings { lock_timeout: Some(Duration::from_secs(2)), ..DatabaseSettings::default() };
        let own = r"-csearch_path=a\ b --work-mem=1MB -c lock_timeout=9s -e";
        settings.options.insert("options".to_owned(), own.to_owned());
        let session = SessionSettings::new(&settings);
        assert_eq!(
            session.as_options(),
            r"-c timezone=UTC -c search_path=a\ b -c work_mem=1MB -c lock_timeout=9s -c lock_timeout=2000ms -e"
        );
        assert_eq!(session.as_statement(), None);
        settings.options.insert("options".to_owned(), "-c TimeZone=Europe/Paris".to_owned());
        let session = SessionSettings::new(&settings);
        assert_eq!(session.timezone(), "Europe/Paris");
        assert_eq!(
            session.as_statement().unwrap(),
            "SELECT pg_catalog.set_config('timezone', 'UTC', false), \
             pg_catalog.set_config('TimeZone', 'Europe/Paris', false), \
             pg_catalog.set_config('lock_timeout', '2000ms', false)"
        );
    }
}
