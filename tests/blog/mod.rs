//! Journeys through the blog.

mod at_once;
mod reading;
mod seeding;
mod talking;
