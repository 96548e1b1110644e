//! What no model can say, as a comment.

use crate::db::migrations::inspector::{Stage, Unsaid};
use crate::db::migrations::write_sql;
use crate::text;

/// A sentence about it; none where there is nothing.
pub(super) fn sentence(unsaid: &[Unsaid]) -> Option<String> {
    const SHOWN: usize = 3;
    let short = |one: &Unsaid| text::truncate(one.what.split(':').next().unwrap_or_default(), 50);
    let names: Vec<String> = unsaid.iter().take(SHOWN).map(short).collect();
    let more = if unsaid.len() > SHOWN { ", ..." } else { "" };
    let verb = if unsaid.len() == 1 { "is" } else { "are" };
    (!unsaid.is_empty()).then(|| {
        let things = text::count(unsaid.len(), "thing");
        format!("{things} that no model can say {verb} in the comment at the end: {}{more}", names.join(", "))
    })
}

/// Over what the models' tables need.
const BEFORE: &str = "What the tables need and no model can say. Where it is to be made as well, put it into the first migration, in \
                      front of the models:";
/// Over everything else.
const AFTER: &str =
    "What no model can say. Where it is to be made as well, put it into a migration, behind the models:";

/// Each with the operation that makes it, in lines that begin with `sign`; they are in the order of their stages.
pub(super) fn comment(unsaid: &[Unsaid], sign: &str) -> String {
    if unsaid.is_empty() {
        return String::new();
    }
    let mut lines = Vec::new();
    let mut head = "";
    for one in unsaid {
        let own = if one.stage == Stage::Before { BEFORE } else { AFTER };
        if head != own {
            head = own;
            lines.extend([String::new(), head.to_owned()]);
        }
        lines.push(String::new());
        lines.extend(one.what.lines().map(str::to_owned));
        for statement in &one.statements {
            lines.extend(write_sql(statement).lines().map(str::to_owned));
        }
    }
    let commented = lines.iter().enumerate().map(|(at, line)| match at {
        0 => "\n".to_owned(),
        _ => format!(
            "{}\n",
            format!("{sign} {}", line.replace(|sign: char| sign.is_control() && sign != '\t', " "))
                .trim_end()
        ),
    });
    commented.collect()
}
