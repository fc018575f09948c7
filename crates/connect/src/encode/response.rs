//! An operation's responses as the protocol's messages. The same response always gives the same bytes, so that a
//! client that reads again gets what it got before.

use firesteel_base::{SparkError, SparkResult};
use firesteel_service::{
    CommandResult, Frame, ObservedMetrics, Operation, OperatorMetric, OperatorMetrics, Response, ResponseBody, Session,
    StageProgress, write_stream,
};
use prost::Message;
use spark_connect_proto as proto;
use spark_connect_proto::execute_plan_response::execution_progress::StageInfo;
use spark_connect_proto::execute_plan_response::metrics::{MetricObject, MetricValue};
use spark_connect_proto::execute_plan_response::{
    ArrowBatch, ExecutionProgress, Metrics, ResponseType, ResultComplete, SqlCommandResult,
};
use spark_connect_proto::relation::RelType;

use super::{data_type, literal};

pub(crate) fn response(
    session: &Session,
    operation: &Operation,
    response: Response,
) -> SparkResult<proto::ExecutePlanResponse> {
    let mut message = proto::ExecutePlanResponse {
        session_id: session.key().session_id.clone(),
        server_side_session_id: session.server_side_id().to_owned(),
        operation_id: operation.id().to_owned(),
        response_id: response.id.to_string(),
        ..Default::default()
    };
    match response.body {
        ResponseBody::Batch { schema, frame } => {
            message.schema = schema.as_ref().map(data_type::schema);
            message.response_type = Some(ResponseType::ArrowBatch(arrow_batch(frame)));
        }
        ResponseBody::Command(result) => {
            message.response_type = Some(ResponseType::SqlCommandResult(command_result(&result)?));
        }
        ResponseBody::Encoded(bytes) => {
            let answer = SqlCommandResult::decode(bytes)
                .map_err(|error| SparkError::internal("an answer written before cannot be read").caused_by(error))?;
            message.response_type = Some(ResponseType::SqlCommandResult(answer));
        }
        ResponseBody::Progress(stages) => {
            message.response_type = Some(ResponseType::ExecutionProgress(progress(&stages)));
        }
        ResponseBody::Checkpoint(relation_id) => {
            let relation = Some(proto::CachedRemoteRelation { relation_id });
            let result = proto::CheckpointCommandResult { relation };
            message.response_type = Some(ResponseType::CheckpointCommandResult(result));
        }
        ResponseBody::Complete { operators, observed } => {
            message.metrics =
                (!operators.is_empty()).then(|| Metrics { metrics: operators.into_iter().map(metrics_of).collect() });
            message.observed_metrics = observed.iter().map(observed_metrics).collect::<SparkResult<_>>()?;
            message.response_type = Some(ResponseType::ResultComplete(ResultComplete {}));
        }
    }
    Ok(message)
}

fn observed_metrics(metrics: &ObservedMetrics) -> SparkResult<proto::execute_plan_response::ObservedMetrics> {
    let columns = metrics.row.columns().iter().zip(metrics.schema.iter());
    let values = columns.map(|(column, field)| literal::literal(column, 0, &field.data_type));
    Ok(proto::execute_plan_response::ObservedMetrics {
        name: metrics.name.clone(),
        values: values.collect::<SparkResult<_>>()?,
        keys: metrics.schema.iter().map(|field| field.name.clone()).collect(),
        plan_id: metrics.plan_id.unwrap_or(0),
        ..Default::default()
    })
}

fn progress(stages: &[StageProgress]) -> ExecutionProgress {
    let in_flight = stages.iter().map(|stage| stage.tasks_started.saturating_sub(stage.tasks_completed)).sum();
    let stage = |stage: &StageProgress| StageInfo {
        stage_id: stage.id,
        num_tasks: stage.tasks,
        num_completed_tasks: stage.tasks_completed,
        input_bytes_read: stage.bytes_read,
        done: stage.is_done(),
    };
    ExecutionProgress { stages: stages.iter().map(stage).collect(), num_inflight_tasks: in_flight }
}

fn metrics_of(operator: OperatorMetrics) -> MetricObject {
    let metric = |metric: OperatorMetric| {
        let value = MetricValue { name: metric.label, value: metric.value, metric_type: metric.kind.to_owned() };
        (metric.key, value)
    };
    MetricObject {
        name: operator.name,
        plan_id: operator.id,
        parent: operator.parent,
        execution_metrics: operator.metrics.into_iter().map(metric).collect(),
    }
}

fn arrow_batch(frame: Frame) -> ArrowBatch {
    let (chunk_index, chunks) = frame.chunk;
    ArrowBatch {
        row_count: frame.row_count,
        data: frame.data,
        start_offset: Some(frame.start_offset),
        chunk_index: Some(chunk_index),
        num_chunks_in_batch: Some(chunks),
    }
}

/// A command's rows as a local relation, which the client may go on with.
fn command_result(result: &CommandResult) -> SparkResult<SqlCommandResult> {
    let local = proto::LocalRelation { data: Some(write_stream(&result.batch)?), schema: Some(result.schema.json()) };
    let relation = proto::Relation { common: None, rel_type: Some(RelType::LocalRelation(local)) };
    Ok(SqlCommandResult { relation: Some(relation) })
}
