//! Names of time zones as sessions may give them: offsets, database names, and the JVM's old short names.

use chrono_tz::Tz;

/// Three-letter names that the JVM knows besides the database's.
const SHORT_NAMES: [(&str, &str); 28] = [
    ("ACT", "Australia/Darwin"),
    ("AET", "Australia/Sydney"),
    ("AGT", "America/Argentina/Buenos_Aires"),
    ("ART", "Africa/Cairo"),
    ("AST", "America/Anchorage"),
    ("BET", "America/Sao_Paulo"),
    ("BST", "Asia/Dhaka"),
    ("CAT", "Africa/Harare"),
    ("CNT", "America/St_Johns"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EAT", "Africa/Addis_Ababa"),
    ("ECT", "Europe/Paris"),
    ("EST", "-05:00"),
    ("HST", "-10:00"),
    ("IET", "America/Indiana/Indianapolis"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("MIT", "Pacific/Apia"),
    ("MST", "-07:00"),
    ("NET", "Asia/Yerevan"),
    ("NST", "Pacific/Auckland"),
    ("PLT", "Asia/Karachi"),
    ("PNT", "America/Phoenix"),
    ("PRT", "America/Puerto_Rico"),
    ("PST", "America/Los_Angeles"),
    ("SST", "Pacific/Guadalcanal"),
    ("VST", "Asia/Ho_Chi_Minh"),
];
/// Offsets reach no further from UTC.
const OFFSET_SECONDS_MAX: i32 = 18 * 3600;

/// The zone as an offset (`+01:00`, `UTC` for none) or a name of the time zone database; `None` if there is no such
/// zone. Names are case-sensitive.
pub fn canonical(zone: &str) -> Option<String> {
    if zone == "Z" {
        return Some("UTC".to_owned());
    }
    if zone.starts_with(['+', '-']) {
        return canonical_offset(zone);
    }
    for prefix in ["UTC", "GMT", "UT"] {
        match zone.strip_prefix(prefix) {
            Some("") => return Some("UTC".to_owned()),
            Some(offset) if offset.starts_with(['+', '-']) => return canonical_offset(offset),
            _ => {}
        }
    }
    if let Some((_, meaning)) = SHORT_NAMES.iter().find(|(name, _)| *name == zone) {
        return Some((*meaning).to_owned());
    }
    zone.parse::<Tz>().ok().map(|known| known.name().to_owned())
}

fn canonical_offset(text: &str) -> Option<String> {
    let seconds = offset_seconds(text)?;
    if seconds == 0 {
        return Some("UTC".to_owned());
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes, rest) = (seconds.abs() / 3600, seconds.abs() / 60 % 60, seconds.abs() % 60);
    let text = format!("{sign}{hours:02}:{minutes:02}");
    Some(if rest == 0 { text } else { format!("{text}:{rest:02}") })
}

/// Seconds of `+h`, `+hh`, `+hhmm`, `+hhmmss`, `+h:m`, `+hh:mm` and `+hh:mm:ss`.
fn offset_seconds(text: &str) -> Option<i32> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.get(1..)?;
    let parts: Vec<&str> = if digits.contains(':') { digits.split(':').collect() } else { split_digits(digits)? };
    let short = |part: &&str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let full = |part: &&str| part.len() == 2;
    let well_formed = parts.iter().all(short) && (parts.len() < 3 || parts.iter().all(full));
    if !well_formed || parts.len() > 3 {
        return None;
    }
    let mut numbers = parts.iter().map(|part| part.parse::<i32>().unwrap_or(0));
    let (hours, minutes, seconds) = (numbers.next()?, numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let total = hours * 3600 + minutes * 60 + seconds;
    (minutes < 60 && seconds < 60 && total <= OFFSET_SECONDS_MAX).then_some(sign * total)
}

fn split_digits(digits: &str) -> Option<Vec<&str>> {
    match digits.len() {
        1 | 2 => Some(vec![digits]),
        4 => Some(vec![digits.get(..2)?, digits.get(2..)?]),
        6 => Some(vec![digits.get(..2)?, digits.get(2..4)?, digits.get(4..)?]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn what_the_jvm_takes_is_taken() {
        for (zone, expected) in [
            ("UTC", "UTC"),
            ("Z", "UTC"),
            ("GMT", "UTC"),
            ("+1", "+01:00"),
            ("+01", "+01:00"),
            ("+1:0", "+01:00"),
            ("+1:00", "+01:00"),
            ("+0100", "+01:00"),
            ("+10:5", "+10:05"),
            ("-18:00", "-18:00"),
            ("+01:02:03", "+01:02:03"),
            ("UTC+1", "+01:00"),
            ("GMT+01", "+01:00"),
            ("UT+1", "+01:00"),
            ("GMT+0:30", "+00:30"),
            ("PST", "America/Los_Angeles"),
            ("EST", "-05:00"),
            ("Europe/Berlin", "Europe/Berlin"),
            ("Etc/GMT+5", "Etc/GMT+5"),
            ("EST5EDT", "EST5EDT"),
            ("GMT0", "GMT0"),
            ("CET", "CET"),
        ] {
            assert_eq!(canonical(zone).as_deref(), Some(expected), "{zone}");
        }
    }

    #[test]
    fn what_the_jvm_refuses_is_refused() {
        for zone in [
            "",
            "utc",
            "z",
            "gmt",
            "europe/berlin",
            " UTC",
            "UTC ",
            "+",
            "UTC0",
            "Z0",
            "+18:01",
            "+25:00",
            "UTC+25",
            "+1:2:3",
            "+1:30:",
            "X/Y",
            "xx",
            "0",
            "10",
        ] {
            assert_eq!(canonical(zone), None, "{zone}");
        }
    }
}
