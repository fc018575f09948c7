//! Calls that are no plain functions: they look at names, need the grouping, or are written as operators.

use datafusion::scalar::ScalarValue;
use firesteel_base::error::quoting::{to_sql_expr, to_sql_type};
use firesteel_base::identifier::quote_if_needed;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::collection;
use firesteel_syntax::ir::expression::{Expression, FunctionCall, Like, LikeKind, LikeQuantifier};
use firesteel_syntax::parser::{self, ParserOptions};

use super::function::check_arity;
use crate::lower::Lowering;
use crate::resolver::Resolver;
use crate::scope::Scope;
use crate::sources::{METADATA, file_field};
use crate::typed::{Substituted, Typed, TypedKind};

impl Resolver<'_> {
    /// The call as a special form; `None` if the name is a plain function's.
    pub fn special_form(
        &self,
        name: &str,
        call: &FunctionCall,
        scope: &Scope<'_>,
        origin: &Origin,
    ) -> SparkResult<Option<Typed>> {
        match name {
            "struct" => self.struct_form(&call.arguments, scope, origin).map(Some),
            "when" => self.when_form(&call.arguments, scope, origin).map(Some),
            "in" => {
                let mut arguments = self.resolve_all(&call.arguments, scope)?.into_iter();
                let child = arguments.next().ok_or_else(|| SparkError::internal("IN without a value"))?;
                self.in_list(child, arguments.collect(), origin).map(Some)
            }
            "!=" | "<>" => {
                let arguments = self.resolve_all(&call.arguments, scope)?;
                let equal = self.call("=", arguments, origin)?;
                self.call("not", vec![equal], origin).map(Some)
            }
            "input_file_name" | "input_file_block_start" | "input_file_block_length" => {
                self.input_file_form(name, call, scope, origin).map(Some)
            }
            "grouping" => self.grouping_form(call, scope, origin).map(Some),
            "grouping_id" => self.grouping_id_form(call, scope, origin).map(Some),
            _ => Ok(None),
        }
    }

    /// `input_file_name()` and its like: what is known of the file that a row is read from; nothing where no file is.
    fn input_file_form(
        &self,
        name: &str,
        call: &FunctionCall,
        scope: &Scope<'_>,
        origin: &Origin,
    ) -> SparkResult<Typed> {
        let function = firesteel_functions::registry::find(name);
        let function = function.ok_or_else(|| self.unresolved_routine(&call.name))?;
        check_arity(function, name, call.arguments.len())?;
        let Some((field, data_type)) = file_field(name) else { return Err(self.unresolved_routine(&call.name)) };
        let printed: std::sync::Arc<str> = format!("{name}()").into();
        let scopes = std::iter::successors(Some(scope), |scope| scope.below);
        let known = scopes.flat_map(|scope| scope.hidden.iter().chain(scope.attributes));
        let files: Vec<_> = known.filter(|attribute| &*attribute.name == METADATA).collect();
        let child = match files.as_slice() {
            [file] => {
                let child = Box::new(Typed::column(file));
                Typed::new(TypedKind::Field { child, name: field.into() }, data_type.clone(), false, origin.clone())
            }
            [] if self.files.borrow().is_empty() => {
                let nothing = match data_type {
                    SparkType::Long => ScalarValue::Int64(Some(-1)),
                    _ => ScalarValue::Utf8(Some(String::new())),
                };
                Typed::literal(nothing, data_type.clone())
            }
            [] => return Err(SparkError::unsupported(format!("{name} above other than the files themselves"))),
            _ => {
                return Err(SparkError::new("MULTI_SOURCES_UNSUPPORTED_FOR_EXPRESSION")
                    .param("expr", to_sql_expr(&printed))
                    .at(origin));
            }
        };
        let substituted = Substituted { child, printed: printed.clone(), title: printed };
        Ok(Typed::new(TypedKind::Substituted(Box::new(substituted)), data_type, false, origin.clone()))
    }

    /// `resolve_expression` over a list without stars.
    pub fn resolve_all(&self, expressions: &[Expression], scope: &Scope<'_>) -> SparkResult<Vec<Typed>> {
        expressions.iter().map(|expression| Ok(self.resolve_expression(expression, scope)?.into_unaliased())).collect()
    }

    /// `struct(a, b AS c, d + 1)` names its fields after its arguments.
    fn struct_form(&self, arguments: &[Expression], scope: &Scope<'_>, origin: &Origin) -> SparkResult<Typed> {
        let values = self.resolve_list(arguments, scope)?;
        let mut named = Vec::with_capacity(values.len() * 2);
        for (index, value) in values.into_iter().enumerate() {
            let name = match &value.kind {
                TypedKind::Alias(alias) => alias.names.first().map(ToString::to_string),
                TypedKind::Column(attribute) | TypedKind::Outer(attribute) => Some(attribute.name.to_string()),
                TypedKind::Field { name, .. } => Some(name.to_string()),
                TypedKind::LambdaVariable { name, .. } => Some(name.to_string()),
                _ => None,
            };
            let name = name.unwrap_or_else(|| format!("col{}", index + 1));
            named.push(Typed::literal(ScalarValue::Utf8(Some(name)), SparkType::STRING));
            named.push(self.printed_with_alias(value));
        }
        self.call("struct", named, origin)
    }

    /// A struct's value, which is printed with the name that was written for it.
    fn printed_with_alias(&self, value: Typed) -> Typed {
        let alias = match &value.kind {
            TypedKind::Alias(alias) => alias.names.first().map(|name| quote_if_needed(name)),
            _ => None,
        };
        let child = value.into_unaliased();
        let Some(alias) = alias else { return child };
        let (data_type, nullable, origin) = (child.data_type.clone(), child.nullable, child.origin.clone());
        let printed: std::sync::Arc<str> = format!("{} AS {alias}", self.printer().print(&child)).into();
        let substituted = Substituted { child, title: printed.clone(), printed };
        Typed::new(TypedKind::Substituted(Box::new(substituted)), data_type, nullable, origin)
    }

    /// `when(condition, value, …, otherwise)`, as the DataFrame API sends CASE.
    fn when_form(&self, arguments: &[Expression], scope: &Scope<'_>, origin: &Origin) -> SparkResult<Typed> {
        let resolved = self.resolve_all(arguments, scope)?;
        let mut branches = Vec::new();
        let mut rest = resolved.into_iter();
        let mut otherwise = None;
        while let Some(condition) = rest.next() {
            match rest.next() {
                Some(value) => branches.push((condition, value)),
                None => otherwise = Some(condition),
            }
        }
        self.case(branches, otherwise, origin)
    }

    fn grouping_form(&self, call: &FunctionCall, scope: &Scope<'_>, origin: &Origin) -> SparkResult<Typed> {
        let [argument] = call.arguments.as_slice() else {
            return Err(SparkError::new("WRONG_NUM_ARGS.WITHOUT_SUGGESTION")
                .param("functionName", "`grouping`")
                .param("expectedNum", "1")
                .param("actualNum", call.arguments.len().to_string())
                .param("docroot", "https://spark.apache.org/docs/latest"));
        };
        let inner = scope.input_first();
        let argument = self.resolve_expression(argument, &inner)?.into_unaliased();
        let Some(grouping) = scope.grouping.or(inner.grouping) else {
            return Err(SparkError::new("UNSUPPORTED_GROUPING_EXPRESSION"));
        };
        let key = Lowering { origins: None }.expression(&argument)?;
        let mut position = None;
        for (index, group) in grouping.iter().enumerate() {
            if (Lowering { origins: None }).expression(group)? == key {
                position = Some(index);
                break;
            }
        }
        let printed = self.printer().print(&argument);
        let position = position.ok_or_else(|| {
            let columns: Vec<_> = grouping.iter().map(|group| self.printer().print(group)).collect();
            SparkError::new("GROUPING_COLUMN_MISMATCH")
                .param("grouping", printed.clone())
                .param("groupingColumns", columns.join(","))
        })?;
        let kind = TypedKind::Grouping { position, printed: format!("grouping({printed})").into() };
        Ok(Typed::new(kind, SparkType::Byte, false, origin.clone()))
    }

    fn grouping_id_form(&self, call: &FunctionCall, scope: &Scope<'_>, origin: &Origin) -> SparkResult<Typed> {
        let inner = scope.input_first();
        let Some(grouping) = scope.grouping.or(inner.grouping) else {
            return Err(SparkError::new("UNSUPPORTED_GROUPING_EXPRESSION"));
        };
        let arguments = self.resolve_all(&call.arguments, &inner)?;
        let printed: Vec<_> = arguments.iter().map(|argument| self.printer().print(argument)).collect();
        let columns: Vec<_> = grouping.iter().map(|group| self.printer().print(group)).collect();
        if !printed.is_empty() && printed != columns {
            return Err(SparkError::new("GROUPING_ID_COLUMN_MISMATCH")
                .param("groupingIdColumn", printed.join(","))
                .param("groupByColumns", columns.join(",")));
        }
        let kind = TypedKind::GroupingId { printed: format!("grouping_id({})", printed.join(", ")).into() };
        Ok(Typed::new(kind, SparkType::Long, false, origin.clone()))
    }

    /// `child[key]` and `child.field`.
    pub fn extract(&self, child: Typed, key: Typed, origin: &Origin) -> SparkResult<Typed> {
        let child = child.into_unaliased();
        match child.data_type.clone() {
            SparkType::Struct(schema) => {
                let Some(ScalarValue::Utf8(Some(name))) = key.constant().cloned() else {
                    return Err(SparkError::new("INVALID_EXTRACT_FIELD_TYPE")
                        .param("extraction", to_sql_expr(&self.printer().print(&key))));
                };
                let matches: Vec<_> = schema.iter().filter(|field| self.same_name(&field.name, &name)).collect();
                let [field] = matches.as_slice() else {
                    return Err(field_error(&name, &schema, matches.len()));
                };
                let nullable = child.nullable || field.nullable;
                let kind = TypedKind::Field { name: field.name.as_str().into(), child: Box::new(child) };
                Ok(Typed::new(kind, field.data_type.clone(), nullable, origin.clone()))
            }
            SparkType::Array { .. } | SparkType::Map { .. } => {
                self.call(collection::EXTRACT_VALUE, vec![child, key], origin)
            }
            _ => Err(SparkError::new("INVALID_EXTRACT_BASE_FIELD_TYPE")
                .param("base", to_sql_expr(&self.printer().print(&child)))
                .param("other", to_sql_type(&child.data_type))),
        }
    }

    /// `withField` and `dropFields`.
    pub fn update_field(&self, child: Typed, field: &str, value: Option<Typed>, origin: &Origin) -> SparkResult<Typed> {
        let SparkType::Struct(schema) = child.data_type.clone() else {
            return Err(SparkError::new("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
                .param("sqlExpr", to_sql_expr(&format!("update_fields({})", self.printer().print(&child))))
                .param("paramIndex", "first")
                .param("requiredType", "\"STRUCT\"")
                .param("inputSql", to_sql_expr(&self.printer().print(&child)))
                .param("inputType", to_sql_type(&child.data_type)));
        };
        let (name, rest) = match field.split_once('.') {
            Some((name, rest)) => (name, Some(rest)),
            None => (field, None),
        };
        let mut named: Vec<(String, Typed)> = Vec::new();
        let mut is_placed = false;
        for known in schema.iter() {
            let key = Typed::literal(ScalarValue::Utf8(Some(known.name.clone())), SparkType::STRING);
            let current = self.extract(child.clone(), key, origin)?;
            if !self.same_name(&known.name, name) {
                named.push((known.name.clone(), current));
                continue;
            }
            is_placed = true;
            match (rest, &value) {
                (Some(rest), _) => {
                    named.push((known.name.clone(), self.update_field(current, rest, value.clone(), origin)?));
                }
                (None, Some(value)) => named.push((name.to_owned(), value.clone())),
                (None, None) => {}
            }
        }
        if let (false, Some(value), None) = (is_placed, &value, rest) {
            named.push((name.to_owned(), value.clone()));
        }
        if named.is_empty() {
            return Err(SparkError::new("DATATYPE_MISMATCH.CANNOT_DROP_ALL_FIELDS").param(
                "sqlExpr",
                to_sql_expr(&format!("update_fields({}, dropfield())", self.printer().print(&child))),
            ));
        }
        let arguments = named
            .into_iter()
            .flat_map(|(name, value)| {
                [Typed::literal(ScalarValue::Utf8(Some(name)), SparkType::STRING), value.into_unaliased()]
            })
            .collect();
        let updated = self.call("named_struct", arguments, origin)?;
        if !child.nullable {
            return Ok(updated);
        }
        let is_null = self.call("isnull", vec![child], origin)?;
        let null = Typed::literal(ScalarValue::Null, SparkType::Null);
        self.case(vec![(is_null, null)], Some(updated), origin)
    }

    /// `LIKE` and its relatives.
    pub fn like(&self, like: &Like, scope: &Scope<'_>, origin: &Origin) -> SparkResult<Typed> {
        let name = match like.kind {
            LikeKind::Like => "like",
            LikeKind::ILike => "ilike",
            LikeKind::RLike => "rlike",
        };
        let child = self.resolve_expression(&like.child, scope)?;
        let mut conditions = Vec::with_capacity(like.patterns.len());
        for pattern in &like.patterns {
            let mut arguments = vec![child.clone(), self.resolve_expression(pattern, scope)?];
            if let Some(escape) = like.escape {
                let escape = ScalarValue::Utf8(Some(escape.to_string()));
                arguments.push(Typed::literal(escape, SparkType::STRING));
            }
            let matched = self.call(name, arguments, origin)?;
            conditions.push(if like.negated { self.call("not", vec![matched], origin)? } else { matched });
        }
        let combine = if like.quantifier == LikeQuantifier::Any { "or" } else { "and" };
        let mut conditions = conditions.into_iter();
        let first = conditions.next().ok_or_else(|| SparkError::internal("LIKE without a pattern"))?;
        conditions.try_fold(first, |all, next| self.call(combine, vec![all, next], origin))
    }

    /// `child COLLATE name`
    pub fn collate(
        &self,
        child: &Expression,
        collation: &[String],
        scope: &Scope<'_>,
        origin: &Origin,
    ) -> SparkResult<Typed> {
        let child = self.resolve_expression(child, scope)?.into_unaliased();
        let name = Typed::literal(ScalarValue::Utf8(Some(collation.join("."))), SparkType::STRING);
        self.call("collate", vec![child, name], origin)
    }

    /// `IDENTIFIER(text)` as a column's or a function's name.
    pub fn identifier(
        &self,
        name: &Expression,
        arguments: Option<&[Expression]>,
        scope: &Scope<'_>,
        origin: &Origin,
    ) -> SparkResult<Typed> {
        let parts = self.identifier_parts(name, scope)?;
        match arguments {
            None => {
                let name = firesteel_syntax::ir::expression::Attribute {
                    name: parts,
                    plan_id: None,
                    is_metadata_column: false,
                };
                self.resolve_name(&name, scope, origin)
            }
            Some(arguments) => {
                let call = FunctionCall { name: parts, arguments: arguments.to_vec(), ..FunctionCall::default() };
                self.function(&call, scope, origin)
            }
        }
    }

    /// The name parts that the text inside `IDENTIFIER` spells.
    pub fn identifier_parts(&self, name: &Expression, scope: &Scope<'_>) -> SparkResult<Vec<String>> {
        let typed = self.resolve_expression(name, scope)?;
        let printed = self.printer().print(&typed);
        match self.fold(&typed)? {
            Some(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text))) => {
                parser::parse_multipart_identifier(&text, &ParserOptions::default())
            }
            Some(value) if value.is_null() => {
                Err(SparkError::new("NOT_A_CONSTANT_STRING.NULL").param("name", "IDENTIFIER").param("expr", printed))
            }
            Some(_) => Err(SparkError::new("NOT_A_CONSTANT_STRING.WRONG_TYPE")
                .param("name", "IDENTIFIER")
                .param("expr", printed)
                .param("dataType", typed.data_type.simple_string())),
            None => Err(SparkError::new("NOT_A_CONSTANT_STRING.NOT_CONSTANT")
                .param("name", "IDENTIFIER")
                .param("expr", printed)),
        }
    }

    /// `current_date` and others that may be written without parentheses.
    pub fn literal_function(&self, parts: &[String], origin: &Origin) -> SparkResult<Option<Typed>> {
        const NAMES: &[&str] = &[
            "current_catalog",
            "current_database",
            "current_date",
            "current_schema",
            "current_time",
            "current_timestamp",
            "current_user",
            "localtimestamp",
            "session_user",
            "user",
        ];
        let [name] = parts else { return Ok(None) };
        let name = name.to_lowercase();
        if !NAMES.contains(&name.as_str()) {
            return Ok(None);
        }
        let Some(function) = firesteel_functions::registry::find(&name) else { return Ok(None) };
        check_arity(function, &name, 0)?;
        self.call(&name, Vec::new(), origin).map(Some)
    }
}

fn field_error(name: &str, schema: &firesteel_base::SparkSchema, found: usize) -> SparkError {
    if found > 1 {
        return SparkError::new("AMBIGUOUS_REFERENCE_TO_FIELDS")
            .param("field", format!("`{name}`"))
            .param("count", found.to_string());
    }
    let fields: Vec<_> = schema.iter().map(|field| format!("`{}`", field.name)).collect();
    SparkError::new("FIELD_NOT_FOUND").param("fieldName", format!("`{name}`")).param("fields", fields.join(", "))
}
