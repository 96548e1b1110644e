//! Rows made, changed and deleted by forms.

use std::sync::Arc;

use axum::extract::State;
use futures_util::FutureExt as _;
use minijinja::context;

use super::asked::{Asked, Viewed};
use super::object::{Rows, key};
use super::shared::{Shared, model_view};
use crate::db::models::Model;
use crate::db::models::rows::{self, Named};
use crate::db::{Error, StatementKind};
use crate::forms::{ALL_FIELDS, ModelForm};
use crate::http::{HttpError, Request, ViewResult, redirect};
use crate::urls::Site;
use crate::views::Context;

/// What a form does not ask for: columns with values, such as who wrote and when.
pub(super) type Given = fn(&Context) -> Vec<Named>;

/// What a form asks for and where it leads.
#[derive(Clone, Copy)]
struct Form {
    fields: &'static [&'static str],
    success_url: &'static str,
    given: Given,
}

impl Form {
    fn new(fields: &'static [&'static str]) -> Self {
        Self { fields, success_url: "/", given: |_| Vec::new() }
    }

    /// Nothing typed yet.
    fn empty<M: Model + 'static>(self, shared: &Shared<M>) -> Result<ModelForm, HttpError> {
        ModelForm::new(&shared.state, self.fields).map_err(|why| HttpError::Internal(anyhow::anyhow!(why)))
    }

    /// What was typed and what is given besides.
    fn values(self, asked: &Asked, form: &ModelForm) -> Vec<Named> {
        let mut values = form.values();
        values.extend((self.given)(&asked.context));
        values
    }
}

fn form_page<M: Model + 'static>(
    shared: &Shared<M>,
    asked: &Asked,
    form: &ModelForm,
    row: Option<&M>,
) -> ViewResult {
    shared.row_page(asked, "form", row, context! { form => form.to_value() })
}

/// The page again with what the database refused, when a person can do something about it.
fn refused<M: Model + 'static>(
    shared: &Shared<M>,
    asked: &Asked,
    mut form: ModelForm,
    row: Option<&M>,
    error: Error,
) -> ViewResult {
    let name = &shared.state.name;
    let message = match error.statement_kind() {
        Some(StatementKind::UniqueViolation) => format!("{name} with these values already exists."),
        Some(StatementKind::ForeignKeyViolation) => {
            "Select a valid choice. That choice is not one of the available choices.".to_owned()
        }
        Some(StatementKind::CheckViolation) => "These values are not allowed.".to_owned(),
        _ => return Err(error.into()),
    };
    form.errors.add(ALL_FIELDS, message);
    form_page(shared, asked, &form, row)
}

/// A form that makes a row. `GET` shows it, `POST` takes it: give the view to both.
///
/// The template, `<app>/<model>_form.html`, sees `form`.
pub struct CreateView<M> {
    shared: Shared<M>,
    form: Form,
}

/// A form that changes the row which the address names. As [`CreateView`]; the template sees the row as `object` too.
pub struct UpdateView<M> {
    shared: Shared<M>,
    form: Form,
}

/// Deletes the row which the address names, when it was asked first: `GET` shows `<app>/<model>_confirm_delete.html`.
pub struct DeleteView<M> {
    shared: Shared<M>,
    form: Form,
}

model_view!(CreateView);
model_view!(UpdateView);
model_view!(DeleteView);

/// Where a view that changes rows leads.
macro_rules! leads_on {
    ($($view:ident)*) => {
        $(impl<M: Model + 'static> $view<M> {
            /// Where it leads afterwards: an address that begins with a slash, or the name of a route without parts or
            /// with those of the request's own.
            #[must_use]
            pub fn success_url(mut self, target: &'static str) -> Self {
                self.form.success_url = target;
                self
            }
        })*
    };
}

leads_on!(CreateView UpdateView DeleteView);

/// What a view with fields to fill in begins with.
macro_rules! asks_for {
    ($($view:ident)*) => {
        $(impl<M: Model + 'static> $view<M> {
            /// A form that asks for these fields.
            pub fn new(fields: &'static [&'static str]) -> Self {
                Self { shared: Shared::new(), form: Form::new(fields) }
            }

            /// Adds values that the form does not ask for.
            #[must_use]
            pub fn given(mut self, given: Given) -> Self {
                self.form.given = given;
                self
            }
        })*
    };
}

asks_for!(CreateView UpdateView);

impl<M: Model + 'static> CreateView<M> {
    async fn answer(&self, asked: Asked) -> ViewResult {
        let (shared, form) = (&self.shared, self.form.empty(&self.shared)?);
        let Some(data) = &asked.posted else { return form_page(shared, &asked, &form, None) };
        let form = form.bind(data);
        if !form.errors.is_empty() {
            return form_page(shared, &asked, &form, None);
        }
        let values = self.form.values(&asked, &form);
        match rows::insert::<M, _>(asked.site.project.database_of(M::APP)?, values).await {
            Ok(_) => Ok(redirect(&asked.address(self.form.success_url))),
            Err(error) => refused(shared, &asked, form, None, error),
        }
    }
}

impl<M: Model + 'static> UpdateView<M> {
    async fn answer(&self, asked: Asked) -> ViewResult {
        let shared = &self.shared;
        let row = shared.find(&asked).await?;
        let form = self.form.empty(shared)?;
        let Some(data) = &asked.posted else {
            let values = row.values();
            let value = |column: &str| {
                M::COLUMNS.iter().position(|known| *known == column).and_then(|at| values.get(at).cloned())
            };
            return form_page(shared, &asked, &form.of_row(value), Some(&row));
        };
        let form = form.bind(data);
        if !form.errors.is_empty() {
            return form_page(shared, &asked, &form, Some(&row));
        }
        let values = self.form.values(&asked, &form);
        match rows::update::<M, _>(asked.site.project.database_of(M::APP)?, &key(&row), values).await {
            Ok(true) => Ok(redirect(&asked.address(self.form.success_url))),
            Ok(false) => Err(HttpError::NotFound),
            Err(error) => refused(shared, &asked, form, Some(&row), error),
        }
    }
}

impl<M: Model + 'static> DeleteView<M> {
    /// Of any row.
    pub fn new() -> Self {
        Self { shared: Shared::new(), form: Form::new(&[]) }
    }

    async fn answer(&self, asked: Asked) -> ViewResult {
        let row = self.shared.find(&asked).await?;
        if asked.posted.is_none() {
            return self.confirm(&asked, &row, None);
        }
        match row.delete(asked.site.project.database_of(M::APP)?).await {
            Ok(true) => Ok(redirect(&asked.address(self.form.success_url))),
            Ok(false) => Err(HttpError::NotFound),
            Err(error) if error.statement_kind() == Some(StatementKind::ForeignKeyViolation) => {
                let why = format!("Other rows belong to this {}: it cannot be deleted.", self.shared.name());
                self.confirm(&asked, &row, Some(&why))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The question before a row is deleted, with why it cannot be.
    fn confirm(&self, asked: &Asked, row: &M, error: Option<&str>) -> ViewResult {
        self.shared.row_page(asked, "confirm_delete", Some(row), context! { error => error })
    }
}

impl<M: Model + 'static> Default for DeleteView<M> {
    fn default() -> Self {
        Self::new()
    }
}
