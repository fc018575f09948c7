//! The resolver's state: what one analysis of one query shares.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use firesteel_base::{SparkError, SparkResult, SparkType};
use firesteel_functions::BindContext;
use firesteel_functions::kernel::KernelOptions;
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::expression::Window;
use firesteel_syntax::ir::relation::{CommonTable, With};
use firesteel_syntax::parser::{self, ParserOptions};

use crate::analysis::AnalysisContext;
use crate::attribute::{Attribute, AttributeId};
use crate::lower::{Lowering, Origins, internal_column};
use crate::operator::Observation;
use crate::printer::Printer;
use crate::resolve::relation::WorkingTable;
use crate::scope::Scope;
use crate::sources::Sources;

/// How deep relations and expressions may be nested before a query is refused.
pub const DEPTH_MAX: usize = 2_000;

/// Resolves relations and expressions. One for each analysis; makes identities and collects origins.
pub struct Resolver<'a> {
    pub context: &'a AnalysisContext,
    pub bind: BindContext,
    pub sources: &'a Sources,
    origins: Origins,
    /// The observers found so far.
    pub observations: RefCell<Vec<Observation>>,
    /// Addresses of the files that are read.
    pub files: RefCell<Vec<String>>,
    next_id: Cell<u64>,
    depth: Cell<usize>,
}

/// What surrounds a relation: names that are not columns of it.
#[derive(Clone, Copy, Default)]
pub struct Environment<'a> {
    pub tables: Option<&'a CommonTables<'a>>,
    /// The columns of the query around a subquery.
    pub outer: Option<&'a Scope<'a>>,
    /// The `WINDOW` clause.
    pub windows: &'a [(String, Window)],
    /// Relations that expressions refer to by plan id.
    pub references: Option<&'a References<'a>>,
    /// Whether this is below a `LIMIT ALL`: recursion then may have any number of rows.
    pub is_limit_all: bool,
}

/// The tables of a `WITH`, as far as they are visible, and those of the `WITH`s around it.
#[derive(Clone, Copy)]
pub struct CommonTables<'a> {
    pub tables: &'a [CommonTable],
    /// A table sees only those before it.
    pub visible: usize,
    pub is_recursive: bool,
    /// What the table that is being resolved means by its own name, which hides the names before it.
    pub own: Option<(&'a str, OwnName<'a>)>,
    /// What surrounds the tables' queries.
    pub environment: Environment<'a>,
    /// Where names are looked up that are none of these.
    pub around: Option<&'a CommonTables<'a>>,
}

impl<'a> CommonTables<'a> {
    pub fn new(with: &'a With, environment: Environment<'a>) -> Self {
        let With { tables, is_recursive, .. } = with;
        let around = environment.tables;
        Self { tables, visible: tables.len(), is_recursive: *is_recursive, own: None, environment, around }
    }
}

/// What the name of a common table means within its own query.
#[derive(Clone, Copy)]
pub enum OwnName<'a> {
    /// An error of this condition.
    Refused(&'static str),
    /// The rows of the level before.
    Working(&'a WorkingTable),
}

/// Relations of a client's `WithRelations`.
pub struct References<'a> {
    pub relations: &'a [Relation],
    pub parent: Option<&'a References<'a>>,
}

impl<'a> Resolver<'a> {
    pub fn new(context: &'a AnalysisContext, sources: &'a Sources) -> Self {
        let conf = &context.conf;
        let bind = BindContext {
            ansi: conf.ansi(),
            time_zone: conf.time_zone().to_owned(),
            timestamp_is_ntz: conf.timestamp_is_ntz(),
            decimal_precision_loss: conf.decimal_precision_loss(),
            kernel_options: KernelOptions::of(conf.map_key_dedup_policy(), conf.time_parser_policy()),
            query_time: context.query_time,
            user: context.user.clone(),
            current_catalog: "spark_catalog".to_owned(),
            current_database: context.database.clone(),
            parse_schema,
        };
        Self {
            context,
            bind,
            sources,
            origins: Origins::default(),
            observations: RefCell::default(),
            files: RefCell::default(),
            next_id: Cell::new(1),
            depth: Cell::new(0),
        }
    }

    pub fn into_origins(self) -> Origins {
        self.origins
    }

    pub fn lowering(&self) -> Lowering<'_> {
        Lowering { origins: Some(&self.origins) }
    }

    pub fn printer(&self) -> Printer<'_> {
        Printer { zone: &self.bind.time_zone, is_qualified: false }
    }

    /// As [`Self::printer`], with columns qualified.
    pub fn qualified_printer(&self) -> Printer<'_> {
        Printer { is_qualified: true, ..self.printer() }
    }

    pub fn next_id(&self) -> u64 {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        id
    }

    /// Lets identities begin behind those of a relation that was resolved before; only if none was made yet.
    pub fn begin_ids_at(&self, id: u64) -> bool {
        let is_first = self.next_id.get() == 1;
        if is_first {
            self.next_id.set(id);
        }
        is_first
    }

    /// A new attribute, carried by a new internal column.
    pub fn new_attribute(&self, name: &str, data_type: SparkType, nullable: bool) -> Attribute {
        let id = self.next_id();
        Attribute {
            id: AttributeId(id),
            name: name.into(),
            qualifier: Arc::from([]),
            data_type,
            nullable,
            metadata: None,
            written: None,
            position: 0,
            column: internal_column(format!("#{id}")),
        }
    }

    /// The same column under a new identity, as an alias gives it.
    pub fn renewed(&self, attribute: &Attribute) -> Attribute {
        Attribute { id: AttributeId(self.next_id()), ..attribute.clone() }
    }

    /// Whether two names are the same by the session's case sensitivity.
    pub fn same_name(&self, left: &str, right: &str) -> bool {
        if self.context.conf.case_sensitive() {
            left == right
        } else {
            left.eq_ignore_ascii_case(right) || left.to_lowercase() == right.to_lowercase()
        }
    }

    /// Runs `resolve` one level deeper; refuses what is nested too deeply, and stops if nobody wants the answer any more.
    pub fn deeper<T>(&self, resolve: impl FnOnce() -> SparkResult<T>) -> SparkResult<T> {
        if (self.context.is_cancelled)() {
            return Err(SparkError::new("OPERATION_CANCELED"));
        }
        let depth = self.depth.get();
        if depth >= DEPTH_MAX {
            return Err(SparkError::unsupported(format!("a query nested more than {DEPTH_MAX} levels deep")));
        }
        self.depth.set(depth + 1);
        let result = resolve();
        self.depth.set(depth);
        result
    }
}

/// A type or a list of columns as DDL spells them, or a type's JSON.
fn parse_schema(text: &str) -> SparkResult<SparkType> {
    let options = ParserOptions::default();
    if text.trim_start().starts_with(['{', '"']) {
        return SparkType::from_json(text);
    }
    parser::parse_data_type(text, &options)
        .or_else(|error| parser::parse_table_schema(text, &options).map(SparkType::Struct).map_err(|_| error))
}
