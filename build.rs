//! Files that become part of the program: cargo looks for new ones here.

fn main() {
    for folder in ["migrations", "settings", "static", "templates"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
