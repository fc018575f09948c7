//! Joins and set operations.

use firesteel_base::{SparkError, SparkResult};
use firesteel_syntax::ir::RelationKind;
use firesteel_syntax::ir::relation::{Join, JoinCondition, JoinKind, SetOperation, SetOperationKind};
use spark_connect_proto as proto;
use spark_connect_proto::join::JoinType;
use spark_connect_proto::set_operation::SetOpType;

use crate::decode::{Decoder, invalid};

impl<'a> Decoder<'a> {
    pub(super) fn join(&self, join: &'a proto::Join) -> SparkResult<RelationKind> {
        if join.join_data_type.is_some() {
            return Err(SparkError::unsupported("joinWith"));
        }
        let condition = match (&join.join_condition, join.using_columns.is_empty()) {
            (Some(_), false) => return Err(invalid::plan("USING_COLUMNS_OR_JOIN_CONDITION_SET_IN_JOIN")),
            (Some(condition), true) => JoinCondition::On(self.expression(condition)?),
            (None, false) => JoinCondition::Using(join.using_columns.clone()),
            (None, true) => JoinCondition::None,
        };
        let (Some(left), Some(right)) = (join.left.as_deref(), join.right.as_deref()) else {
            return Err(invalid::missing());
        };
        Ok(RelationKind::Join(Box::new(Join {
            left: self.relation(left)?,
            right: self.relation(right)?,
            kind: join_kind(join.join_type)?,
            condition,
            is_lateral: false,
        })))
    }

    pub(super) fn lateral_join(&self, join: &'a proto::LateralJoin) -> SparkResult<RelationKind> {
        let condition = match &join.join_condition {
            Some(condition) => JoinCondition::On(self.expression(condition)?),
            None => JoinCondition::None,
        };
        Ok(RelationKind::Join(Box::new(Join {
            left: self.required(join.left.as_deref())?,
            right: self.required(join.right.as_deref())?,
            kind: join_kind(join.join_type)?,
            condition,
            is_lateral: true,
        })))
    }

    pub(super) fn set_operation(&self, operation: &'a proto::SetOperation) -> SparkResult<RelationKind> {
        let (Some(left), Some(right)) = (operation.left_input.as_deref(), operation.right_input.as_deref()) else {
            return Err(invalid::plan("SET_OPERATION_MUST_HAVE_TWO_INPUTS"));
        };
        let by_name = operation.by_name.unwrap_or(false);
        let allow_missing_columns = operation.allow_missing_columns.unwrap_or(false);
        let kind = match SetOpType::try_from(operation.set_op_type) {
            Ok(SetOpType::Union) if allow_missing_columns && !by_name => {
                return Err(invalid::plan("UNION_BY_NAME_ALLOW_MISSING_COL_REQUIRES_BY_NAME"));
            }
            Ok(SetOpType::Except) if by_name => {
                return Err(invalid::plan("EXCEPT_DOES_NOT_SUPPORT_UNION_BY_NAME"));
            }
            Ok(SetOpType::Intersect) if by_name => {
                return Err(invalid::plan("INTERSECT_DOES_NOT_SUPPORT_UNION_BY_NAME"));
            }
            Ok(SetOpType::Union) => SetOperationKind::Union,
            Ok(SetOpType::Intersect) => SetOperationKind::Intersect,
            Ok(SetOpType::Except) => SetOperationKind::Except,
            Ok(SetOpType::Unspecified) | Err(_) => {
                return Err(invalid::enumeration(
                    "SetOperation.set_op_type",
                    "SET_OP_TYPE_UNSPECIFIED",
                    operation.set_op_type,
                ));
            }
        };
        Ok(RelationKind::SetOperation(Box::new(SetOperation {
            left: self.relation(left)?,
            right: self.relation(right)?,
            kind,
            is_all: operation.is_all.unwrap_or(false),
            by_name,
            allow_missing_columns,
        })))
    }
}

fn join_kind(join_type: i32) -> SparkResult<JoinKind> {
    Ok(match JoinType::try_from(join_type) {
        Ok(JoinType::Inner) => JoinKind::Inner,
        Ok(JoinType::FullOuter) => JoinKind::FullOuter,
        Ok(JoinType::LeftOuter) => JoinKind::LeftOuter,
        Ok(JoinType::RightOuter) => JoinKind::RightOuter,
        Ok(JoinType::LeftAnti) => JoinKind::LeftAnti,
        Ok(JoinType::LeftSemi) => JoinKind::LeftSemi,
        Ok(JoinType::Cross) => JoinKind::Cross,
        Ok(JoinType::Unspecified) | Err(_) => {
            return Err(invalid::enumeration("Join.join_type", "JOIN_TYPE_UNSPECIFIED", join_type));
        }
    })
}
