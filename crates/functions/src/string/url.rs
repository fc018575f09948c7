//! `url_encode`, `url_decode`, `parse_url` and their `try_` forms: locators as Java's `URI` reads them.

use datafusion::logical_expr::ColumnarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::Expected;
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall};

pub(super) const URL_ENCODE: Function =
    Function::scalar("url_encode", |call| text(call, UrlEncode)).since("3.4.0").arity(1..=1);
pub(super) const URL_DECODE: Function =
    Function::scalar("url_decode", |call| text(call, UrlDecode::<false>)).since("3.4.0").arity(1..=1);
pub(super) const TRY_URL_DECODE: Function =
    Function::scalar("try_url_decode", |call| text(call, UrlDecode::<true>)).since("4.0.0").arity(1..=1);
pub(super) const PARSE_URL: Function =
    Function::scalar("parse_url", |call| text(call, ParseUrl::<false>)).since("2.0.0").arity(2..=3);
pub(super) const TRY_PARSE_URL: Function =
    Function::scalar("try_parse_url", |call| text(call, ParseUrl::<true>)).since("4.0.0").arity(2..=3);

fn text<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[const { Expected::STRING }; 3])?;
    Ok(Scalar::kernel(call, SparkType::STRING, kernel).casting(types).nullable(true))
}

/// As a form sends it: a blank is `+`.
#[derive(Debug, Default, Clone, Copy)]
struct UrlEncode;

impl Kernel for UrlEncode {
    const NAME: &'static str = "spark_url_encode";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        call.make_texts(|row| Ok(texts.get(row).map(encoded)))
    }
}

fn encoded(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => result.push(char::from(byte)),
            b' ' => result.push('+'),
            byte => result.push_str(&format!("%{byte:02X}")),
        }
    }
    result
}

/// `None` if a percent sign is not followed by two digits.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let (high, low) = (digit()?, digit()?);
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            byte => bytes.push(byte),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[derive(Debug, Default, Clone, Copy)]
struct UrlDecode<const TRY: bool>;

impl<const TRY: bool> Kernel for UrlDecode<TRY> {
    const NAME: &'static str = if TRY { "spark_try_url_decode" } else { "spark_url_decode" };

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        call.make_texts(|row| {
            let Some(text) = texts.get(row) else { return Ok(None) };
            match decoded(text) {
                None if !TRY => Err(SparkError::new("CANNOT_DECODE_URL").param("url", text)),
                decoded => Ok(decoded),
            }
        })
    }
}

/// The parts of a locator.
#[derive(Default)]
struct Parts<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    /// `None` if what is behind the scheme has no parts, as in `mailto:`.
    path: Option<&'a str>,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// `None` if the text is not a locator.
    fn of(text: &'a str) -> Option<Self> {
        let (text, fragment) = match text.split_once('#') {
            Some((before, fragment)) => (before, Some(fragment)),
            None => (text, None),
        };
        let mut parts = Parts { fragment, ..Parts::default() };
        let mut rest = text;
        if let Some((scheme, behind)) = text.split_once(':')
            && !scheme.contains(['/', '?'])
        {
            let mut letters = scheme.chars();
            let is_scheme = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
                && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'));
            if !is_scheme || behind.is_empty() {
                return None;
            }
            parts.scheme = Some(scheme);
            rest = behind;
            if !behind.starts_with('/') {
                return is_plain(behind, "").then_some(parts);
            }
        }
        let (rest, query) = match rest.split_once('?') {
            Some((before, query)) => (before, Some(query)),
            None => (rest, None),
        };
        parts.query = query;
        match rest.strip_prefix("//") {
            Some(behind) => {
                let end = behind.find('/').unwrap_or(behind.len());
                let (authority, path) = behind.split_at(end);
                if authority.is_empty() && path.is_empty() {
                    return None;
                }
                parts.authority = (!authority.is_empty()).then_some(authority);
                parts.path = Some(path);
            }
            None => parts.path = Some(rest),
        }
        parts.is_valid().then_some(parts)
    }

    fn is_valid(&self) -> bool {
        is_plain(self.path.unwrap_or(""), "")
            && is_plain(self.query.unwrap_or(""), "[]")
            && is_plain(self.fragment.unwrap_or(""), "[]")
            && is_plain(self.authority.unwrap_or(""), "[]")
    }

    /// User, host and port where the authority is of that form.
    fn server(&self) -> Option<(Option<&'a str>, &'a str)> {
        let authority = self.authority?;
        let (user, rest) = match authority.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, authority),
        };
        let (host, port) = match rest.find(']') {
            Some(end) => rest.split_at(end + 1),
            None => rest.find(':').map_or((rest, ""), |colon| rest.split_at(colon)),
        };
        let is_port = port.is_empty()
            || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        (is_port && is_host(host)).then_some((user, host))
    }
}

/// An address in brackets, or labels of letters, digits and hyphens; the last begins with a letter unless all are
/// numbers.
fn is_host(host: &str) -> bool {
    if host.starts_with('[') {
        return host.ends_with(']');
    }
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &&str| label.parse::<u8>().is_ok();
    let is_address = labels.len() == 4 && labels.iter().all(is_number);
    let ends_in_name = labels.last().is_some_and(|label| label.starts_with(|first: char| first.is_ascii_alphabetic()));
    is_address || (labels.iter().all(is_label) && ends_in_name)
}

/// Whether all characters may stand in a locator; percent signs come before two digits.
fn is_plain(text: &str, also: &str) -> bool {
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        let allowed = match letter {
            '%' => {
                let mut digit = || rest.next().is_some_and(|digit| digit.is_ascii_hexdigit());
                digit() && digit()
            }
            letter if letter.is_ascii_alphanumeric() => true,
            letter if letter.is_ascii() => "_-!.~'()*,;:$&+=?/@".contains(letter) || also.contains(letter),
            letter => !letter.is_whitespace() && !letter.is_control(),
        };
        if !allowed {
            return false;
        }
    }
    true
}

/// A part of a locator by its name; with a key the value of that key in the query.
#[derive(Debug, Default, Clone, Copy)]
struct ParseUrl<const TRY: bool>;

impl<const TRY: bool> Kernel for ParseUrl<TRY> {
    const NAME: &'static str = if TRY { "spark_try_parse_url" } else { "spark_parse_url" };

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, names) = (call.texts(0)?, call.texts(1)?);
        let keys = if call.has(2) { Some(call.texts(2)?) } else { None };
        call.make_texts(|row| {
            let (Some(text), Some(name)) = (texts.get(row), names.get(row)) else { return Ok(None) };
            let Some(parts) = Parts::of(text) else {
                let fails = !TRY && call.ansi();
                return if fails { Err(SparkError::new("INVALID_URL").param("url", text)) } else { Ok(None) };
            };
            let Some(keys) = &keys else { return Ok(part(&parts, name)) };
            let (Some(key), "QUERY") = (keys.get(row), name) else { return Ok(None) };
            Ok(parts.query.and_then(|query| value_of(query, key)).map(str::to_owned))
        })
    }
}

fn value_of<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

fn part(parts: &Parts<'_>, name: &str) -> Option<String> {
    let part = match name {
        "HOST" => parts.server().map(|(_, host)| host),
        "PATH" => parts.path,
        "QUERY" => parts.query,
        "REF" => parts.fragment,
        "PROTOCOL" => parts.scheme,
        "AUTHORITY" => parts.authority,
        "USERINFO" => parts.server().and_then(|(user, _)| user),
        "FILE" => {
            return match (parts.path, parts.query) {
                (Some(path), Some(query)) => Some(format!("{path}?{query}")),
                (path, _) => path.map(str::to_owned),
            };
        }
        _ => None,
    };
    part.map(str::to_owned)
}
