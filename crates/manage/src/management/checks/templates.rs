//! Templates: that they compile, and that the addresses and static files they name exist.

use std::sync::Arc;

use crate::checks::Message;
use crate::management::base::Installed;
use crate::setup::Project;
use crate::staticfiles::Table;
use crate::template::{problems, references};
use crate::urls::{Names, template_parts};

/// What is wrong with the templates.
pub(super) fn check(project: &Project, installed: &Installed) -> Vec<Message> {
    let names = Arc::new(Names::of(&installed.routes_of(project)));
    let files = Arc::new(Table::on_disk(&project.settings.static_files, &project.files));
    let parts = template_parts(project, &names, &files, &installed.template_extension(project));
    let broken = problems(&parts).into_iter().map(|problem| {
        let (file, line) = (format!("templates/{}", problem.name), problem.source.line().unwrap_or(1));
        Message::error("templates.E001", file.as_str(), problem.source.to_string()).at(file, line)
    });
    let missing = references(&project.files).into_iter().filter_map(|reference| {
        let (id, exists) = match reference.function {
            "url" => ("templates.E002", names.contains(&reference.name)),
            _ => ("templates.E003", files.url(&reference.name).is_some()),
        };
        let file = format!("templates/{}", reference.template);
        let text = format!("`{}('{}')` leads nowhere", reference.function, reference.name);
        (!exists)
            .then(|| Message::error(id, format!("{file}:{}", reference.line), text).at(file, reference.line))
    });
    broken.chain(missing).collect()
}
