//! Apps declared without Rust: `models/<app>.toml`.
