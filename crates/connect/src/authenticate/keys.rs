//! An issuer's public keys, from a file or from where the issuer publishes them.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use firesteel_base::error::causes;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use parking_lot::Mutex;
use reqwest::Client;
use reqwest::redirect::Policy;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};
use url::{Host, Url};

use super::CredentialsError;

/// Where an issuer's public keys (JWKS) are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// Read again when it changes.
    File(PathBuf),
    /// Fetched again every five minutes, and when a token names a key that is not known.
    Url(Url),
}

/// How often published keys are fetched without a reason.
const FETCH_INTERVAL: Duration = Duration::from_secs(300);
/// The time between two fetches at least, whatever tokens say.
const FETCH_PAUSE: Duration = Duration::from_secs(5);
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// Published keys that take more are refused.
const KEYS_BYTES_MAX: usize = 1 << 20;

impl KeySource {
    /// A URL by its scheme, a file otherwise. Keys must not be fetched where others could change them on their way.
    pub fn parse(text: &str) -> Result<Self, CredentialsError> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("http" | "https")) {
            return Ok(Self::File(PathBuf::from(text)));
        }
        let url = Url::parse(text).map_err(|error| CredentialsError(format!("{text} is no URL: {error}")))?;
        // It would be told in logs.
        if !url.username().is_empty() || url.password().is_some() {
            return Err(CredentialsError(
                "keys are public: their URL must not hold a user name or password".to_owned(),
            ));
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(CredentialsError(format!("{url}: keys are fetched by https only, except from this machine")));
        }
        Ok(Self::Url(url))
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::Url(url) => url.fmt(formatter),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What a key's name leads to.
pub(super) enum Found {
    Key(DecodingKey),
    /// It may be among keys that are being fetched.
    Later,
    Nothing,
}

pub(super) struct Keys {
    source: KeySource,
    loaded: Mutex<Loaded>,
    /// Wakes the task that fetches.
    wanted: Notify,
}

#[derive(Default)]
struct Loaded {
    /// Of the file.
    modified: Option<SystemTime>,
    /// When the last fetch ended, well or not.
    fetched: Option<Instant>,
    by_id: HashMap<String, DecodingKey>,
}

impl Keys {
    pub(super) fn open(source: &KeySource) -> Result<Self, CredentialsError> {
        let loaded = match source {
            KeySource::File(path) => load(path)?,
            KeySource::Url(_) => Loaded::default(),
        };
        Ok(Self { source: source.clone(), loaded: Mutex::new(loaded), wanted: Notify::new() })
    }

    /// The key of this id; the only one, if the token names none.
    pub(super) fn find(&self, id: Option<&str>) -> Found {
        let mut loaded = self.loaded.lock();
        if let KeySource::File(path) = &self.source
            && modified(path) != loaded.modified
        {
            match load(path) {
                Ok(now) => *loaded = now,
                Err(error) => tracing::warn!(%error, "the keys of tokens could not be read again"),
            }
        }
        let key = match id {
            Some(id) => loaded.by_id.get(id),
            None if loaded.by_id.len() == 1 => loaded.by_id.values().next(),
            None => None,
        };
        match key {
            Some(key) => Found::Key(key.clone()),
            None if self.is_outdated(&loaded) => {
                self.wanted.notify_one();
                Found::Later
            }
            None => Found::Nothing,
        }
    }

    /// Whether fetching the keys may find more of them.
    fn is_outdated(&self, loaded: &Loaded) -> bool {
        let is_old = loaded.fetched.is_none_or(|fetched| fetched.elapsed() >= FETCH_PAUSE);
        matches!(self.source, KeySource::Url(_)) && (is_old || loaded.by_id.is_empty())
    }

    /// Fetches published keys now and again. Keys that were good stay when they cannot be fetched. Never returns.
    pub(super) async fn keep_fresh(&self) {
        let KeySource::Url(url) = &self.source else { return std::future::pending().await };
        // A redirect could lead to where keys must not come from.
        let client = match Client::builder().redirect(Policy::none()).timeout(FETCH_TIMEOUT).build() {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(%error, "the keys of tokens cannot be fetched");
                return std::future::pending().await;
            }
        };
        loop {
            match fetch(&client, url).await {
                Ok(by_id) => self.loaded.lock().by_id = by_id,
                Err(error) => tracing::warn!(%error, "the keys of tokens could not be fetched"),
            }
            let now = Instant::now();
            self.loaded.lock().fetched = Some(now);
            tokio::select! {
                () = sleep(FETCH_INTERVAL) => {}
                () = self.wanted.notified() => sleep_until(now + FETCH_PAUSE).await,
            }
        }
    }
}

async fn fetch(client: &Client, url: &Url) -> Result<HashMap<String, DecodingKey>, CredentialsError> {
    let failed = |error: reqwest::Error| {
        let told: Vec<String> = causes(&error.without_url()).map(ToString::to_string).collect();
        CredentialsError(told.join(": "))
    };
    let mut response =
        client.get(url.clone()).send().await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > KEYS_BYTES_MAX {
            return Err(CredentialsError(format!("more than {KEYS_BYTES_MAX} bytes of keys at {url}")));
        }
    }
    parse(&body, &KeySource::Url(url.clone()))
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}

fn load(path: &Path) -> Result<Loaded, CredentialsError> {
    let source = KeySource::File(path.to_owned());
    let modified = modified(path);
    let text = std::fs::read(path).map_err(|error| unreadable(&source, &error))?;
    Ok(Loaded { modified, by_id: parse(&text, &source)?, ..Loaded::default() })
}

fn parse(text: &[u8], source: &KeySource) -> Result<HashMap<String, DecodingKey>, CredentialsError> {
    let set: JwkSet = serde_json::from_slice(text).map_err(|error| unreadable(source, &error))?;
    let mut by_id = HashMap::new();
    for (index, key) in set.keys.iter().enumerate() {
        let id = key.common.key_id.clone().unwrap_or_else(|| index.to_string());
        by_id.insert(id, DecodingKey::from_jwk(key).map_err(|error| unreadable(source, &error))?);
    }
    if by_id.is_empty() {
        return Err(CredentialsError(format!("there are no keys in {source}")));
    }
    Ok(by_id)
}

fn unreadable(source: &KeySource, error: &dyn fmt::Display) -> CredentialsError {
    CredentialsError(format!("cannot read the keys in {source}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_from_where_nobody_else_can_change_them() {
        assert_eq!(KeySource::parse("/etc/keys.json").unwrap(), KeySource::File(PathBuf::from("/etc/keys.json")));
        for good in
            ["https://issuer.example/keys", "http://127.0.0.1:8080/keys", "http://localhost/keys", "http://[::1]/keys"]
        {
            assert!(matches!(KeySource::parse(good).unwrap(), KeySource::Url(_)), "{good}");
        }
        for bad in ["http://issuer.example/keys", "https://", "http://127.0.0.1.example/keys"] {
            assert!(KeySource::parse(bad).is_err(), "{bad}");
        }
        for secret in ["https://user:password@issuer.example/keys", "https://password@issuer.example/keys"] {
            assert!(!KeySource::parse(secret).unwrap_err().0.contains("password@"), "{secret}");
        }
    }
}
