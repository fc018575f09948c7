//! Bringing types together: implicit casts, common types, `IN` lists.

use firesteel_base::error::quoting::{to_sql_expr, to_sql_type};
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::cast::{CastMode, cast_is_nullable};
use firesteel_functions::coercion;

use crate::resolver::Resolver;
use crate::typed::{Cast, Typed, TypedKind};

impl Resolver<'_> {
    /// How casts behave in this session when nothing else is said.
    pub fn session_cast(&self) -> CastMode {
        if self.bind.ansi { CastMode::Ansi } else { CastMode::Legacy }
    }

    /// The expression under an implicit cast, if it needs one.
    pub fn coerce(&self, child: Typed, to: &SparkType) -> SparkResult<Typed> {
        if child.data_type == *to {
            return Ok(child);
        }
        let mode = self.session_cast();
        let nullable = child.nullable || cast_is_nullable(&child.data_type, to, mode);
        let origin = child.origin.clone();
        let child = child.into_unaliased();
        let cast = Cast { child, mode, is_implicit: true };
        Ok(Typed::new(TypedKind::Cast(Box::new(cast)), to.clone(), nullable, origin))
    }

    /// The type that all of these can be brought to.
    pub fn common_type(&self, types: &[SparkType]) -> Option<SparkType> {
        coercion::common_type(types, self.bind.ansi)
    }

    /// `child IN (list)`.
    pub fn in_list(&self, child: Typed, list: Vec<Typed>, origin: &Origin) -> SparkResult<Typed> {
        let mut operands = self.in_one_collation(std::iter::once(child).chain(list).collect())?.into_iter();
        let child = operands.next().ok_or_else(|| SparkError::internal("IN without a value"))?;
        let list: Vec<_> = operands.collect();
        let types: Vec<_> = std::iter::once(&child).chain(&list).map(|item| item.data_type.clone()).collect();
        let nullable = child.nullable || list.iter().any(|item| item.nullable);
        let Some(data_type) = self.common_type(&types) else {
            let kind = TypedKind::InList { child: Box::new(child), list };
            let typed = Typed::new(kind, SparkType::Boolean, nullable, origin.clone());
            let listed: Vec<_> = types.iter().map(to_sql_type).collect();
            return Err(SparkError::new("DATATYPE_MISMATCH.DATA_DIFF_TYPES")
                .param("sqlExpr", to_sql_expr(&self.printer().print(&typed)))
                .param("functionName", "`in`")
                .param("dataType", format!("[{}]", listed.join(", "))));
        };
        let child = Box::new(self.coerce(child, &data_type)?);
        let list: SparkResult<Vec<_>> = list.into_iter().map(|item| self.coerce(item, &data_type)).collect();
        let list = list?;
        let nullable = child.nullable || list.iter().any(|item| item.nullable);
        Ok(Typed::new(TypedKind::InList { child, list }, SparkType::Boolean, nullable, origin.clone()))
    }
}
