//! Articles, profiles, comments, ratings: rows, and the rules that need no request.

mod tables;

mod comment;
mod profile;
mod rating;

mod article;

mod listing;
mod search;

pub use article::{Article, ArticlePage, Card, Neighbour};
pub use comment::{Comment, CommentError, NewComment, tree};
pub use listing::{Listing, PUBLISHED_ARTICLES, Sort, author_list, published_count};
pub use profile::Profile;
pub use rating::rate;
pub(super) use rating::score;
pub use search::{Found, search, words};
pub(super) use tables::register;
