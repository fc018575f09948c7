//! Reading and changing a session's settings.

use firesteel_base::config::SessionConf;
use firesteel_base::{SparkError, SparkResult};
use spark_connect_proto as proto;
use spark_connect_proto::config_request::operation::OpType;
use tonic::{Response, Status};

use super::{Caller, Handler, answer, caller};

impl Handler {
    pub(super) fn configure(&self, request: proto::ConfigRequest) -> Result<Response<proto::ConfigResponse>, Status> {
        let caller = caller!(request);
        let session = self.session(&caller)?;
        let operation = request.operation.and_then(|operation| operation.op_type);
        let result = session.with_conf(|conf| match operation {
            Some(operation) => run(conf, operation),
            None => Err(SparkError::unsupported("a configuration request that asks nothing")),
        });
        let result = result.map(|(pairs, warnings)| proto::ConfigResponse {
            session_id: request.session_id,
            server_side_session_id: session.server_side_id().to_owned(),
            pairs,
            warnings,
        });
        answer(&session, result)
    }
}

type Answer = (Vec<proto::KeyValue>, Vec<String>);

fn pair(key: &str, value: Option<String>) -> proto::KeyValue {
    proto::KeyValue { key: key.to_owned(), value }
}

fn run(conf: &mut SessionConf, operation: OpType) -> SparkResult<Answer> {
    let mut warnings = Vec::new();
    let pairs = match operation {
        OpType::Set(set) => {
            for pair in set.pairs {
                let silent = set.silent.unwrap_or(false);
                warnings.extend(set_one(conf, &pair, silent)?);
                warnings.extend(conf.warning(&pair.key));
            }
            Vec::new()
        }
        OpType::Get(get) => {
            warnings.extend(get.keys.iter().filter_map(|key| conf.warning(key)));
            let value = |key: &String| Ok(pair(key, Some(conf.get(key)?)));
            get.keys.iter().map(value).collect::<SparkResult<_>>()?
        }
        OpType::GetWithDefault(get) => {
            warnings.extend(get.pairs.iter().filter_map(|pair| conf.warning(&pair.key)));
            let value = |asked: &proto::KeyValue| {
                Ok(pair(&asked.key, conf.get_with_default(&asked.key, asked.value.as_deref())?))
            };
            get.pairs.iter().map(value).collect::<SparkResult<_>>()?
        }
        OpType::GetOption(get) => {
            warnings.extend(get.keys.iter().filter_map(|key| conf.warning(key)));
            get.keys.iter().map(|key| pair(key, conf.get_option(key))).collect()
        }
        OpType::GetAll(get) => {
            let all = conf.get_all(get.prefix.as_deref());
            all.into_iter().map(|(key, value)| pair(&key, Some(value))).collect()
        }
        OpType::Unset(unset) => {
            for key in &unset.keys {
                conf.unset(key)?;
                warnings.extend(conf.warning(key));
            }
            Vec::new()
        }
        OpType::IsModifiable(asked) => {
            warnings.extend(asked.keys.iter().filter_map(|key| conf.warning(key)));
            asked.keys.iter().map(|key| pair(key, Some(conf.is_modifiable(key).to_string()))).collect()
        }
    };
    Ok((pairs, warnings))
}

fn set_one(conf: &mut SessionConf, pair: &proto::KeyValue, silent: bool) -> SparkResult<Option<String>> {
    let Some(value) = &pair.value else {
        return Err(SparkError::unsupported(format!("setting the key {} to nothing", pair.key)));
    };
    if silent {
        return Ok(conf.set_silently(&pair.key, value));
    }
    conf.set(&pair.key, value)?;
    Ok(None)
}
