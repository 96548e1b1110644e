//! The program `manage` of this site.

use std::process::ExitCode;

fn main() -> ExitCode {
    wayfarer::program().main()
}
