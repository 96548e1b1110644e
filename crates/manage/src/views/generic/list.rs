//! Many rows of a model.

use std::sync::Arc;

use axum::extract::State;
use futures_util::FutureExt as _;
use minijinja::{Value, context};

use super::asked::{Asked, Viewed};
use super::object::{Rows, object};
use super::shared::{Shared, model_view};
use crate::db;
use crate::db::models::{Column, Field, Model, ModelState, Ordering, QuerySet};
use crate::http::{HttpError, Request, ViewResult};
use crate::urls::Site;

/// A page of rows, in the order of the model's `ordering`.
///
/// The template, `<app>/<model>_list.html`, sees `object_list`, the same under `<model>_list`, and `page_obj`: `number`, `has_next`, `has_previous`,
/// `next_page_number`, `previous_page_number`. Pages are not counted.
pub struct ListView<M> {
    shared: Shared<M>,
    page_size: Option<u64>,
}

model_view!(ListView);

impl<M: Model + 'static> Default for ListView<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: Model + 'static> ListView<M> {
    /// All rows on one page.
    pub fn new() -> Self {
        Self { shared: Shared::new(), page_size: None }
    }

    /// So many rows on a page; `?page=2` asks for the next.
    #[must_use]
    pub fn paginate_by(mut self, rows: u32) -> Self {
        self.page_size = Some(u64::from(rows.max(1)));
        self
    }

    async fn answer(&self, asked: Asked) -> ViewResult {
        let number = number(asked.context.query()?.get("page"))?;
        let database = asked.site.project.database_of(M::APP)?;
        let mut rows =
            (self.shared.rows)(QuerySet::new(database).order_by(ordering::<M>(&self.shared.state)));
        if let Some(size) = self.page_size {
            // One more than the page holds tells whether there is another.
            let start = (number - 1).saturating_mul(size);
            rows = rows.slice(start..start.saturating_add(size + 1));
        }
        let mut found = rows.fetch().await?;
        let most = self.page_size.map_or(usize::MAX, |size| usize::try_from(size).unwrap_or(usize::MAX));
        let has_next = found.len() > most;
        found.truncate(most);
        if number > 1 && found.is_empty() {
            return Err(HttpError::NotFound);
        }
        let list = Value::from_iter(found.iter().map(object));
        let page_obj = context! {
            number => number,
            has_next => has_next,
            has_previous => number > 1,
            next_page_number => number + 1,
            previous_page_number => number.saturating_sub(1),
        };
        let named = Value::from_pairs([(format!("{}_list", self.shared.name()), list.clone())]);
        let names = context! { object_list => list, page_obj => page_obj, is_paginated => self.page_size.is_some(), ..named };
        self.shared.page(&asked, "list", names)
    }
}

/// The number of the page that was asked for, from 1.
fn number(text: Option<&str>) -> Result<u64, HttpError> {
    match text {
        None => Ok(1),
        Some(text) => text.parse().ok().filter(|number| *number > 0).ok_or(HttpError::NotFound),
    }
}

/// The model's own order.
fn ordering<M: Model>(state: &ModelState) -> Vec<Ordering<M>> {
    let column = |name: &str| {
        let column = match name {
            "pk" => M::KEY.to_owned(),
            name => state.field(name).map_or_else(|| name.to_owned(), Field::column),
        };
        M::COLUMNS.iter().copied().find(|known| *known == column)
    };
    let order = state.options.ordering.iter().filter_map(|name| {
        let found = Column::<M, db::Value>::new(M::TABLE, column(name.trim_start_matches('-'))?);
        Some(if name.starts_with('-') { found.desc() } else { found.asc() })
    });
    order.collect()
}
