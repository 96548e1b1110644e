//! Time: one clock, always UTC, and the ways a moment is written: in UTC for pages and machines, in the zone of whoever sits
//! at a terminal.

pub use jiff::{SignedDuration, Timestamp};

use jiff::civil::Date;
use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};

/// The present moment, to the microsecond: what every database here can store.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `4 March 2026`: a date as a page shows it.
pub fn long_date(moment: Timestamp) -> String {
    let date = Offset::UTC.to_datetime(moment).date();
    format!("{} {} {}", date.day(), month(date), date.year())
}

/// `4 March 2026, 15:04`: a moment as a page shows it.
pub fn long_moment(moment: Timestamp) -> String {
    let civil = Offset::UTC.to_datetime(moment);
    let date = civil.date();
    format!("{} {} {}, {:02}:{:02}", date.day(), month(date), date.year(), civil.hour(), civil.minute())
}

fn month(date: Date) -> &'static str {
    usize::try_from(date.month() - 1).ok().and_then(|month| MONTHS.get(month)).copied().unwrap_or_default()
}

/// `2026-03-04`: a date as a table on a terminal shows it.
pub fn iso_date(moment: Timestamp) -> String {
    Offset::UTC.to_datetime(moment).date().to_string()
}

/// `2026-03-04T15:04:05Z`: a moment as a machine reads it (RFC 3339), without fractions.
pub fn iso(moment: Timestamp) -> String {
    let civil = Offset::UTC.to_datetime(moment);
    let (year, month, day) = (civil.year(), civil.month(), civil.day());
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", civil.hour(), civil.minute(), civil.second())
}

/// `2026-03-04 16:04:05 CET`: a moment as a terminal shows it, in the zone of the variable `TZ` or of the system, UTC without
/// either.
pub fn local(moment: Timestamp) -> String {
    in_zone(moment, TimeZone::try_system().unwrap_or(TimeZone::UTC))
}

fn in_zone(moment: Timestamp, zone: TimeZone) -> String {
    strtime::format("%Y-%m-%d %H:%M:%S %Z", &moment.to_zoned(zone)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_for_people_and_for_machines() {
        let moment: Timestamp = "2026-03-04T15:04:05.678Z".parse().unwrap();
        assert_eq!(long_date(moment), "4 March 2026");
        assert_eq!(long_moment(moment), "4 March 2026, 15:04");
        assert_eq!(iso(moment), "2026-03-04T15:04:05Z");
    }

    #[test]
    fn a_moment_is_told_in_a_zone_with_its_name_at_that_time_of_the_year() {
        let told = |moment: &str, zone: &str| {
            in_zone(moment.parse::<Timestamp>().unwrap(), TimeZone::get(zone).unwrap())
        };
        assert_eq!(told("2026-03-04T15:04:05Z", "Europe/Berlin"), "2026-03-04 16:04:05 CET");
        assert_eq!(told("2026-07-04T15:04:05Z", "Europe/Berlin"), "2026-07-04 17:04:05 CEST");
        assert_eq!(told("2026-03-04T15:04:05Z", "America/Sao_Paulo"), "2026-03-04 12:04:05 -03");
        assert_eq!(told("2026-03-04T15:04:05Z", "UTC"), "2026-03-04 15:04:05 UTC");
    }
}
