//! The one typed configuration, made of defaults, a file, the environment and flags.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use firesteel_service::Limits;
use serde::Deserialize;

use crate::Failure;
use crate::arguments::{self, Common, Serve};
use crate::security::{self, Authentication, Security, Tls};

/// Spark Connect's port.
const DEFAULT_PORT: u16 = 15002;

/// Everything that is configured, checked.
#[derive(Clone, Debug)]
pub struct Configuration {
    pub address: IpAddr,
    pub port: u16,
    pub memory_bytes: usize,
    pub spill_directory: Option<PathBuf>,
    pub parallelism: usize,
    pub log: String,
    pub log_json: bool,
    /// Settings that sessions begin with.
    pub conf: BTreeMap<String, String>,
    pub security: Security,
    pub limits: Limits,
}

/// The file's form. Unknown keys are refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    address: Option<IpAddr>,
    port: Option<u16>,
    memory: Option<String>,
    spill_directory: Option<PathBuf>,
    parallelism: Option<usize>,
    log: Option<String>,
    log_json: Option<bool>,
    conf: BTreeMap<String, String>,
    authentication: Authentication,
    tls: Tls,
    allow_unauthenticated: bool,
    web_origins: Vec<String>,
    sessions: SessionLimits,
}

/// `[sessions]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SessionLimits {
    /// Open sessions of all users, and of one.
    max: Option<usize>,
    max_of_user: Option<usize>,
    idle_seconds: Option<u64>,
}

impl SessionLimits {
    fn limits(&self) -> Limits {
        let default = Limits::default();
        Limits {
            sessions_max: self.max.unwrap_or(default.sessions_max),
            sessions_of_user_max: self.max_of_user.unwrap_or(default.sessions_of_user_max),
            session_idle: self.idle_seconds.map_or(default.session_idle, Duration::from_secs),
            ..default
        }
    }
}

impl Configuration {
    pub fn for_serving(options: &Serve) -> Result<Self, Failure> {
        Self::new(&options.common, &options.security, options.address, options.port)
    }

    pub fn for_shell(options: &Common) -> Result<Self, Failure> {
        Self::new(options, &arguments::Security::default(), None, None)
    }

    fn new(
        common: &Common,
        security: &arguments::Security,
        address: Option<IpAddr>,
        port: Option<u16>,
    ) -> Result<Self, Failure> {
        let file = common.config.as_deref().map(read).transpose()?.unwrap_or_default();
        let memory_bytes = match common.memory.as_ref().or(file.memory.as_ref()) {
            Some(text) => parse_size(text)?,
            None => firesteel_engine::memory::default_pool_bytes(),
        };
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let parallelism = common.parallelism.or(file.parallelism).unwrap_or_else(processors);
        if parallelism == 0 {
            return Err(Failure("parallelism must be at least 1".to_owned()));
        }
        let mut conf = file.conf;
        for setting in &common.conf {
            let (key, value) = setting
                .split_once('=')
                .ok_or_else(|| Failure(format!("--conf takes KEY=VALUE, but was given {setting}")))?;
            conf.insert(key.to_owned(), value.to_owned());
        }
        // Spark's own key for it. Sessions must not read it.
        let token = conf.remove("spark.connect.authenticate.token");
        let limits = file.sessions.limits();
        let given = security::Given {
            authentication: file.authentication,
            tls: file.tls,
            allow_unauthenticated: file.allow_unauthenticated,
            web_origins: file.web_origins,
            token,
        };
        let security = Security::new(security, given)?;
        Ok(Self {
            address: address.or(file.address).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: port.or(file.port).unwrap_or(DEFAULT_PORT),
            memory_bytes,
            spill_directory: common.spill_directory.clone().or(file.spill_directory),
            parallelism,
            log: common.log.clone().or(file.log).unwrap_or_else(|| "info".to_owned()),
            log_json: common.log_json || file.log_json.unwrap_or(false),
            conf,
            security,
            limits,
        })
    }
}

fn read(path: &Path) -> Result<File, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure(format!("cannot read the configuration {}: {error}", path.display())))?;
    toml::from_str(&text).map_err(|error| Failure(format!("in the configuration {}: {error}", path.display())))
}

/// Bytes of a size such as `512m`, `8g`, `8GiB` or `1073741824`.
fn parse_size(text: &str) -> Result<usize, Failure> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.find(|character: char| !character.is_ascii_digit()).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(digits);
    let shift = match unit.trim() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err(Failure(format!("{text} is no size: write a number with k, m, g or t"))),
    };
    let number: usize = number.parse().map_err(|_| Failure(format!("{text} is no size")))?;
    number.checked_mul(1 << shift).ok_or_else(|| Failure(format!("{text} is too large")))
}

#[cfg(test)]
mod tests {
    use super::{Configuration, parse_size};
    use crate::arguments::Common;

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("512m").unwrap(), 512 << 20);
        assert_eq!(parse_size("8GiB").unwrap(), 8 << 30);
        assert_eq!(parse_size("1024").unwrap(), 1024);
        assert!(parse_size("8 apples").is_err());
        assert!(parse_size("").is_err());
    }

    #[test]
    fn flags_win_over_the_file() {
        let directory = std::env::temp_dir().join(format!("firesteel-config-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("firesteel.toml");
        std::fs::write(&path, "memory = \"1g\"\nport = 1234\n[conf]\n\"spark.sql.ansi.enabled\" = \"false\"\n")
            .unwrap();
        let common = Common { config: Some(path.clone()), memory: Some("2g".to_owned()), ..Common::default() };
        let configuration = Configuration::new(&common, &Default::default(), None, None).unwrap();
        assert_eq!((configuration.memory_bytes, configuration.port), (2 << 30, 1234));
        assert_eq!(configuration.conf.get("spark.sql.ansi.enabled").map(String::as_str), Some("false"));
        std::fs::write(&path, "prot = 1\n").unwrap();
        assert!(Configuration::new(&common, &Default::default(), None, None).is_err());
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
