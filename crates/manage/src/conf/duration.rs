//! Lengths of time.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// The longest time that a setting takes, about 31 years.
const LONGEST: f64 = 1e9;

/// A time of so many seconds, if that is more than nothing and not beyond reason.
pub(super) fn of_seconds(seconds: f64) -> Option<Duration> {
    let is_sound = seconds.is_finite() && seconds > 0.0 && seconds <= LONGEST;
    is_sound.then(|| Duration::from_secs_f64(seconds)).filter(|time| !time.is_zero())
}

/// A time as people write it: `5s`, `10 min`, `2 weeks`. Months and years, which vary, are none.
pub(super) fn of_text(text: &str) -> Option<Duration> {
    let span: Span = text.parse().ok()?;
    let time = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    of_seconds(time.as_secs_f64()).and(time.try_into().ok())
}

/// A time on the command line: as settings take it, or a number of seconds.
///
/// # Errors
/// What is to be written instead.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let time = text.parse().map_or_else(|_| of_text(text), of_seconds);
    time.ok_or_else(|| "write a time such as `5s`, `2 min` or `500ms`".to_owned())
}

/// Its seconds, whole where they are.
pub(super) fn as_json(time: Duration) -> serde_json::Value {
    match time.subsec_nanos() {
        0 => time.as_secs().into(),
        _ => time.as_secs_f64().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("5s", 5.0),
            ("10 min", 600.0),
            ("1h 30m", 5_400.0),
            ("250ms", 0.25),
            ("2 weeks", 1_209_600.0),
            ("1 day", 86_400.0),
        ] {
            assert_eq!(of_text(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        for wrong in ["", "5", "soon", "-5s", "0s", "1 month", "1 year", "99999 weeks"] {
            assert_eq!(of_text(wrong), None, "{wrong}");
        }
    }
}
