//! Journeys around accounts.

mod sessions;
mod sign_in;
mod sign_up;
mod throttles;
