//! Workflow commands, which GitHub shows beside the lines that they name:
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>.

use std::io;
use std::path::{Path, PathBuf};

use super::output::Output;
use crate::checks::{Level, Message};
use crate::conf::Environment;

/// Where the project lies in the repository.
pub(super) struct Folder {
    within: PathBuf,
}

impl Folder {
    /// The project's root within the folder of the workflow; a project elsewhere is taken for the repository itself.
    pub(super) fn new(root: &Path, environment: &Environment) -> Self {
        let workspace = environment.get("GITHUB_WORKSPACE").map(Path::new);
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let within =
            workspace.and_then(|workspace| real(root).strip_prefix(real(workspace)).map(Path::to_owned).ok());
        Self { within: within.unwrap_or_default() }
    }
}

/// Writes a command for each finding.
///
/// # Errors
/// When nobody reads them.
pub(super) fn annotate(found: &[Message], folder: &Folder, out: &mut Output) -> io::Result<()> {
    found.iter().try_for_each(|message| out.line(command(message, folder)))
}

fn command(message: &Message, folder: &Folder) -> String {
    let name = match message.level {
        Level::Critical | Level::Error => "error",
        Level::Warning => "warning",
        Level::Info | Level::Debug => "notice",
    };
    let mut properties = Vec::new();
    if let Some((file, line)) = &message.place {
        properties.push(format!("file={}", property(&folder.within.join(file).to_string_lossy())));
        properties.push(format!("line={line}"));
    }
    properties.push(format!("title={}", property(message.id)));
    let object = if message.object.is_empty() { String::new() } else { format!("{}: ", message.object) };
    let hint = message.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("::{name} {}::{}", properties.join(","), data(&format!("{object}{}{hint}", message.text)))
}

/// Text behind the last colons.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text among the properties, which colons and commas divide.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_would_end_a_command_are_escaped() {
        let message =
            Message::warning("shop.W001", "a%b", "one\r\ntwo: 3, 4").at("a,b:c%.toml", 7).hint("50 %");
        assert_eq!(
            command(&message, &Folder { within: PathBuf::from("site") }),
            "::warning file=site/a%2Cb%3Ac%25.toml,line=7,title=shop.W001::a%25b: one%0D%0Atwo: 3, 4%0Ahint: 50 %25"
        );
        let message = Message::new(Level::Info, "shop.I001", "", "so");
        assert_eq!(command(&message, &Folder { within: PathBuf::new() }), "::notice title=shop.I001::so");
    }
}
