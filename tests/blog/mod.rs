//! Journeys through the blog.

mod reading;
mod seeding;
mod talking;
