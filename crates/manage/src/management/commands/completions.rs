use clap::{Args, ValueEnum};

use crate::management::completion;
use crate::management::{BaseCommand, CommandError, CommandResult, Group, Manage, Output};

/// Print the completion script of a shell
///
/// The script asks the program itself at TAB time, so it also completes apps, migrations, databases and profiles.
///
///   bash         source <(manage completions bash)
///   zsh          source <(manage completions zsh)
///   fish         manage completions fish | source
///   PowerShell   manage completions powershell | Out-String | Invoke-Expression
///   elvish       eval (manage completions elvish | slurp)
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// The shells that can be taught.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

impl BaseCommand for Completions {
    const NAME: &'static str = "completions";
    const GROUP: Group = Group::Project;

    fn handle(&self, _manage: &Manage, out: &mut Output) -> CommandResult {
        let name = format!("{:?}", self.shell).to_lowercase();
        let script =
            completion::script(&name).ok_or_else(|| CommandError::failed(format!("no script for {name}")))?;
        Ok(out.part(script)?)
    }
}
