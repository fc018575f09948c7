//! `SET TIME ZONE`.

use firesteel_base::{SparkError, SparkResult};
use firesteel_syntax::ir::command::TimeZone;
use firesteel_syntax::ir::{ExpressionKind, Literal};

use crate::answer::CommandResult;
use crate::session::Session;

const KEY: &str = "spark.sql.session.timeZone";
const OFFSET_HOURS_MAX: i64 = 18;

pub(super) fn set(session: &Session, zone: TimeZone) -> SparkResult<CommandResult> {
    let value = match zone {
        TimeZone::Name(name) => name,
        TimeZone::Local => session.environment().conf.time_zone().to_owned(),
        TimeZone::Interval(interval) => match interval.kind {
            ExpressionKind::Literal(Literal::DayTimeInterval { microseconds, .. }) => offset(microseconds)?,
            ExpressionKind::Literal(Literal::CalendarInterval { months: 0, days: 0, microseconds }) => {
                offset(microseconds)?
            }
            _ => return Err(SparkError::unsupported("SET TIME ZONE with a computed interval")),
        },
    };
    session.with_conf(|conf| conf.set(KEY, &value))?;
    super::set::pairs(vec![(KEY.to_owned(), value)])
}

/// An interval as a zone's offset: `+03:00`, `-01:02:03`.
fn offset(microseconds: i64) -> SparkResult<String> {
    let seconds = microseconds / 1_000_000;
    if seconds.abs() > OFFSET_HOURS_MAX * 3600 || microseconds % 1_000_000 != 0 {
        let hours = (seconds / 3600).to_string();
        return Err(SparkError::new("INVALID_INTERVAL_FORMAT.TIMEZONE_INTERVAL_OUT_OF_RANGE").param("input", hours));
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.abs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let text = format!("{sign}{hours:02}:{minutes:02}");
    Ok(if rest == 0 { text } else { format!("{text}:{rest:02}") })
}
