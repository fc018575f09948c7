//! The protocol's commands: what an operation is to do.

use firesteel_base::{SparkError, SparkResult};
use firesteel_service::Work;
use firesteel_syntax::ir::Command;
use firesteel_syntax::ir::command::{CreateView, SaveMode, ViewScope, Write, WriteTarget, WriteTo, WriteToAction};
use firesteel_syntax::parse_table_identifier;
use indexmap::IndexMap;
use prost::Message;
use prost::bytes::Bytes;
use spark_connect_proto as proto;
use spark_connect_proto::command::CommandType;
use spark_connect_proto::execute_plan_response::SqlCommandResult;
use spark_connect_proto::relation::RelType;
use spark_connect_proto::write_operation::save_table::TableSaveMethod;
use spark_connect_proto::write_operation::{SaveMode as Mode, SaveType};
use spark_connect_proto::write_operation_v2::Mode as ModeV2;

use super::relation::options;
use super::{Decoder, Plan, invalid};

impl<'a> Decoder<'a> {
    /// What a plan asks an operation to do.
    pub(crate) fn work(&self, plan: &'a Plan) -> SparkResult<Work> {
        match plan {
            Plan::Root(root) => Ok(Work::Rows(Box::new(self.relation(root)?))),
            Plan::Command(command) => self.command(command),
        }
    }

    fn command(&self, command: &'a proto::Command) -> SparkResult<Work> {
        let command = command.command_type.as_ref().ok_or_else(|| invalid::not_set("Command", "COMMANDTYPE"))?;
        match command {
            CommandType::SqlCommand(sql) => self.sql_command(sql),
            CommandType::WriteOperation(write) => self.write(write).map(done),
            CommandType::WriteOperationV2(write) => self.write_to(write).map(done),
            CommandType::CreateDataframeView(create) => self.create_view(create).map(done),
            CommandType::CheckpointCommand(checkpoint) => self.checkpoint(checkpoint),
            CommandType::RemoveCachedRemoteRelationCommand(remove) => {
                let id = remove.relation.as_ref().map(|relation| relation.relation_id.clone()).unwrap_or_default();
                Ok(Work::ForgetCheckpoint(id))
            }
            CommandType::Extension(any) => {
                Err(invalid::plan("NO_HANDLER_FOR_EXTENSION").param("extensionTypeUrl", &any.type_url))
            }
            other => Err(SparkError::unsupported(unsupported(other))),
        }
    }

    fn checkpoint(&self, checkpoint: &'a proto::CheckpointCommand) -> SparkResult<Work> {
        Ok(Work::Checkpoint {
            relation: Box::new(self.required(checkpoint.relation.as_ref())?),
            is_eager: checkpoint.eager,
            level: checkpoint.storage_level.as_ref().map(super::catalog::storage_level),
        })
    }

    /// A query is checked and given back for the client to run; a command is run at once.
    fn sql_command(&self, sql: &'a proto::SqlCommand) -> SparkResult<Work> {
        let (relation, input) = match &sql.input {
            Some(input) => {
                if !matches!(input.rel_type, Some(RelType::Sql(_) | RelType::WithRelations(_))) {
                    return Err(
                        invalid::plan("SQL_COMMAND_EXPECTS_SQL_OR_WITH_RELATIONS").param("other", "another relation")
                    );
                }
                (self.relation(input)?, input.clone())
            }
            None => {
                let input = relation_of(sql);
                let Some(RelType::Sql(text)) = &input.rel_type else { return Err(invalid::missing()) };
                (self.sql(text)?, input)
            }
        };
        let answer = SqlCommandResult { relation: Some(input) };
        Ok(Work::Sql { relation: Box::new(relation), answer: Bytes::from(answer.encode_to_vec()) })
    }

    fn create_view(&self, create: &'a proto::CreateDataFrameViewCommand) -> SparkResult<Command> {
        let query = Box::new(self.required(create.input.as_ref())?);
        let name = parse_table_identifier(&create.name, &self.options)
            .map_err(|_| SparkError::new("_LEGACY_ERROR_TEMP_1321").param("viewName", &create.name))?;
        Ok(Command::CreateView(CreateView {
            name,
            columns: Vec::new(),
            query,
            text: None,
            scope: if create.is_global { ViewScope::GlobalTemporary } else { ViewScope::Temporary },
            replace: create.replace,
            if_not_exists: false,
            comment: None,
            properties: IndexMap::new(),
            schema_mode: None,
        }))
    }

    fn write(&self, write: &'a proto::WriteOperation) -> SparkResult<Command> {
        if write.with_schema_evolution {
            return Err(SparkError::unsupported("withSchemaEvolution on writing"));
        }
        let target = match &write.save_type {
            None => WriteTarget::Options,
            Some(SaveType::Path(path)) => WriteTarget::Path(path.clone()),
            Some(SaveType::Table(table)) => {
                let name = firesteel_syntax::parse_multipart_identifier(&table.table_name, &self.options)?;
                match TableSaveMethod::try_from(table.save_method) {
                    Ok(TableSaveMethod::SaveAsTable) => WriteTarget::Table(name),
                    Ok(TableSaveMethod::InsertInto) => WriteTarget::InsertInto(name),
                    Ok(TableSaveMethod::Unspecified) | Err(_) => {
                        return Err(invalid::enumeration(
                            "WriteOperation.SaveTable.save_method",
                            "TABLE_SAVE_METHOD_UNSPECIFIED",
                            table.save_method,
                        ));
                    }
                }
            }
        };
        let mode = match Mode::try_from(write.mode) {
            Ok(Mode::Append) => SaveMode::Append,
            Ok(Mode::Overwrite) => SaveMode::Overwrite,
            Ok(Mode::ErrorIfExists | Mode::Unspecified) => SaveMode::ErrorIfExists,
            Ok(Mode::Ignore) => SaveMode::Ignore,
            Err(_) => return Err(invalid::enumeration("WriteOperation.mode", "UNRECOGNIZED", write.mode)),
        };
        let bucket_by = write.bucket_by.as_ref().map(|bucket| (bucket.num_buckets, bucket.bucket_column_names.clone()));
        Ok(Command::Write(Box::new(Write {
            input: self.required(write.input.as_ref())?,
            format: write.source.clone().filter(|source| !source.is_empty()),
            target,
            mode,
            options: options(&write.options),
            partition_by: write.partitioning_columns.clone(),
            sort_by: write.sort_column_names.clone(),
            bucket_by,
            cluster_by: write.clustering_columns.clone(),
        })))
    }
}

impl<'a> Decoder<'a> {
    fn write_to(&self, write: &'a proto::WriteOperationV2) -> SparkResult<Command> {
        if write.with_schema_evolution {
            return Err(SparkError::unsupported("withSchemaEvolution on writing"));
        }
        let action = match ModeV2::try_from(write.mode) {
            Ok(ModeV2::Create) => WriteToAction::Create,
            Ok(ModeV2::Append) => WriteToAction::Append,
            Ok(ModeV2::Overwrite) => WriteToAction::Overwrite,
            Ok(ModeV2::OverwritePartitions) => WriteToAction::OverwritePartitions,
            Ok(ModeV2::Replace) => WriteToAction::Replace,
            Ok(ModeV2::CreateOrReplace) => WriteToAction::CreateOrReplace,
            Ok(ModeV2::Unspecified) | Err(_) => {
                return Err(invalid::enumeration("WriteOperationV2.mode", "MODE_UNSPECIFIED", write.mode));
            }
        };
        Ok(Command::WriteTo(Box::new(WriteTo {
            input: self.required(write.input.as_ref())?,
            table: firesteel_syntax::parse_multipart_identifier(&write.table_name, &self.options)?,
            provider: write.provider.clone().filter(|provider| !provider.is_empty()),
            options: options(&write.options),
            properties: options(&write.table_properties),
            partitioning: self.expressions(&write.partitioning_columns)?,
            cluster_by: write.clustering_columns.clone(),
            action,
        })))
    }
}

fn done(command: Command) -> Work {
    Work::Command(Box::new(command))
}

/// The relation that a client before 4.0 means with the fields of the command.
#[expect(deprecated, reason = "clients before 4.0 send their statements here")]
fn relation_of(sql: &proto::SqlCommand) -> proto::Relation {
    let sql = proto::Sql {
        query: sql.sql.clone(),
        args: sql.args.clone(),
        pos_args: sql.pos_args.clone(),
        named_arguments: sql.named_arguments.clone(),
        pos_arguments: sql.pos_arguments.clone(),
    };
    proto::Relation { common: None, rel_type: Some(RelType::Sql(sql)) }
}

/// What a command that is not built is called where it is refused.
fn unsupported(command: &CommandType) -> &'static str {
    match command {
        CommandType::RegisterFunction(_) => "registering user-defined functions",
        CommandType::RegisterTableFunction(_) => "registering user-defined table functions",
        CommandType::RegisterDataSource(_) => "registering Python data sources",
        CommandType::WriteStreamOperationStart(_) => "writeStream",
        CommandType::StreamingQueryCommand(_) => "commands on a streaming query",
        CommandType::StreamingQueryManagerCommand(_) => "spark.streams",
        CommandType::StreamingQueryListenerBusCommand(_) => "listeners of streaming queries",
        CommandType::GetResourcesCommand(_) => "resources",
        CommandType::CreateResourceProfileCommand(_) => "resource profiles",
        CommandType::MergeIntoTableCommand(_) => "mergeInto",
        CommandType::MlCommand(_) => "Spark ML",
        CommandType::ExecuteExternalCommand(_) => "executeCommand",
        CommandType::PipelineCommand(_) => "declarative pipelines",
        _ => "a command of the protocol",
    }
}
