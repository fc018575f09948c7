//! The names of months, days and zones in the US locale.

use chrono::TimeZone;
use chrono_tz::{OffsetComponents, OffsetName, Tz};

use crate::cast::Zone;

pub(super) const MONTHS: [&str; 12] = [
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

/// From Monday.
pub(super) const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

pub(super) const QUARTERS: [&str; 4] = ["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"];

/// Short and long names of zones and the zone that the name is read as.
const ZONES: &[(&str, &str, &str)] = &[
    ("UTC", "Coordinated Universal Time", "UTC"),
    ("GMT", "Greenwich Mean Time", "GMT"),
    ("PST", "Pacific Standard Time", "America/Los_Angeles"),
    ("PDT", "Pacific Daylight Time", "America/Los_Angeles"),
    ("MST", "Mountain Standard Time", "America/Denver"),
    ("MDT", "Mountain Daylight Time", "America/Denver"),
    ("CST", "Central Standard Time", "America/Chicago"),
    ("CDT", "Central Daylight Time", "America/Chicago"),
    ("EST", "Eastern Standard Time", "America/New_York"),
    ("EDT", "Eastern Daylight Time", "America/New_York"),
    ("AKST", "Alaska Standard Time", "America/Anchorage"),
    ("AKDT", "Alaska Daylight Time", "America/Anchorage"),
    ("HST", "Hawaii-Aleutian Standard Time", "Pacific/Honolulu"),
    ("WET", "Western European Standard Time", "Europe/Lisbon"),
    ("WEST", "Western European Summer Time", "Europe/Lisbon"),
    ("CET", "Central European Standard Time", "Europe/Paris"),
    ("CEST", "Central European Summer Time", "Europe/Paris"),
    ("EET", "Eastern European Standard Time", "Europe/Bucharest"),
    ("EEST", "Eastern European Summer Time", "Europe/Bucharest"),
    ("MSK", "Moscow Standard Time", "Europe/Moscow"),
    ("BST", "British Summer Time", "Europe/London"),
    ("IST", "India Standard Time", "Asia/Kolkata"),
    ("JST", "Japan Standard Time", "Asia/Tokyo"),
    ("KST", "Korean Standard Time", "Asia/Seoul"),
    ("AEST", "Australian Eastern Standard Time", "Australia/Sydney"),
    ("AEDT", "Australian Eastern Daylight Time", "Australia/Sydney"),
    ("ACST", "Australian Central Standard Time", "Australia/Adelaide"),
    ("ACDT", "Australian Central Daylight Time", "Australia/Adelaide"),
    ("AWST", "Australian Western Standard Time", "Australia/Perth"),
    ("NZST", "New Zealand Standard Time", "Pacific/Auckland"),
    ("NZDT", "New Zealand Daylight Time", "Pacific/Auckland"),
    ("SAST", "South Africa Standard Time", "Africa/Johannesburg"),
];

/// Zones whose abbreviations stand for something else elsewhere.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("Asia/Shanghai", "CST", "China Standard Time"),
    ("Asia/Jerusalem", "IST", "Israel Standard Time"),
    ("Europe/Dublin", "IST", "Irish Standard Time"),
];

/// The zone's name at an instant, given its id; `None` where it is not known.
pub(super) fn zone_name(id: &str, zone: &Zone, micros: i64, full: bool) -> Option<String> {
    match zone {
        Zone::Fixed(0) if matches!(id, "UTC" | "Z" | "Etc/UTC") => {
            Some(if full { "Coordinated Universal Time" } else { "UTC" }.to_owned())
        }
        Zone::Fixed(0) if id == "GMT" => Some(if full { "Greenwich Mean Time" } else { "GMT" }.to_owned()),
        Zone::Fixed(_) => Some(id.to_owned()),
        Zone::Region(region) => region_name(*region, micros, full),
    }
}

fn region_name(region: Tz, micros: i64, full: bool) -> Option<String> {
    let moment = chrono::DateTime::from_timestamp_micros(micros)?.naive_utc();
    let offset = region.offset_from_utc_datetime(&moment);
    // The names of today, for the summer time and the other one, stand for all times.
    let is_summer = !offset.dst_offset().is_zero();
    let recent = [1_673_740_800, 1_689_379_200]
        .into_iter()
        .filter_map(|seconds| chrono::DateTime::from_timestamp(seconds, 0))
        .map(|moment| region.offset_from_utc_datetime(&moment.naive_utc()))
        .find(|recent| recent.dst_offset().is_zero() != is_summer);
    let offset = recent.unwrap_or(offset);
    let abbreviation =
        offset.abbreviation().filter(|name| name.starts_with(|letter: char| letter.is_ascii_alphabetic()))?;
    if !full {
        return Some(abbreviation.to_owned());
    }
    let exception = EXCEPTIONS.iter().find(|(zone, short, _)| *zone == region.name() && *short == abbreviation);
    match exception {
        Some((_, _, long)) => Some((*long).to_owned()),
        None => ZONES.iter().find(|(short, ..)| *short == abbreviation).map(|(_, long, _)| (*long).to_owned()),
    }
}

/// The zone whose short or long name `text` begins with, and the name's length.
pub(super) fn zone_by_name(text: &str) -> Option<(Zone, usize)> {
    ZONES
        .iter()
        .flat_map(|(short, long, id)| [(*short, *id), (*long, *id)])
        .filter(|(name, _)| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
        .max_by_key(|(name, _)| name.len())
        .and_then(|(name, id)| Some((Zone::find(id)?, name.len())))
}
