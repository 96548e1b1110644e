//! The parts of a path as a view takes them.

use std::borrow::Cow;
use std::fmt::Display;

use axum::extract::FromRequestParts;
use http::request::Parts;
use percent_encoding::percent_decode_str;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::context::info;
use crate::http::{HttpError, ResolverMatch};

/// What fills the parts of the route's pattern: `Path(slug): Path<String>` of `/articles/{slug}/`, a tuple of several
/// in their order, or a struct with a field for each name.
///
/// Every part is decoded. One that does not fit the type, such as letters for a number, is a page that does not exist
/// (404), as with Django's converters.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Path<T> {
    type Rejection = HttpError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, HttpError> {
        let found = info(parts)?.route().ok_or(HttpError::NotFound)?;
        match of(found) {
            Ok(value) => Ok(Self(value)),
            Err(Error::Value) => Err(HttpError::NotFound),
            Err(Error::Type(problem)) => {
                let pattern = &found.route().pattern;
                Err(HttpError::Internal(anyhow::anyhow!("`Path` of `{pattern}`: {problem}")))
            }
        }
    }
}

fn of<T: DeserializeOwned>(found: &ResolverMatch) -> Result<T, Error> {
    let decoded = found.parameters().map(|(name, value)| {
        let value = percent_decode_str(value).decode_utf8().map_err(|_| Error::Value)?;
        Ok((name, Part(value)))
    });
    T::deserialize(PathParts(decoded.collect::<Result<_, _>>()?))
}

/// Why the parts do not become the value.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// A part does not fit: its reader's mistake.
    #[error("a part that does not fit")]
    Value,
    /// The type can never be made of this pattern: the program's mistake.
    #[error("{0}")]
    Type(String),
}

impl serde::de::Error for Error {
    fn custom<T: Display>(_message: T) -> Self {
        Self::Value
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Type(format!("the pattern has no part `{field}`"))
    }

    fn invalid_length(length: usize, expected: &dyn serde::de::Expected) -> Self {
        Self::Type(format!("the pattern has {length} parts, the view takes {expected}"))
    }
}

/// All parts with their names.
struct PathParts<'a>(Vec<(&'a str, Part<'a>)>);

impl<'a> PathParts<'a> {
    fn single(self) -> Result<Part<'a>, Error> {
        let [(_, part)] =
            <[_; 1]>::try_from(self.0).map_err(|parts| Error::invalid_length(parts.len(), &"one"))?;
        Ok(part)
    }
}

/// A single value is made of the only part.
macro_rules! of_the_only_part {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.single()?.$method(visitor)
        })*
    };
}

impl<'de> serde::Deserializer<'de> for PathParts<'_> {
    type Error = Error;

    of_the_only_part! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_option deserialize_identifier
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(self.0.into_iter().map(|(_, part)| part)))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        if self.0.len() != length {
            return Err(Error::invalid_length(self.0.len(), &length.to_string().as_str()));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(MapDeserializer::new(self.0.into_iter()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.single()?.deserialize_enum(name, variants, visitor)
    }
}

/// One decoded part.
struct Part<'a>(Cow<'a, str>);

impl<'de> IntoDeserializer<'de, Error> for Part<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Text is parsed: `7` as a number.
macro_rules! parsed {
    ($($method:ident $visit:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.0.parse().map_err(|_| Error::Value)?)
        })*
    };
}

impl<'de> serde::Deserializer<'de> for Part<'_> {
    type Error = Error;

    parsed! {
        deserialize_bool visit_bool
        deserialize_i8 visit_i8 deserialize_i16 visit_i16 deserialize_i32 visit_i32 deserialize_i64 visit_i64
        deserialize_i128 visit_i128
        deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32 deserialize_u64 visit_u64
        deserialize_u128 visit_u128
        deserialize_f32 visit_f32 deserialize_f64 visit_f64 deserialize_char visit_char
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
