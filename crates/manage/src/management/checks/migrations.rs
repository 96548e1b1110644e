//! Migrations: that every file can be read and all of them fit together.

use crate::checks::Message;
use crate::db::migrations::load;
use crate::management::base::Installed;
use crate::setup::Project;

/// What is wrong with the files; what is applied where is not asked.
pub(crate) fn check(project: &Project, _installed: &Installed) -> Vec<Message> {
    let read = load(&project.files, &project.apps).and_then(|graph| graph.check_conflicts());
    read.err()
        .map(|error| Message::error("migrations.E001", "migrations", error.to_string()))
        .into_iter()
        .collect()
}
