//! Who calls: bearer tokens checked before a request is read, and the user that follows from them.
//!
//! A pre-shared token says that the caller may be trusted, also in what it says about its user. A user's token and a
//! JSON web token say who the user is: what the request says does not count then.

mod keys;

use std::fmt;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Map, Value};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Status};

pub use keys::KeySource;
use keys::{Found, Keys};

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Takes the same time wherever the texts differ.
    fn is(&self, other: &str) -> bool {
        let (own, other) = (self.0.as_bytes(), other.as_bytes());
        let difference = own.iter().zip(other).fold(0, |difference, (one, two)| difference | (one ^ two));
        own.len() == other.len() && difference == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// The credentials that are accepted. With none of them, everyone may call.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The token that all clients share.
    pub shared_token: Option<Secret>,
    /// Tokens that belong to users.
    pub user_tokens: Vec<(Secret, String)>,
    pub jwt: Option<JwtOptions>,
}

/// Which JSON web tokens are accepted.
#[derive(Clone, Debug)]
pub struct JwtOptions {
    pub keys: KeySource,
    /// `iss` must be this.
    pub issuer: Option<String>,
    /// `aud` must hold this.
    pub audience: Option<String>,
    /// The claim that names the user.
    pub user_claim: String,
}

/// The user that a credential names, put into a request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity(pub(crate) String);

/// Why [`Credentials`] cannot be used.
#[derive(Debug)]
pub struct CredentialsError(String);

impl fmt::Display for CredentialsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for CredentialsError {}

/// Checks credentials.
#[derive(Clone)]
pub(crate) struct Authenticator {
    credentials: Arc<Credentials>,
    keys: Option<Arc<Keys>>,
}

impl Credentials {
    /// Whether callers must authenticate.
    pub fn are_required(&self) -> bool {
        self.shared_token.is_some() || !self.user_tokens.is_empty() || self.jwt.is_some()
    }
}

impl Authenticator {
    pub(crate) fn new(credentials: Credentials) -> Result<Self, CredentialsError> {
        let keys = credentials.jwt.as_ref().map(|options| Keys::open(&options.keys)).transpose()?;
        Ok(Self { credentials: Arc::new(credentials), keys: keys.map(Arc::new) })
    }

    /// The service for callers whose credentials are good.
    pub(crate) fn guard<S>(&self, service: S) -> InterceptedService<S, impl Interceptor + Clone + use<S>> {
        let authenticator = self.clone();
        InterceptedService::new(service, move |request| authenticator.check(request))
    }

    /// Fetches the issuer's keys now and again, where they are published. Never returns.
    pub(crate) async fn keep_keys_fresh(&self) {
        match &self.keys {
            Some(keys) => keys.keep_fresh().await,
            None => std::future::pending().await,
        }
    }

    /// The request with the user that its credential names, or the refusal.
    pub(crate) fn check(&self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if !self.credentials.are_required() {
            return Ok(request);
        }
        let header = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        let header = header.ok_or_else(|| Status::unauthenticated("No authentication token provided"))?;
        let token = header
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or_else(|| Status::unauthenticated("Invalid authentication token"))?;
        if let Some(identity) = self.identity(token)? {
            request.extensions_mut().insert(identity);
        }
        Ok(request)
    }

    /// The user whose token it is; `None` for the shared one.
    fn identity(&self, token: &str) -> Result<Option<Identity>, Status> {
        let credentials = &self.credentials;
        if credentials.shared_token.as_ref().is_some_and(|shared| shared.is(token)) {
            return Ok(None);
        }
        // All are compared, so that the time says nothing about which.
        let matching: Vec<_> = credentials.user_tokens.iter().filter(|(known, _)| known.is(token)).collect();
        if let Some((_, user)) = matching.first() {
            return Ok(Some(Identity(user.clone())));
        }
        match (&credentials.jwt, &self.keys) {
            (Some(options), Some(keys)) => verify(token, options, keys).map(Some),
            _ => Err(Status::unauthenticated("Invalid authentication token")),
        }
    }
}

/// Signatures with keys that only the issuer has. Those with shared secrets are not among them.
const ALGORITHMS: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

fn verify(token: &str, options: &JwtOptions, keys: &Keys) -> Result<Identity, Status> {
    let refused = |reason: String| {
        tracing::info!(reason, "a token was refused");
        Status::unauthenticated("Invalid authentication token")
    };
    let header = decode_header(token).map_err(|error| refused(error.to_string()))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(refused(format!("the algorithm {:?} is not accepted", header.alg)));
    }
    let key = match keys.find(header.kid.as_deref()) {
        Found::Key(key) => key,
        // Clients try again.
        Found::Later => return Err(Status::unavailable("The keys of tokens are being fetched")),
        Found::Nothing => return Err(refused("no such key".to_owned())),
    };
    let mut validation = Validation::new(header.alg);
    validation.set_required_spec_claims(&["exp"]);
    validation.validate_nbf = true;
    match &options.audience {
        Some(audience) => validation.set_audience(&[audience]),
        None => validation.validate_aud = false,
    }
    if let Some(issuer) = &options.issuer {
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss"]);
    }
    let claims = decode::<Map<String, Value>>(token, &key, &validation);
    let claims = claims.map_err(|error| refused(error.to_string()))?.claims;
    match claims.get(&options.user_claim).and_then(Value::as_str).filter(|user| !user.is_empty()) {
        Some(user) => Ok(Identity(user.to_owned())),
        None => Err(refused(format!("the claim {} names no user", options.user_claim))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(authorization: Option<&str>) -> Request<()> {
        let mut request = Request::new(());
        if let Some(value) = authorization {
            request.metadata_mut().insert("authorization", value.parse().unwrap());
        }
        request
    }

    fn user_of(authenticator: &Authenticator, authorization: &str) -> Result<Option<String>, Status> {
        let checked = authenticator.check(request(Some(authorization)))?;
        Ok(checked.extensions().get::<Identity>().map(|identity| identity.0.clone()))
    }

    #[test]
    fn tokens_say_who_calls() {
        let open = Authenticator::new(Credentials::default()).unwrap();
        assert!(open.check(request(None)).is_ok());
        let credentials = Credentials {
            shared_token: Some(Secret::new("all")),
            user_tokens: vec![(Secret::new("a-secret"), "alice".to_owned())],
            jwt: None,
        };
        assert!(!format!("{credentials:?}").contains("secret"));
        let closed = Authenticator::new(credentials).unwrap();
        assert_eq!(closed.check(request(None)).unwrap_err().code(), tonic::Code::Unauthenticated);
        assert_eq!(user_of(&closed, "Bearer all").unwrap(), None);
        assert_eq!(user_of(&closed, "bearer a-secret").unwrap().as_deref(), Some("alice"));
        for wrong in ["Bearer al", "Bearer ", "Basic all", "all", "Bearer b-secret"] {
            assert_eq!(user_of(&closed, wrong).unwrap_err().code(), tonic::Code::Unauthenticated, "{wrong}");
        }
    }
}
