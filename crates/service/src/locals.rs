//! The variables of the script that a task runs: those of the blocks and rows it is in, innermost last.
//!
//! They belong to the task, not to the session: two scripts of one session do not see each other's.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::scalar::ScalarValue;
use firesteel_base::identifier::quote_name_parts;
use firesteel_base::{SparkError, SparkResult};
use firesteel_plan::LocalScope;
use firesteel_syntax::ir::Expression;
use parking_lot::Mutex;

use crate::session::SessionVariable;

tokio::task_local! {
    /// Of the running script; `None` where a statement sees none of them.
    static LOCALS: Option<Locals>;
}

/// The variables of one script. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Locals(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    scopes: Arc<Vec<LocalScope>>,
    /// What `DEFAULT` computes again, for each scope by the names in lower case.
    defaults: Vec<HashMap<String, Expression>>,
}

/// Scopes that are put aside.
pub(crate) struct Hidden(Vec<LocalScope>, Vec<HashMap<String, Expression>>);

/// A variable and the scope it is in.
#[derive(Clone)]
pub(crate) struct LocalVariable {
    pub(crate) scope: usize,
    pub(crate) variable: SessionVariable,
}

impl Locals {
    /// Those of the script that this task runs.
    pub(crate) fn running() -> Option<Self> {
        LOCALS.try_with(Clone::clone).ok().flatten()
    }

    /// What analysis may see of them.
    pub(crate) fn visible() -> Arc<Vec<LocalScope>> {
        Self::running().map(|locals| Arc::clone(&locals.0.lock().scopes)).unwrap_or_default()
    }

    /// The future, which sees these variables.
    pub(crate) async fn around<F: Future>(self, work: F) -> F::Output {
        LOCALS.scope(Some(self), work).await
    }

    /// The future, which sees no script's variables.
    pub(crate) async fn hidden_from<F: Future>(work: F) -> F::Output {
        LOCALS.scope(None, work).await
    }

    /// Enters a block or a row whose variables `label` qualifies.
    pub(crate) fn enter(&self, label: String) {
        let mut state = self.0.lock();
        Arc::make_mut(&mut state.scopes).push(LocalScope { label, variables: HashMap::new() });
        state.defaults.push(HashMap::new());
    }

    pub(crate) fn depth(&self) -> usize {
        self.0.lock().scopes.len()
    }

    /// Leaves all but the outermost scopes, and gives them.
    pub(crate) fn leave(&self, depth: usize) -> Hidden {
        let mut state = self.0.lock();
        let depth = depth.min(state.scopes.len());
        let scopes = Arc::make_mut(&mut state.scopes).split_off(depth);
        Hidden(scopes, state.defaults.split_off(depth))
    }

    /// Enters scopes again that were left.
    pub(crate) fn enter_again(&self, hidden: Hidden) {
        let mut state = self.0.lock();
        Arc::make_mut(&mut state.scopes).extend(hidden.0);
        state.defaults.extend(hidden.1);
    }

    /// The name with what qualifies it in the innermost scope.
    pub(crate) fn qualified(&self, name: &str) -> String {
        let label = self.0.lock().scopes.last().map(|scope| scope.label.clone()).unwrap_or_default();
        quote_name_parts(&[label.as_str(), name])
    }

    /// Puts a variable into the innermost scope.
    pub(crate) fn declare(&self, declared: SessionVariable) -> SparkResult<()> {
        let key = declared.variable.name.to_lowercase();
        let mut state = self.0.lock();
        if state.scopes.last().is_some_and(|scope| scope.variables.contains_key(&key)) {
            drop(state);
            let name = self.qualified(&declared.variable.name);
            return Err(SparkError::new("VARIABLE_ALREADY_EXISTS").param("variableName", name));
        }
        if let Some(scope) = Arc::make_mut(&mut state.scopes).last_mut() {
            scope.variables.insert(key.clone(), declared.variable);
        }
        if let Some(defaults) = state.defaults.last_mut() {
            defaults.insert(key, declared.default);
        }
        Ok(())
    }

    /// The innermost variable of this name, which may have a label in front.
    pub(crate) fn find(&self, name: &[String]) -> Option<LocalVariable> {
        let (label, key) = match name {
            [only] => (None, only.to_lowercase()),
            [label, name] => (Some(label), name.to_lowercase()),
            _ => return None,
        };
        let state = self.0.lock();
        state.scopes.iter().zip(&state.defaults).enumerate().rev().find_map(|(index, (scope, defaults))| {
            let is_meant = label.is_none_or(|label| scope.label.eq_ignore_ascii_case(label));
            let variable = scope.variables.get(&key).filter(|_| is_meant)?.clone();
            let default = defaults.get(&key)?.clone();
            Some(LocalVariable { scope: index, variable: SessionVariable { variable, default } })
        })
    }

    pub(crate) fn set(&self, target: &LocalVariable, value: ScalarValue) {
        let key = target.variable.variable.name.to_lowercase();
        let mut state = self.0.lock();
        let scope = Arc::make_mut(&mut state.scopes).get_mut(target.scope);
        if let Some(variable) = scope.and_then(|scope| scope.variables.get_mut(&key)) {
            variable.value = value;
        }
    }
}
