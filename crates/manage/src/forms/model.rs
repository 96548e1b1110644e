//! Forms made of a model's fields, as Django's `ModelForm`.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use minijinja::{Value as Shown, context};

use super::errors::{ALL_FIELDS, ValidationErrors};
use super::text::{is_email, is_url};
use crate::db::Value;
use crate::db::models::rows::Named;
use crate::db::models::{Field, FieldType, ModelState};
use crate::http::FormData;
use crate::timezone;

/// Some fields of a model as inputs of a page: what was typed, what is wrong with it, what it means.
#[derive(Debug, Clone)]
pub struct ModelForm {
    fields: Vec<Field>,
    typed: Vec<String>,
    /// What is wrong.
    pub errors: ValidationErrors,
    values: Vec<Named>,
}

impl ModelForm {
    /// A form that nobody has filled in yet.
    ///
    /// # Errors
    /// A sentence, when the model has no such field or no form can ask for it.
    pub fn new(model: &ModelState, names: &[&str]) -> Result<Self, String> {
        let field = |name: &&str| {
            let field =
                model.field(name).ok_or_else(|| format!("{} has no field `{name}`", model.label()))?;
            match input_type(field) {
                Some(_) => Ok(field.clone()),
                None => {
                    Err(format!("no form can ask for `{name}` of {}: it is {:?}", model.label(), field.kind))
                }
            }
        };
        let fields = names.iter().map(field).collect::<Result<Vec<_>, _>>()?;
        let typed = vec![String::new(); fields.len()];
        Ok(Self { fields, typed, errors: ValidationErrors::default(), values: Vec::new() })
    }

    /// The form with the values of a row, to be changed. `value` gives that of a column.
    #[must_use]
    pub fn of_row(mut self, value: impl Fn(&str) -> Option<Value>) -> Self {
        self.typed = self
            .fields
            .iter()
            .map(|field| value(&field.column()).map(|value| input_text(&value)).unwrap_or_default())
            .collect();
        self
    }

    /// The form as it was posted, with everything that is wrong with it.
    #[must_use]
    pub fn bind(mut self, data: &FormData) -> Self {
        self.typed = self.fields.iter().map(|field| data.text(&field.name).to_owned()).collect();
        for (field, typed) in self.fields.iter().zip(&self.typed) {
            match clean(field, typed) {
                Ok(value) => self.values.push((field.column(), value)),
                Err(message) => self.errors.add(field.name.clone(), message),
            }
        }
        self
    }

    /// What was typed, by columns: complete when nothing is wrong.
    pub fn values(&self) -> Vec<Named> {
        self.values.clone()
    }

    /// As templates see it: `form.fields`, each with `name`, `label`, `type`, `value`, `errors`, `help`, `required` and
    /// `choices`, and `form.errors` of no single field.
    pub fn to_value(&self) -> Shown {
        let list = |texts: &[String]| Shown::from_iter(texts.iter().map(String::as_str));
        let fields = self.fields.iter().zip(&self.typed).map(|(field, typed)| {
            let choices = field.choices.iter().map(|(value, label)| {
                context! { value => plain(value), label => label.as_str() }
            });
            context! {
                name => field.name.as_str(),
                label => label(field),
                type => input_type(field),
                value => typed.as_str(),
                errors => list(self.errors.of(&field.name)),
                help => field.help_text.as_deref(),
                required => !is_optional(field),
                max_length => field.text_length(),
                choices => Shown::from_iter(choices),
            }
        });
        context! { fields => Shown::from_iter(fields), errors => list(self.errors.of(ALL_FIELDS)) }
    }
}

/// `pub date` becomes `Pub date`, as Django makes it of the field's name.
fn label(field: &Field) -> String {
    let text = field.verbose_name.clone().unwrap_or_else(|| field.name.replace('_', " "));
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The kind of input that asks for it: the word of HTML, `textarea`, `select` or `checkbox`.
fn input_type(field: &Field) -> Option<&'static str> {
    if !field.choices.is_empty() {
        return Some("select");
    }
    Some(match field.kind {
        FieldType::SmallInteger
        | FieldType::Integer
        | FieldType::BigInteger
        | FieldType::PositiveSmallInteger
        | FieldType::PositiveInteger
        | FieldType::PositiveBigInteger
        | FieldType::ForeignKey
        | FieldType::OneToOne => "number",
        FieldType::Boolean => "checkbox",
        FieldType::Text | FieldType::Json => "textarea",
        FieldType::Email => "email",
        FieldType::Url => "url",
        FieldType::Date => "date",
        FieldType::Time => "time",
        FieldType::DateTime => "datetime-local",
        FieldType::Char
        | FieldType::Slug
        | FieldType::Uuid
        | FieldType::Decimal
        | FieldType::Float
        | FieldType::GenericIpAddress => "text",
        _ => return None,
    })
}

/// Whether nothing may be typed: the row has NULL then, or the default.
fn is_optional(field: &Field) -> bool {
    field.null || field.default.is_some() || field.kind == FieldType::Boolean
}

/// What was typed as a value of the field.
///
/// # Errors
/// A sentence for the person who typed it, in Django's words.
fn clean(field: &Field, typed: &str) -> Result<Value, String> {
    // A form sends lines with the line ends of MIME.
    let typed = typed.replace("\r\n", "\n");
    let text = typed.trim();
    if field.kind == FieldType::Boolean && field.choices.is_empty() {
        return Ok(Value::Bool(!matches!(text, "" | "false" | "0" | "off")));
    }
    if text.is_empty() {
        return match (field.null, is_text(field.kind) && is_optional(field)) {
            (true, _) => Ok(Value::Null),
            (false, true) => Ok(Value::Text(String::new())),
            _ => Err("This field is required.".to_owned()),
        };
    }
    if !field.choices.is_empty() && !field.choices.iter().any(|(value, _)| plain(value) == text) {
        return Err(format!("Select a valid choice. {text} is not one of the available choices."));
    }
    match field.text_length() {
        Some(most) if text.chars().count() > most as usize => {
            Err(format!("Ensure this value has at most {most} characters (it has {}).", text.chars().count()))
        }
        _ => read(field, text),
    }
}

fn read(field: &Field, text: &str) -> Result<Value, String> {
    let wrong = |message: &str| message.to_owned();
    let is_slug = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    match field.kind {
        FieldType::Email if !is_email(text) => Err(wrong("Enter a valid email address.")),
        FieldType::Url if !is_url(text) => Err(wrong("Enter a valid URL.")),
        FieldType::Slug if !is_slug(text) => {
            Err(wrong("Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."))
        }
        FieldType::GenericIpAddress if text.parse::<std::net::IpAddr>().is_err() => {
            Err(wrong("Enter a valid IPv4 or IPv6 address."))
        }
        kind if is_text(kind) => Ok(Value::Text(text.to_owned())),
        kind if range(kind).is_some() => whole(kind, text),
        FieldType::Float => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Float(number)),
            _ => Err(wrong("Enter a number.")),
        },
        FieldType::Decimal => decimal(field, text),
        FieldType::Date => text.parse::<Date>().map(Value::Date).map_err(|_| wrong("Enter a valid date.")),
        FieldType::Time => text.parse::<Time>().map(Value::Time).map_err(|_| wrong("Enter a valid time.")),
        FieldType::DateTime => moment(text).ok_or_else(|| wrong("Enter a valid date/time.")),
        FieldType::Uuid => text.parse().map(Value::Uuid).map_err(|_| wrong("Enter a valid UUID.")),
        FieldType::Json => {
            serde_json::from_str(text).map(Value::Json).map_err(|_| wrong("Enter a valid JSON."))
        }
        other => Err(format!("{other:?} cannot be typed.")),
    }
}

fn is_text(kind: FieldType) -> bool {
    use FieldType::{Char, Email, GenericIpAddress, Slug, Text, Url};
    matches!(kind, Char | Text | Slug | Email | Url | GenericIpAddress)
}

/// The whole numbers that a field takes (Django's `integer_field_range`).
fn range(kind: FieldType) -> Option<std::ops::RangeInclusive<i64>> {
    Some(match kind {
        FieldType::SmallInteger => i64::from(i16::MIN)..=i64::from(i16::MAX),
        FieldType::Integer => i64::from(i32::MIN)..=i64::from(i32::MAX),
        FieldType::PositiveSmallInteger => 0..=i64::from(i16::MAX),
        FieldType::PositiveInteger => 0..=i64::from(i32::MAX),
        FieldType::PositiveBigInteger => 0..=i64::MAX,
        FieldType::BigInteger | FieldType::ForeignKey | FieldType::OneToOne => i64::MIN..=i64::MAX,
        _ => return None,
    })
}

fn whole(kind: FieldType, text: &str) -> Result<Value, String> {
    let number: i64 = text.parse().map_err(|_| "Enter a whole number.".to_owned())?;
    match range(kind) {
        Some(range) if number < *range.start() => {
            Err(format!("Ensure this value is greater than or equal to {}.", range.start()))
        }
        Some(range) if number > *range.end() => {
            Err(format!("Ensure this value is less than or equal to {}.", range.end()))
        }
        _ => Ok(Value::Int(number)),
    }
}

fn decimal(field: &Field, text: &str) -> Result<Value, String> {
    let number: rust_decimal::Decimal = text.parse().map_err(|_| "Enter a number.".to_owned())?;
    if let Some(places) = field.decimal_places.filter(|places| number.scale() > *places) {
        return Err(format!("Ensure that there are no more than {places} decimal places."));
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    match field.max_digits {
        Some(most) if digits > most as usize => {
            Err(format!("Ensure that there are no more than {most} digits in total."))
        }
        _ => Ok(Value::Decimal(number)),
    }
}

/// A moment in UTC: what `<input type="datetime-local">` sends, with or without seconds, or RFC 3339.
fn moment(text: &str) -> Option<Value> {
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(civil).map(Value::Timestamp)
}

/// A value as an input shows it.
pub fn input_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(truth) => if *truth { "true" } else { "" }.to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Uuid(id) => id.to_string(),
        Value::Timestamp(moment) => timezone::iso(*moment).trim_end_matches('Z').to_owned(),
        Value::Date(date) => date.to_string(),
        Value::Time(time) => time.to_string(),
        Value::Json(json) => json.to_string(),
    }
}

/// A TOML literal as an input sends it.
fn plain(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> ModelState {
        let mut model = ModelState {
            app: "shop".into(),
            name: "Item".into(),
            fields: Vec::new(),
            options: Default::default(),
        };
        let mut name = Field::new("name", FieldType::Char);
        name.max_length = Some(5);
        let mut price = Field::new("price", FieldType::Decimal);
        (price.max_digits, price.decimal_places) = (Some(5), Some(2));
        let mut note = Field::new("note", FieldType::Text);
        note.null = true;
        let mut size = Field::new("size", FieldType::PositiveSmallInteger);
        size.choices =
            vec![(toml::Value::Integer(1), "small".into()), (toml::Value::Integer(2), "big".into())];
        let (sold_at, sold) =
            (Field::new("sold_at", FieldType::DateTime), Field::new("is_sold", FieldType::Boolean));
        model.fields = vec![name, price, note, size, sold_at, sold];
        model.complete();
        model
    }

    const NAMES: [&str; 6] = ["name", "price", "note", "size", "sold_at", "is_sold"];

    fn bound(text: &str) -> ModelForm {
        ModelForm::new(&model(), &NAMES).unwrap().bind(&FormData::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn what_is_typed_becomes_values_of_the_fields() {
        let form = bound("name=+tea+&price=12.50&size=2&sold_at=2026-03-04T15:04&is_sold=on");
        assert!(form.errors.is_empty(), "{:?}", form.errors);
        let values: Vec<Value> = form.values().into_iter().map(|(_, value)| value).collect();
        assert_eq!(
            values,
            [
                Value::Text("tea".into()),
                Value::Decimal("12.50".parse().unwrap()),
                Value::Null,
                Value::Int(2),
                Value::Timestamp("2026-03-04T15:04:00Z".parse().unwrap()),
                Value::Bool(true),
            ]
        );
    }

    #[test]
    fn everything_that_is_wrong_is_told_in_djangos_words() {
        let form = bound("name=coffee&price=1.234&size=3&sold_at=soon");
        let told: Vec<&str> =
            NAMES.iter().flat_map(|name| form.errors.of(name)).map(String::as_str).collect();
        assert_eq!(
            told,
            [
                "Ensure this value has at most 5 characters (it has 6).",
                "Ensure that there are no more than 2 decimal places.",
                "Select a valid choice. 3 is not one of the available choices.",
                "Enter a valid date/time.",
            ]
        );
        assert_eq!(bound("").errors.of("name"), ["This field is required."]);
    }

    #[test]
    fn what_no_form_can_ask_for_is_refused() {
        let mut model = model();
        model.fields.push(Field::new("photo", FieldType::Binary));
        assert_eq!(
            ModelForm::new(&model, &["photo"]).unwrap_err(),
            "no form can ask for `photo` of shop.Item: it is Binary"
        );
        assert_eq!(ModelForm::new(&model, &["nam"]).unwrap_err(), "shop.Item has no field `nam`");
    }
}
