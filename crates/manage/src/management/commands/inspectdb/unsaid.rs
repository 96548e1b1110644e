//! What no model can say, as a comment.

use crate::db::migrations::inspector::Unsaid;
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

/// Each with the operation that makes it, in lines that begin with `sign`.
pub(super) fn comment(unsaid: &[Unsaid], sign: &str) -> String {
    if unsaid.is_empty() {
        return String::new();
    }
    let mut lines = vec![
        String::new(),
        "What no model can say. Where it is to be made as well, put it into a migration:".to_owned(),
    ];
    for one in unsaid {
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
