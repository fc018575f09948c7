//! Tables, files, and text that is read as files are.

use firesteel_base::{SparkError, SparkResult, SparkType};
use firesteel_syntax::ir::RelationKind;
use firesteel_syntax::ir::relation::{DataSource, SchemaText, TableReference};
use firesteel_syntax::parse_multipart_identifier;
use spark_connect_proto as proto;
use spark_connect_proto::parse::ParseFormat;
use spark_connect_proto::read::ReadType;

use super::options;
use crate::decode::{Decoder, invalid};

impl<'a> Decoder<'a> {
    pub(super) fn read(&self, read: &proto::Read) -> SparkResult<RelationKind> {
        match &read.read_type {
            Some(ReadType::NamedTable(table)) => Ok(RelationKind::Table(TableReference {
                name: parse_multipart_identifier(&table.unparsed_identifier, &self.options)?,
                options: options(&table.options),
                is_streaming: read.is_streaming,
                time_travel: None,
                identifier: None,
                database: None,
            })),
            Some(ReadType::DataSource(source)) => data_source(source, read.is_streaming),
            None => Err(invalid::not_set("Read", "READTYPE")),
        }
    }

    pub(super) fn parse(&self, parse: &'a proto::Parse) -> SparkResult<RelationKind> {
        let format = match ParseFormat::try_from(parse.format) {
            Ok(ParseFormat::Csv) => "csv",
            Ok(ParseFormat::Json) => "json",
            Ok(ParseFormat::Xml) => "xml",
            Ok(ParseFormat::Unspecified) | Err(_) => {
                return Err(invalid::enumeration("Parse.format", "PARSE_FORMAT_UNSPECIFIED", parse.format));
            }
        };
        let schema = match parse.schema.as_ref().map(|schema| self.data_type(schema)).transpose()? {
            None => None,
            Some(SparkType::Struct(schema)) => Some(schema),
            Some(other) => return Err(not_a_struct(&other)),
        };
        Ok(RelationKind::Parse {
            input: self.input(parse.input.as_deref())?,
            format: format.to_owned(),
            schema,
            options: options(&parse.options),
        })
    }
}

/// A schema that is another type.
pub(super) fn not_a_struct(data_type: &SparkType) -> SparkError {
    invalid::plan("INVALID_SCHEMA_NON_STRUCT_TYPE")
        .param("inputSchema", data_type.simple_string())
        .param("dataType", data_type.sql())
}

fn data_source(source: &proto::read::DataSource, is_streaming: bool) -> SparkResult<RelationKind> {
    if is_streaming && source.paths.len() > 1 {
        return Err(invalid::plan("MULTIPLE_PATHS_NOT_SUPPORTED_FOR_STREAMING_SOURCE"));
    }
    let format = source.format.as_deref().filter(|format| !format.is_empty());
    let is_jdbc = format.is_some_and(|format| format.eq_ignore_ascii_case("jdbc"));
    if !source.predicates.is_empty() && !is_jdbc {
        return Err(
            invalid::plan("PREDICATES_NOT_SUPPORTED_FOR_DATA_SOURCE").param("format", format.unwrap_or_default())
        );
    }
    if source.source_name.is_some() && !is_streaming {
        return Err(SparkError::unsupported("a name for a source that is no stream"));
    }
    let schema = source.schema.as_deref().filter(|schema| !schema.is_empty());
    Ok(RelationKind::DataSource(DataSource {
        format: format.map(str::to_owned),
        schema: schema.map(|schema| SchemaText::Text(schema.to_owned())),
        options: options(&source.options),
        paths: source.paths.clone(),
        predicates: source.predicates.clone(),
        is_streaming,
    }))
}
