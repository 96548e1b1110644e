//! The templates' files.

use crate::db::Files as _;
use crate::files::ProjectFiles;

/// Where templates lie in the project.
const FOLDER: &str = "templates/";

/// Names of all templates, without the folder.
pub(crate) fn names(files: &ProjectFiles) -> Vec<String> {
    let paths = files.list(FOLDER.trim_end_matches('/')).unwrap_or_default();
    paths.iter().filter_map(|path| path.strip_prefix(FOLDER)).map(str::to_owned).collect()
}

/// The text of a template; none when there is no such file.
pub(super) fn read(files: &ProjectFiles, name: &str) -> Result<Option<String>, minijinja::Error> {
    let wrong = |detail: String| minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, detail);
    let file = files.file(&format!("{FOLDER}{name}")).map_err(|error| wrong(error.to_string()))?;
    let text = file.map(|file| String::from_utf8(file.content.into_owned()));
    text.transpose().map_err(|_| wrong("the file is not UTF-8".to_owned()))
}
