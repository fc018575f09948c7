//! The unresolved plan: relations, expressions and commands as they were asked for.

pub mod children;
pub mod command;
pub mod expression;
pub mod literal;
pub mod relation;
pub mod routine;
pub mod script;
pub mod table;
pub mod visit;

pub use command::{Command, Statement};
pub use expression::{Expression, ExpressionKind};
pub use literal::Literal;
pub use relation::{Relation, RelationKind};
