//! `EXPLAIN`: the plan's stages as text, under Spark's headings.

use std::fmt::Write;

use datafusion::physical_plan::displayable;
use firesteel_base::SparkResult;
use firesteel_base::config::SessionConf;
use firesteel_plan::AnalyzedPlan;
use firesteel_syntax::ir::command::ExplainMode;

use crate::errors::spark_error;
use crate::executor::Engine;
use crate::operator::Planner;

pub async fn explain(
    engine: &Engine,
    plan: &AnalyzedPlan,
    conf: &SessionConf,
    mode: ExplainMode,
) -> SparkResult<String> {
    let state = engine.state(conf, Planner::default());
    let failed = |error| spark_error(error, &plan.origins);
    let optimized = state.optimize(&plan.plan).map_err(failed)?;
    let physical = state.query_planner().create_physical_plan(&optimized, &state).await.map_err(failed)?;
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = match mode {
        ExplainMode::Simple | ExplainMode::Formatted | ExplainMode::Codegen => {
            write!(text, "== Physical Plan ==\n{}\n", displayable(physical.as_ref()).indent(false))
        }
        ExplainMode::Extended => write!(
            text,
            "== Analyzed Logical Plan ==\n{}\n\n== Optimized Logical Plan ==\n{}\n\n== Physical Plan ==\n{}\n",
            plan.plan.display_indent(),
            optimized.display_indent(),
            displayable(physical.as_ref()).indent(true)
        ),
        ExplainMode::Cost => write!(
            text,
            "== Optimized Logical Plan ==\n{}\n\n== Physical Plan ==\n{}\n",
            optimized.display_indent_schema(),
            displayable(physical.as_ref()).set_show_statistics(true).indent(true)
        ),
    };
    Ok(text)
}
