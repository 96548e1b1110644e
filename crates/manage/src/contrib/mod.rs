//! Apps and middleware that any site would install, lowest first.

pub mod sessions;

pub mod auth;

pub mod accounts;
