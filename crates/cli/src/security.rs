//! Who may connect and how, read from flags and the configuration file and checked before anything listens.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use firesteel_connect::{Credentials, JwtOptions, KeySource, Secret, TlsOptions};
use serde::Deserialize;

use crate::{Failure, arguments};

/// What is configured, with its files read.
#[derive(Clone, Debug)]
pub struct Security {
    pub credentials: Credentials,
    pub tls: Option<TlsOptions>,
    pub web_origins: Vec<String>,
    allow_unauthenticated: bool,
}

/// `[authentication]`: files, so that the configuration itself holds no secrets.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Authentication {
    token_file: Option<PathBuf>,
    /// Files with users' tokens.
    user_token_files: BTreeMap<String, PathBuf>,
    jwt: Option<Jwt>,
}

/// `[authentication.jwt]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwt {
    keys: Option<String>,
    issuer: Option<String>,
    audience: Option<String>,
    user_claim: Option<String>,
}

/// `[tls]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    client_roots: Option<PathBuf>,
}

/// What the file says.
pub struct Given {
    pub authentication: Authentication,
    pub tls: Tls,
    pub allow_unauthenticated: bool,
    pub web_origins: Vec<String>,
    /// The shared token, if a setting gave it.
    pub token: Option<String>,
}

impl Security {
    pub fn new(flags: &arguments::Security, given: Given) -> Result<Self, Failure> {
        let Given { authentication, tls, allow_unauthenticated, web_origins, token } = given;
        let token_file = flags.token_file.as_ref().or(authentication.token_file.as_ref());
        let shared_token = match token_file {
            Some(file) => Some(secret(file)?),
            None => token.map(Secret::new),
        };
        let user_token = |(user, file): (&String, &PathBuf)| Ok((secret(file)?, user.clone()));
        let user_tokens: Result<Vec<_>, Failure> = authentication.user_token_files.iter().map(user_token).collect();
        let credentials = Credentials { shared_token, user_tokens: user_tokens?, jwt: jwt(flags, authentication.jwt)? };
        let origins = if flags.web_origins.is_empty() { web_origins } else { flags.web_origins.clone() };
        Ok(Self {
            credentials,
            tls: read_tls(flags, &tls)?,
            web_origins: origins,
            allow_unauthenticated: flags.allow_unauthenticated || allow_unauthenticated,
        })
    }

    /// Others can only connect where they must say who they are, unless that is wanted.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Failure> {
        let knows_callers =
            self.credentials.are_required() || self.tls.as_ref().is_some_and(|tls| tls.client_roots.is_some());
        if address.is_loopback() || knows_callers || self.allow_unauthenticated {
            return Ok(());
        }
        Err(Failure(format!(
            "will not listen on {address}: anyone who connects could read and write what this server can. Configure a \
             token, JSON web tokens or client certificates, or say --allow-unauthenticated"
        )))
    }
}

fn jwt(flags: &arguments::Security, file: Option<Jwt>) -> Result<Option<JwtOptions>, Failure> {
    let keys = flags.jwt_keys.clone().or_else(|| file.as_ref().and_then(|jwt| jwt.keys.clone()));
    let Some(keys) = keys else {
        return match file {
            Some(_) => Err(Failure("[authentication.jwt] needs keys: a file or URL with the issuer's keys".to_owned())),
            None => Ok(None),
        };
    };
    let keys = KeySource::parse(&keys).map_err(|error| Failure(error.to_string()))?;
    let (issuer, audience, user_claim) =
        file.map_or((None, None, None), |jwt| (jwt.issuer, jwt.audience, jwt.user_claim));
    Ok(Some(JwtOptions { keys, issuer, audience, user_claim: user_claim.unwrap_or_else(|| "sub".to_owned()) }))
}

fn read_tls(flags: &arguments::Security, file: &Tls) -> Result<Option<TlsOptions>, Failure> {
    let certificate = flags.tls_certificate.as_ref().or(file.certificate.as_ref());
    let key = flags.tls_key.as_ref().or(file.key.as_ref());
    let roots = flags.tls_client_roots.as_ref().or(file.client_roots.as_ref());
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some(TlsOptions {
            certificate: read(certificate)?,
            key: read(key)?,
            client_roots: roots.map(|roots| read(roots)).transpose()?,
        })),
        (None, None) if roots.is_none() => Ok(None),
        _ => Err(Failure("encryption needs both a certificate and its key".to_owned())),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure(format!("cannot read {}: {error}", path.display())))
}

/// The first line of a file.
fn secret(path: &Path) -> Result<Secret, Failure> {
    let text = String::from_utf8(read(path)?).map_err(|_| Failure(format!("{} is no text", path.display())))?;
    match text.lines().next().map(str::trim).filter(|token| !token.is_empty()) {
        Some(token) => Ok(Secret::new(token)),
        None => Err(Failure(format!("there is no token in {}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn security(token: Option<&str>, allow_unauthenticated: bool) -> Security {
        let given = Given {
            authentication: Authentication::default(),
            tls: Tls::default(),
            allow_unauthenticated,
            web_origins: Vec::new(),
            token: token.map(str::to_owned),
        };
        Security::new(&arguments::Security::default(), given).unwrap()
    }

    #[test]
    fn others_connect_only_where_they_say_who_they_are() {
        let (here, everywhere) = ("127.0.0.1".parse().unwrap(), "0.0.0.0".parse().unwrap());
        assert!(security(None, false).check_address(here).is_ok());
        assert!(security(None, false).check_address(everywhere).is_err());
        assert!(security(None, true).check_address(everywhere).is_ok());
        assert!(security(Some("token"), false).check_address(everywhere).is_ok());
        assert!(!format!("{:?}", security(Some("hidden"), false)).contains("hidden"));
    }
}
