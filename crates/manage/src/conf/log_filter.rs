//! What is logged.

use std::fmt;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;

use super::written::Written;

/// Levels of the log: one for all, others by module: `warn,manage::db=debug`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFilter {
    /// What holds for modules that nothing is said of; none said: nothing of them is logged.
    pub default: LevelFilter,
    /// Levels by the beginning of a module's path.
    pub modules: Vec<(String, LevelFilter)>,
}

impl LogFilter {
    /// One level for all.
    pub const fn all(level: LevelFilter) -> Self {
        Self { default: level, modules: Vec::new() }
    }
}

// Not tracing's own reader: it takes any word that is no level for the name of a module, a misspelt `inof` too.
impl FromStr for LogFilter {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut default = None;
        let mut modules = Vec::new();
        for part in text.split(',').map(str::trim) {
            match part.split_once('=') {
                Some((module, word)) => modules.push((module_path(module.trim())?, level(word.trim())?)),
                None if default.is_none() => default = Some(level(part)?),
                None => return Err(()),
            }
        }
        Ok(Self { default: default.unwrap_or(LevelFilter::OFF), modules })
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let default = self.default.to_string();
        let has_default = self.default != LevelFilter::OFF || self.modules.is_empty();
        let modules = self.modules.iter().map(|(module, level)| format!("{module}={level}"));
        let parts: Vec<String> = has_default.then_some(default).into_iter().chain(modules).collect();
        f.write_str(&parts.join(","))
    }
}

impl Written for LogFilter {
    const EXPECTED: &'static str =
        "a level (off, error, warn, info, debug or trace), or levels by module such as warn,manage::db=debug";
}

fn level(word: &str) -> Result<LevelFilter, ()> {
    // An empty word would be `error`.
    if word.is_empty() { Err(()) } else { word.parse().map_err(drop) }
}

fn module_path(text: &str) -> Result<String, ()> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':');
    (!text.is_empty() && text.bytes().all(is_plain)).then(|| text.to_owned()).ok_or(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_for_all_and_by_module() {
        let read = |text: &str| text.parse::<LogFilter>().map(|filter| filter.to_string());
        assert_eq!(read("info"), Ok("info".into()));
        assert_eq!(read("WARN, manage::db=debug"), Ok("warn,manage::db=debug".into()));
        assert_eq!(read("manage=trace"), Ok("manage=trace".into()));
        assert_eq!(read("off"), Ok("off".into()));
    }

    #[test]
    fn a_misspelt_level_is_no_module() {
        for wrong in ["inof", "manage=loud", "", "info,", "info,debug", "manage=", "=info", "a b=info"] {
            assert_eq!(wrong.parse::<LogFilter>(), Err(()), "{wrong}");
        }
    }
}
