//! The program `manage`.

use std::process::ExitCode;

fn main() -> ExitCode {
    manage::project::main(&std::env::args_os().collect::<Vec<_>>())
}
