//! The process's environment, `.env` and the `${NAME}` marks that they fill.

use std::collections::{BTreeMap, BTreeSet};

/// Variables, those of the process before those of `.env`.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    process: BTreeMap<String, String>,
    /// Names of variables whose values are not UTF-8.
    not_text: BTreeSet<String>,
    file: BTreeMap<String, String>,
}

impl Environment {
    /// The variables of this process. Names and values that are not UTF-8 are left out.
    pub fn of_process() -> Self {
        let mut environment = Self::default();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => drop(environment.process.insert(name, value)),
                Err(_) => drop(environment.not_text.insert(name)),
            }
        }
        environment
    }

    /// Whether the variable `name` is set to something that is not UTF-8, so that it was left out.
    pub fn is_not_text(&self, name: &str) -> bool {
        self.not_text.contains(name)
    }

    /// An environment of these variables alone.
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { process: variables.into_iter().collect(), ..Self::default() }
    }

    /// The first variable whose name begins or ends so and whose value is not UTF-8, so that it was left out.
    pub fn not_text_of(&self, parts: &[&str]) -> Option<&str> {
        let concerns =
            |name: &&String| parts.iter().any(|part| name.starts_with(part) || name.ends_with(part));
        self.not_text.iter().find(concerns).map(String::as_str)
    }

    /// Adds the variables of a `.env` file; the process's own win.
    ///
    /// # Errors
    /// The number of the first line, from 1, that is neither a variable nor a comment nor empty.
    pub fn add_file(&mut self, text: &str) -> Result<(), usize> {
        let text = text.trim_start_matches('\u{feff}');
        let is_content = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        for (number, line) in text.lines().enumerate().filter(|(_, line)| is_content(line)) {
            let (name, value) = env_line(line).ok_or(number + 1)?;
            self.file.insert(name, value);
        }
        Ok(())
    }

    /// The variable `name`, unless it is unset; an empty one counts as set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.process.get(name).or_else(|| self.file.get(name)).map(String::as_str)
    }

    /// All variables whose names begin with `prefix`, sorted by name.
    pub fn with_prefix(&self, prefix: &str) -> BTreeMap<String, String> {
        let chain = self.file.iter().chain(&self.process);
        chain
            .filter(|(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// `text` with its `${NAME}`, `${NAME:-default}` and `${NAME:?message}` marks filled.
    ///
    /// When `NAME` is unset and `NAME_FILE` is set, the content of that file is taken, without its last line end.
    ///
    /// # Errors
    /// A sentence that names the variable, the mark or the file that is wrong.
    pub fn substitute(&self, text: &str) -> Result<String, String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            out.push_str(&rest[..start]);
            let mark = &rest[start + 2..];
            let end = closing(mark).ok_or_else(|| format!("`${{{mark}` has no closing brace"))?;
            out.push_str(&self.fill(&mark[..end])?);
            rest = &mark[end + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }

    fn fill(&self, mark: &str) -> Result<String, String> {
        let (name, fallback) = match mark.find(':') {
            Some(position) => (&mark[..position], &mark[position..]),
            None => (mark, ""),
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(format!("`${{{mark}}}` is not a variable's name"));
        }
        // `:-` and `:?` count an empty variable as unset, as shells do.
        let set = self.look_up(name)?.filter(|value| fallback.is_empty() || !value.is_empty());
        match (set, fallback) {
            (Some(value), _) => Ok(value),
            (None, "") => Err(format!("the variable {name} is not set")),
            (None, fallback) => match (fallback.strip_prefix(":-"), fallback.strip_prefix(":?")) {
                (Some(default), _) => self.substitute(default),
                (_, Some("")) => Err(format!("the variable {name} is not set")),
                (_, Some(message)) => Err(format!("the variable {name} is not set: {message}")),
                _ => Err(format!("`${{{mark}}}`: after the name comes `:-default` or `:?message`")),
            },
        }
    }

    fn look_up(&self, name: &str) -> Result<Option<String>, String> {
        if let Some(value) = self.get(name) {
            return Ok(Some(value.to_owned()));
        }
        let Some(file) = self.get(&format!("{name}_FILE")) else { return Ok(None) };
        let content = std::fs::read_to_string(file)
            .map_err(|error| format!("{name}_FILE names {file}, which cannot be read: {error}"))?;
        Ok(Some(content.strip_suffix('\n').unwrap_or(&content).to_owned()))
    }
}

/// Position of the brace that closes a mark, skipping those of marks inside a default.
fn closing(mark: &str) -> Option<usize> {
    let mut depth = 0;
    for (position, byte) in mark.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(position),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn env_line(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    if name.trim().is_empty() || !name.trim().chars().all(is_name) {
        return None;
    }
    let value = value.trim();
    let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    let plain = || value.split(" #").next().unwrap_or_default().trim_end();
    Some((name.trim().to_owned(), quoted.unwrap_or_else(plain).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        Environment::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn marks_are_filled_and_defaults_may_hold_marks() {
        let environment = environment(&[("HOST", "db1"), ("EMPTY", "")]);
        assert_eq!(environment.substitute("a ${HOST} b"), Ok("a db1 b".into()));
        assert_eq!(environment.substitute("${PORT:-5432}"), Ok("5432".into()));
        assert_eq!(environment.substitute("${EMPTY:-x}${EMPTY}"), Ok("x".into()));
        assert_eq!(environment.substitute("${A:-${HOST}}!"), Ok("db1!".into()));
        assert_eq!(environment.substitute("$5 and {x}"), Ok("$5 and {x}".into()));
    }

    #[test]
    fn a_missing_variable_says_its_message() {
        let environment = environment(&[]);
        assert_eq!(environment.substitute("${A}"), Err("the variable A is not set".into()));
        assert_eq!(environment.substitute("${A:?set it}"), Err("the variable A is not set: set it".into()));
        assert_eq!(environment.substitute("${A:?}"), Err("the variable A is not set".into()));
        assert!(environment.substitute("${A").is_err());
        assert!(environment.substitute("${A B}").is_err());
    }

    #[test]
    fn an_env_file_has_comments_quotes_and_exports_and_yields_to_the_process() {
        let mut environment = environment(&[("A", "process")]);
        environment
            .add_file("\u{feff}# no\nA=file\n\nexport B=\"x # y\"\nC=plain # comment\nD='q'\n")
            .unwrap();
        let get = |name| environment.get(name);
        assert_eq!(
            [get("A"), get("B"), get("C"), get("D")],
            [Some("process"), Some("x # y"), Some("plain"), Some("q")]
        );
        for (text, line) in [("A=1\nnothing\n", 2), ("# a\n\nDATABASE_URL postgres://x=1", 3), ("=1", 1)] {
            assert_eq!(environment.add_file(text), Err(line), "{text}");
        }
    }
}
