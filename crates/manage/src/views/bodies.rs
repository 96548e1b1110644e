//! Bodies as views take them. Each reads within the limits of its route, and what is wrong is answered in the form of
//! the route's errors. A view that wants the bytes as they come takes [`Body`](crate::http::Body).

use std::sync::Arc;

use axum::extract::FromRequest;
use serde::de::DeserializeOwned;

use crate::http::{BodyKind, FormData, HttpError, Request, read, read_form};

/// A posted form; a body of another kind is an empty one. Read once, be it by the middleware that looks for its token.
#[derive(Debug, Clone)]
pub struct Form(pub Arc<FormData>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = HttpError;

    async fn from_request(mut request: Request, _state: &S) -> Result<Self, HttpError> {
        if let Some(form) = request.extensions_mut().remove::<Self>() {
            return Ok(form);
        }
        let (parts, body) = request.into_parts();
        Ok(Self(Arc::new(read_form(&parts.headers, body).await?)))
    }
}

/// A body of JSON.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = HttpError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, HttpError> {
        if BodyKind::of(request.headers()) != BodyKind::Json {
            return Err(HttpError::UnsupportedMediaType);
        }
        let bytes = read(request.into_body()).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(HttpError::InvalidJson)
    }
}

/// A form in parts, which may hold files: axum's, part by part.
#[derive(Debug)]
pub struct Multipart(pub axum::extract::Multipart);

impl<S: Send + Sync> FromRequest<S> for Multipart {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &S) -> Result<Self, HttpError> {
        let form = axum::extract::Multipart::from_request(request, state).await;
        form.map(Self).map_err(|_| HttpError::UnsupportedMediaType)
    }
}
