//! How far a running query is and what its operators did, told from their own metrics.
//!
//! Reading is cheap and may be done at any time, also after the query ended.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::metrics::{MetricValue, MetricsSet};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

/// A look into a running query. Cheap to clone.
#[derive(Clone, Debug)]
pub struct QueryProgress(Arc<dyn ExecutionPlan>);

/// The operators between two exchanges, which run as one task for each partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageProgress {
    /// Counted from 0, sources first.
    pub id: i64,
    pub tasks: i64,
    pub tasks_started: i64,
    pub tasks_completed: i64,
    pub bytes_read: i64,
}

/// What one operator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorMetrics {
    pub name: String,
    /// Counted from 1 at the top of the plan.
    pub id: i64,
    /// The operator above; the topmost one is its own.
    pub parent: i64,
    pub metrics: Vec<OperatorMetric>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorMetric {
    /// The name that programs look for.
    pub key: String,
    /// The name that people read.
    pub label: String,
    pub value: i64,
    /// Spark's kind: `sum`, `size` or `nsTiming`.
    pub kind: &'static str,
}

impl StageProgress {
    pub fn is_done(&self) -> bool {
        self.tasks_completed >= self.tasks
    }
}

impl QueryProgress {
    pub(crate) fn new(plan: Arc<dyn ExecutionPlan>) -> Self {
        Self(plan)
    }

    /// The stages, sources first.
    pub fn stages(&self) -> Vec<StageProgress> {
        let mut stages = Vec::new();
        stage(&self.0, &mut stages);
        for (stage, id) in stages.iter_mut().zip(0..) {
            stage.id = id;
        }
        stages
    }

    /// The operators, topmost first.
    pub fn operators(&self) -> Vec<OperatorMetrics> {
        let mut operators = Vec::new();
        describe(self.0.as_ref(), None, &mut operators);
        operators
    }
}

fn is_exchange(plan: &dyn ExecutionPlan) -> bool {
    plan.is::<RepartitionExec>() || plan.is::<CoalescePartitionsExec>() || plan.is::<SortPreservingMergeExec>()
}

/// Appends the stages below `top`, then the one that it is the top of.
fn stage(top: &Arc<dyn ExecutionPlan>, stages: &mut Vec<StageProgress>) {
    let mut own = Own::default();
    members(top, true, &mut own, stages);
    stages.push(StageProgress {
        id: 0,
        tasks: saturated(top.output_partitioning().partition_count()),
        tasks_started: saturated(own.started.len()),
        tasks_completed: saturated(own.ended.len()),
        bytes_read: saturated(own.bytes_read),
    });
}

/// What is found of a stage while its operators are walked.
#[derive(Default)]
struct Own {
    started: HashSet<usize>,
    ended: HashSet<usize>,
    /// Whether the operator that tells the ends, the topmost one with times, was found.
    is_timed: bool,
    bytes_read: usize,
}

fn members(plan: &Arc<dyn ExecutionPlan>, is_top: bool, own: &mut Own, stages: &mut Vec<StageProgress>) {
    if !is_top && is_exchange(plan.as_ref()) {
        for child in plan.children() {
            stage(child, stages);
        }
        return;
    }
    if let Some(metrics) = plan.metrics() {
        own.read(&metrics);
    }
    for child in plan.children() {
        if is_top && is_exchange(plan.as_ref()) {
            stage(child, stages);
        } else {
            members(child, false, own, stages);
        }
    }
}

impl Own {
    fn read(&mut self, metrics: &MetricsSet) {
        let is_timed = self.is_timed;
        for metric in metrics.iter() {
            match (metric.value(), metric.partition()) {
                (MetricValue::StartTimestamp(at), Some(partition)) if !is_timed && at.value().is_some() => {
                    self.is_timed = true;
                    self.started.insert(partition);
                }
                (MetricValue::EndTimestamp(at), Some(partition)) if !is_timed && at.value().is_some() => {
                    self.ended.insert(partition);
                }
                (value, _) if value.name() == "bytes_scanned" => self.bytes_read += value.as_usize(),
                _ => {}
            }
        }
    }
}

fn describe(plan: &dyn ExecutionPlan, parent: Option<i64>, operators: &mut Vec<OperatorMetrics>) {
    let id = saturated(operators.len()) + 1;
    let metrics = plan.metrics().map(|metrics| metrics.aggregate_by_name());
    let metrics = metrics.iter().flat_map(MetricsSet::iter).filter_map(|metric| told(metric.value())).collect();
    operators.push(OperatorMetrics { name: plan.name().to_owned(), id, parent: parent.unwrap_or(id), metrics });
    for child in plan.children() {
        describe(child.as_ref(), Some(id), operators);
    }
}

/// A metric under Spark's name where Spark has one; times of day are of no use to a client.
fn told(value: &MetricValue) -> Option<OperatorMetric> {
    let (key, label, kind) = match value {
        MetricValue::StartTimestamp(_) | MetricValue::EndTimestamp(_) => return None,
        MetricValue::OutputRows(_) => ("numOutputRows", "number of output rows", "sum"),
        MetricValue::OutputBytes(_) => ("dataSize", "data size", "size"),
        MetricValue::SpilledBytes(_) => ("spillSize", "spill size", "size"),
        MetricValue::PeakMemoryUsage { .. } => ("peakMemory", "peak memory", "size"),
        MetricValue::ElapsedCompute(_) => ("elapsedCompute", "time of work", "nsTiming"),
        MetricValue::Time { .. } => return Some(named(value, "nsTiming")),
        _ => return Some(named(value, "sum")),
    };
    Some(OperatorMetric { key: key.to_owned(), label: label.to_owned(), value: saturated(value.as_usize()), kind })
}

fn named(value: &MetricValue, kind: &'static str) -> OperatorMetric {
    let label = value.name().replace('_', " ");
    OperatorMetric { key: value.name().to_owned(), label, value: saturated(value.as_usize()), kind }
}

fn saturated(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
