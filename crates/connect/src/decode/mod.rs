//! The protocol's plans to the IR: one small function for each relation, expression and command.
//!
//! Every field is used or refused. What makes no sense gets Spark's `CONNECT_INVALID_PLAN` conditions; what makes
//! sense and is not built becomes an `Unsupported` node that is refused by name where it is resolved.

pub(crate) mod catalog;
pub(crate) mod command;
pub(crate) mod data_type;
mod expression;
mod invalid;
mod literal;
mod relation;
mod sql;
mod window;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use firesteel_base::origin::{CallSite, Origin};
use firesteel_base::{SparkError, SparkResult};
use firesteel_service::{Session, Work};
use firesteel_syntax::ParserOptions;
use firesteel_syntax::ir::Relation;
use prost::bytes::Bytes;
use spark_connect_proto as proto;

/// Decodes one plan of a session.
pub(crate) struct Decoder<'a> {
    session: &'a Session,
    options: ParserOptions,
    scope: Option<Rc<Scope<'a>>>,
    /// Plans that are being put in place of references: meeting one again is a cycle.
    expanding: Rc<RefCell<HashSet<i64>>>,
    nodes: Rc<Cell<usize>>,
}

/// The plans that expressions of a plan refer to by their ids.
struct Scope<'a> {
    by_id: HashMap<i64, &'a proto::Relation>,
    outer: Option<Rc<Scope<'a>>>,
}

/// Nodes of a plan after references were put in place. Plans that share parts many times over could grow without end.
const NODES_MAX: usize = 2_000_000;

/// The stack is enlarged when less than this is left.
const STACK_LEFT_BYTES: usize = 256 << 10;
const STACK_MORE_BYTES: usize = 4 << 20;

impl<'a> Decoder<'a> {
    pub(crate) fn new(session: &'a Session) -> Self {
        Self { session, options: session.parser_options(), scope: None, expanding: Rc::default(), nodes: Rc::default() }
    }

    /// A decoder that also knows these plans by their ids.
    fn with_references(&self, references: &'a [proto::Relation]) -> Self {
        let with_id = |relation: &'a proto::Relation| {
            relation.common.as_ref().and_then(|common| common.plan_id).map(|id| (id, relation))
        };
        let by_id = references.iter().filter_map(with_id).collect();
        Self {
            session: self.session,
            options: self.options.clone(),
            scope: Some(Rc::new(Scope { by_id, outer: self.scope.clone() })),
            expanding: Rc::clone(&self.expanding),
            nodes: Rc::clone(&self.nodes),
        }
    }

    /// Counts a node and runs `decode` where there is stack for it.
    fn node<T>(&self, decode: impl FnOnce() -> SparkResult<T>) -> SparkResult<T> {
        let nodes = self.nodes.get() + 1;
        self.nodes.set(nodes);
        if nodes > NODES_MAX {
            return Err(SparkError::new("LIMIT_REACHED")
                .param("what", "nodes of a plan")
                .param("limit", NODES_MAX.to_string()));
        }
        stacker::maybe_grow(STACK_LEFT_BYTES, STACK_MORE_BYTES, decode)
    }
}

/// The relation of a message that must hold one; the message, which may be deep, is freed again.
pub(crate) fn relation_of(session: &Session, message: Option<proto::Relation>) -> SparkResult<Relation> {
    let decoded = match &message {
        Some(message) => Decoder::new(session).relation(message),
        None => Err(invalid::not_set("Relation", "RELTYPE")),
    };
    stacker::maybe_grow(1 << 20, 8 << 20, || drop(message));
    decoded
}

/// What the bytes of a request to execute a plan ask for: all that a server does with them before it runs anything. For
/// tests that damage such bytes.
pub fn decode_request(session: &Session, bytes: Bytes) -> SparkResult<Work> {
    let request: proto::ExecutePlanRequest = crate::codec::decode_message(bytes)?;
    work_of(session, request.plan)
}

/// The work of a plan; the message, which may be deep, is freed again.
pub(crate) fn work_of(session: &Session, message: Option<proto::Plan>) -> SparkResult<Work> {
    let plan = plan(message)?;
    let work = Decoder::new(session).work(&plan);
    stacker::maybe_grow(1 << 20, 8 << 20, || drop(plan));
    work
}

/// Compressed plans may grow to so many bytes.
const DECOMPRESSED_BYTES_MAX: usize = 128 << 20;

/// A plan's content, unpacked.
pub(crate) enum Plan {
    Root(Box<proto::Relation>),
    Command(Box<proto::Command>),
}

/// What the plan holds, decompressed if need be.
pub(crate) fn plan(plan: Option<proto::Plan>) -> SparkResult<Plan> {
    use proto::plan::OpType;
    use proto::plan::compressed_operation::OpType as Kind;
    match plan.and_then(|plan| plan.op_type) {
        None => Err(invalid::not_set("Plan", "OPTYPE")),
        Some(OpType::Root(root)) => Ok(Plan::Root(Box::new(root))),
        Some(OpType::Command(command)) => Ok(Plan::Command(Box::new(command))),
        Some(OpType::CompressedOperation(operation)) => {
            let data = decompress(&operation)?;
            match Kind::try_from(operation.op_type) {
                Ok(Kind::Relation) => Ok(Plan::Root(Box::new(crate::codec::decode_message(data)?))),
                Ok(Kind::Command) => Ok(Plan::Command(Box::new(crate::codec::decode_message(data)?))),
                Ok(Kind::Unspecified) | Err(_) => {
                    let cause = invalid::not_set("Plan.CompressedOperation", "OP_TYPE_UNSPECIFIED");
                    Err(invalid::plan("CANNOT_PARSE").param("errorMsg", cause.message()))
                }
            }
        }
    }
}

/// The relation of a plan that must be one.
pub(crate) fn root(message: Option<proto::Plan>) -> SparkResult<Box<proto::Relation>> {
    match plan(message)? {
        Plan::Root(root) => Ok(root),
        Plan::Command(_) => {
            Err(invalid::plan("ASSERTION_FAILURE").param("message", "a relation is needed where a command was sent"))
        }
    }
}

fn decompress(operation: &proto::plan::CompressedOperation) -> SparkResult<Bytes> {
    let failed = |message: String| invalid::plan("CANNOT_PARSE").param("errorMsg", message);
    match proto::CompressionCodec::try_from(operation.compression_codec) {
        Ok(proto::CompressionCodec::Zstd) => {
            use std::io::Read;
            let decoder =
                zstd::stream::read::Decoder::new(operation.data.as_ref()).map_err(|error| failed(error.to_string()))?;
            let mut data = Vec::new();
            let limit = u64::try_from(DECOMPRESSED_BYTES_MAX).unwrap_or(u64::MAX) + 1;
            decoder.take(limit).read_to_end(&mut data).map_err(|error| failed(error.to_string()))?;
            if data.len() > DECOMPRESSED_BYTES_MAX {
                return Err(invalid::plan("PLAN_SIZE_LARGER_THAN_MAX")
                    .param("planSize", "unknown")
                    .param("maxPlanSize", DECOMPRESSED_BYTES_MAX.to_string()));
            }
            Ok(data.into())
        }
        Ok(proto::CompressionCodec::Unspecified) | Err(_) => {
            Err(invalid::enumeration("CompressionCodec", "COMPRESSION_CODEC_UNSPECIFIED", operation.compression_codec))
        }
    }
}

/// Where a node was written, as the client tells it.
fn origin(origin: Option<&proto::Origin>) -> Origin {
    use proto::origin::Function;
    match origin.and_then(|origin| origin.function.as_ref()) {
        None => Origin::Unknown,
        Some(Function::PythonOrigin(python)) => {
            Origin::Call(Arc::new(CallSite { fragment: python.fragment.clone(), call_site: python.call_site.clone() }))
        }
        Some(Function::JvmOrigin(jvm)) => match jvm.stack_trace.first() {
            None => Origin::Unknown,
            Some(top) => {
                let call = |element: &proto::StackTraceElement| {
                    let file = element.file_name.as_deref().unwrap_or("Unknown Source");
                    format!("{}.{}({file}:{})", element.declaring_class, element.method_name, element.line_number)
                };
                let lines: Vec<String> = jvm.stack_trace.iter().map(call).collect();
                Origin::Call(Arc::new(CallSite { fragment: top.method_name.clone(), call_site: lines.join("\n") }))
            }
        },
    }
}
