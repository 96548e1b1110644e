//! The program of the site.

use std::process::ExitCode;

fn main() -> ExitCode {
    mysite::program().main()
}
