//! What was found, for people and for programs.

use serde_json::json;

use crate::checks::{Level, Message};
use crate::management::{CommandResult, Output, Style};

const HEADINGS: [(Level, &str, Style); 5] = [
    (Level::Critical, "CRITICALS", Style::Error),
    (Level::Error, "ERRORS", Style::Error),
    (Level::Warning, "WARNINGS", Style::Warning),
    (Level::Info, "INFOS", Style::Notice),
    (Level::Debug, "DEBUGS", Style::Notice),
];

/// Django's report, the worst first.
pub(super) fn plain(found: &[Message], out: &mut Output) -> CommandResult {
    for (level, heading, style) in HEADINGS {
        let of_level: Vec<&Message> = found.iter().filter(|message| message.level == level).collect();
        if of_level.is_empty() {
            continue;
        }
        out.line(out.styled(style, &format!("{heading}:")))?;
        for message in of_level {
            out.line(message.to_string())?;
        }
        out.line("")?;
    }
    Ok(out.line(summary(found))?)
}

/// `System check identified 2 issues (0 silenced).`
pub(super) fn summary(found: &[Message]) -> String {
    let issues = match found.len() {
        0 => "no issues".to_owned(),
        1 => "1 issue".to_owned(),
        many => format!("{many} issues"),
    };
    format!("System check identified {issues} (0 silenced).")
}

/// A row for each finding.
pub(super) fn table(found: &[Message], out: &mut Output) -> CommandResult {
    let row = |message: &Message| {
        let level = format!("{:?}", message.level);
        vec![level, message.id.into(), message.object.clone(), message.text.clone()]
    };
    Ok(out.table(&["level", "id", "object", "what"], found.iter().map(row))?)
}

/// One object.
pub(super) fn json(found: &[Message], out: &mut Output) -> CommandResult {
    let messages: Vec<_> = found
        .iter()
        .map(|message| {
            let (file, line) = message.place.clone().unzip();
            json!({
                "level": format!("{:?}", message.level).to_uppercase(),
                "id": message.id,
                "object": message.object,
                "text": message.text,
                "hint": message.hint,
                "file": file,
                "line": line,
            })
        })
        .collect();
    Ok(out.json(&json!({ "messages": messages }))?)
}
