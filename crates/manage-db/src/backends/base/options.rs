//! The options of a database that only its vendor knows.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use manage_leaves::text;

use crate::error::{Error, Result};
use crate::settings::DatabaseSettings;

/// The options of one database, all of which its backend reads.
pub struct Options<'a> {
    alias: &'a str,
    given: &'a BTreeMap<String, String>,
}

impl<'a> Options<'a> {
    /// The options of `alias`.
    ///
    /// # Errors
    /// [`Error::Configuration`] for one that is not among `known`: it would be ignored, and whoever wrote it would not
    /// get what it promises.
    pub fn new(alias: &'a str, settings: &'a DatabaseSettings, known: &[&str]) -> Result<Self> {
        let options = Self { alias, given: &settings.options };
        match settings.options.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(options),
            Some(name) => {
                let hint = match text::nearest(name, known.iter().copied()).as_slice() {
                    [] => {
                        format!("the options here are {}", text::alternatives(known).replace(" or ", " and "))
                    }
                    nearest => format!("did you mean {}?", text::alternatives(nearest)),
                };
                Err(options.wrong(format!("unknown option `{name}`; {hint}")))
            }
        }
    }

    /// The error that something about the options makes no sense.
    pub fn wrong(&self, problem: String) -> Error {
        Error::Configuration { alias: self.alias.to_owned(), problem }
    }

    /// The option as it was written.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.given.get(name).map(String::as_str)
    }

    /// The option as a number, a truth value or whatever else is read from text.
    ///
    /// # Errors
    /// [`Error::Configuration`] when it is none; `expected` says what it should be.
    pub fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| self.wrong(format!("option `{name}`: expected {expected}")))
    }

    /// The option as seconds; 0 is no limit.
    ///
    /// # Errors
    /// As [`Options::parsed`].
    pub fn seconds(&self, name: &str) -> Result<Option<Duration>> {
        const EXPECTED: &str = "a number of seconds";
        let Some(seconds) = self.parsed::<f64>(name, EXPECTED)? else { return Ok(None) };
        let time = Duration::try_from_secs_f64(seconds)
            .map_err(|_| self.wrong(format!("option `{name}`: expected {EXPECTED}")))?;
        Ok(Some(if time.is_zero() { NO_LIMIT } else { time }))
    }

    /// What the option's word stands for among `choices`.
    ///
    /// # Errors
    /// [`Error::Configuration`] for any other word.
    pub fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>> {
        let Some(word) = self.text(name) else { return Ok(None) };
        let found = choices.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
        found.map(|(_, meaning)| Some(*meaning)).ok_or_else(|| {
            let known: Vec<&str> = choices.iter().map(|(known, _)| *known).collect();
            self.wrong(format!("unknown {name} `{word}`; known: {}", known.join(", ")))
        })
    }
}

/// Longer than anybody waits.
const NO_LIMIT: Duration = Duration::from_secs(1_000_000_000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_by_kind_and_the_unknown_are_refused() {
        let mut settings = DatabaseSettings::default();
        let given = [("wait", "2.5"), ("never", "0"), ("mode", "RW"), ("port", "x")];
        settings.options = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let told = |error: Error| error.to_string();
        let refused = Options::new("default", &settings, &["wait", "never", "mod", "port"]).err().map(told);
        assert_eq!(refused.unwrap(), "database `default`: unknown option `mode`; did you mean `mod`?");
        let options = Options::new("default", &settings, &["wait", "never", "mode", "port"]).unwrap();
        assert_eq!(options.seconds("wait").unwrap(), Some(Duration::from_millis(2_500)));
        assert_eq!(options.seconds("never").unwrap(), Some(NO_LIMIT));
        assert_eq!(options.seconds("absent").unwrap(), None);
        assert_eq!(options.choice("mode", &[("ro", 1), ("rw", 2)]).unwrap(), Some(2));
        assert_eq!(
            options.choice("mode", &[("ro", 1)]).map_err(told),
            Err("database `default`: unknown mode `RW`; known: ro".to_owned())
        );
        assert_eq!(
            options.parsed::<u16>("port", "a number").map_err(told),
            Err("database `default`: option `port`: expected a number".to_owned())
        );
    }
}
