//! Spelled strings and quoted identifiers to their values.

/// The name in a quoted identifier: the doubled quote stands for one.
pub(super) fn unquote_identifier(text: &str, quote: char) -> String {
    let inner = text.strip_prefix(quote).unwrap_or(text);
    let inner = inner.strip_suffix(quote).unwrap_or(inner);
    let doubled: String = [quote, quote].iter().collect();
    inner.replace(&doubled, &quote.to_string())
}

/// The value of a string token. `escaped`: backslashes stand for themselves.
pub(super) fn unquote_string(text: &str, escaped: bool) -> String {
    if text.starts_with(['r', 'R']) {
        return text.get(2..text.len().saturating_sub(1)).unwrap_or("").to_owned();
    }
    let quote = if text.starts_with('"') { '"' } else { '\'' };
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
    if escaped {
        return inner.to_owned();
    }
    unescape(inner, quote)
}

fn unescape(inner: &str, quote: char) -> String {
    let mut value = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(character) = rest.chars().next() {
        let tail = rest.get(character.len_utf8()..).unwrap_or("");
        rest = match character {
            '\\' => unescape_one(tail, &mut value),
            _ => {
                value.push(character);
                if character == quote { tail.strip_prefix(quote).unwrap_or(tail) } else { tail }
            }
        };
    }
    value
}

/// Takes what is behind a backslash; gives what is left.
fn unescape_one<'a>(tail: &'a str, value: &mut String) -> &'a str {
    let Some(character) = tail.chars().next() else {
        return tail;
    };
    let rest = tail.get(character.len_utf8()..).unwrap_or("");
    let coded = match character {
        'u' => surrogate_pair(rest).or_else(|| hexadecimal(rest, 4)),
        'U' => hexadecimal(rest, 8),
        '0'..='1' => octal(tail),
        _ => None,
    };
    if let Some((decoded, behind)) = coded {
        value.push(decoded);
        return behind;
    }
    match character {
        '0' => value.push('\0'),
        'b' => value.push('\u{8}'),
        'n' => value.push('\n'),
        'r' => value.push('\r'),
        't' => value.push('\t'),
        'Z' => value.push('\u{1a}'),
        // Kept for the patterns of LIKE.
        '%' | '_' => value.extend(['\\', character]),
        _ => value.push(character),
    }
    rest
}

fn hexadecimal(text: &str, digits: usize) -> Option<(char, &str)> {
    let code = text.get(..digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let number = u32::from_str_radix(code, 16).ok()?;
    let character = char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some((character, text.get(digits..)?))
}

/// `D83D\uDE00`: two halves of one character, as Java writes it.
fn surrogate_pair(text: &str) -> Option<(char, &str)> {
    let unit = |code: &str| u16::from_str_radix(code, 16).ok();
    let (high, behind) = (unit(text.get(..4)?)?, text.get(4..)?.strip_prefix("\\u")?);
    let low = unit(behind.get(..4)?)?;
    let decoded = char::decode_utf16([high, low]).next()?.ok()?;
    (decoded.len_utf16() == 2).then_some(())?;
    Some((decoded, behind.get(4..)?))
}

/// Three octal digits up to 177.
fn octal(text: &str) -> Option<(char, &str)> {
    let code = text.get(..3).filter(|code| code.bytes().all(|byte| (b'0'..=b'7').contains(&byte)))?;
    let number = u32::from_str_radix(code, 8).ok()?;
    Some((char::from_u32(number)?, text.get(3..)?))
}
