//! Views.

mod paging;

mod article_page;

pub(super) mod api;
pub(super) mod articles;
pub(super) mod authors;
pub(super) mod search;
pub(super) mod talk;
