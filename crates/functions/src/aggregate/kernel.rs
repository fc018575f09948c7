//! Aggregates of our own: a zero-sized kernel, adapted to DataFusion.
//!
//! A kernel says the types of its result and state, and makes accumulators. The adapter adds what every aggregate
//! needs: `DISTINCT`, and frames whose start moves (by aggregating the frame anew, as Spark does, so that floating
//! point results are the same).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, ReversedUDAF, Signature, Volatility,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::utils::collect_columns;
use firesteel_base::SparkError;

use super::groups::{Groups, ManyGroups, SingleGroup};
use super::replay::{DistinctAccumulator, ReplayingAccumulator};

/// An aggregate of our own. Implementors are zero-sized.
pub(crate) trait AggregateKernel: fmt::Debug + Default + Copy + Send + Sync + 'static {
    /// Unique; by convention `spark_<name>`.
    const NAME: &'static str;
    /// Whether it obeys `ORDER BY` within the call, by sorting its rows: the ordering's values come behind the arguments.
    const IS_ORDERED: bool = false;
    /// Whether it sees to `DISTINCT` itself.
    const HANDLES_DISTINCT: bool = false;

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType>;

    /// The types of the partial result's columns.
    fn state(&self, arguments: &[DataType], return_type: &DataType) -> Vec<DataType>;

    /// Where values are gathered: no groups yet.
    fn groups(&self, call: &AggregateCall) -> Result<Box<dyn Groups>>;

    /// The result of no rows.
    fn default_value(&self, return_type: &DataType) -> Result<ScalarValue> {
        ScalarValue::try_from(return_type)
    }
}

/// What an accumulator is made for.
#[derive(Clone, Debug)]
pub(crate) struct AggregateCall {
    pub arguments: Vec<DataType>,
    /// The values of the arguments that are constants.
    pub constants: Vec<Option<ScalarValue>>,
    /// `ORDER BY` within the call.
    pub order: Vec<(DataType, SortOptions)>,
    pub is_distinct: bool,
    pub return_type: DataType,
}

impl AggregateCall {
    fn of(args: &AccumulatorArgs<'_>) -> Result<Self> {
        let order = args.order_bys.iter().map(|item| Ok((item.expr.data_type(args.schema)?, item.options)));
        Ok(Self {
            arguments: args.expr_fields.iter().map(|field| field.data_type().clone()).collect(),
            constants: args.exprs.iter().map(constant).collect(),
            order: order.collect::<Result<_>>()?,
            is_distinct: args.is_distinct,
            return_type: args.return_type().clone(),
        })
    }

    pub fn argument(&self, index: usize) -> Result<&DataType> {
        self.arguments.get(index).ok_or_else(too_few)
    }

    pub fn constant(&self, index: usize) -> Option<&ScalarValue> {
        self.constants.get(index).and_then(Option::as_ref)
    }
}

fn too_few() -> DataFusionError {
    DataFusionError::Internal("an aggregate was called with too few arguments".to_owned())
}

/// The value of an expression without columns.
fn constant(expression: &Arc<dyn PhysicalExpr>) -> Option<ScalarValue> {
    if !collect_columns(expression).is_empty() {
        return None;
    }
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).ok()?;
    let array = expression.evaluate(&batch).ok()?.into_array(1).ok()?;
    ScalarValue::try_from_array(&array, 0).ok()
}

/// The column at `index` of an accumulator's input.
pub(crate) fn column(columns: &[ArrayRef], index: usize) -> Result<&ArrayRef> {
    columns.get(index).ok_or_else(too_few)
}

/// An error of Spark on its way through the engine.
pub(crate) fn raise(error: SparkError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// The DataFusion function of a kernel.
pub(crate) fn aggregate_udf<K: AggregateKernel>(_kernel: K) -> Arc<AggregateUDF> {
    const { assert!(size_of::<K>() == 0, "a kernel has no state") };
    Arc::new(AggregateUDF::new_from_impl(Adapter::<K>(PhantomData)))
}

struct Adapter<K>(PhantomData<fn() -> K>);

impl<K: AggregateKernel> fmt::Debug for Adapter<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(K::NAME)
    }
}

impl<K: AggregateKernel> PartialEq for Adapter<K> {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl<K: AggregateKernel> Eq for Adapter<K> {}

impl<K: AggregateKernel> Hash for Adapter<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        K::NAME.hash(state);
    }
}

impl<K: AggregateKernel> AggregateUDFImpl for Adapter<K> {
    fn name(&self) -> &str {
        K::NAME
    }

    fn signature(&self) -> &Signature {
        static ANY: LazyLock<Signature> = LazyLock::new(|| Signature::variadic_any(Volatility::Immutable));
        &ANY
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        K::default().return_type(arg_types)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let call = AggregateCall::of(&args)?;
        if args.is_distinct && !K::HANDLES_DISTINCT {
            return Ok(Box::new(DistinctAccumulator::try_new(K::default(), call)?));
        }
        Ok(Box::new(SingleGroup::new(K::default().groups(&call)?)))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let arguments: Vec<DataType> = args.input_fields.iter().map(|field| field.data_type().clone()).collect();
        let order = args.ordering_fields.iter().map(|field| field.data_type().clone());
        let types = if args.is_distinct && !K::HANDLES_DISTINCT {
            DistinctAccumulator::<K>::state_types(&arguments)
        } else if K::IS_ORDERED {
            let columns: Vec<DataType> = arguments.into_iter().chain(order).collect();
            K::default().state(&columns, args.return_type())
        } else {
            K::default().state(&arguments, args.return_type())
        };
        let field = |(index, data_type)| {
            let name = format_state_name(args.name, &format!("state{index}"));
            Arc::new(Field::new(name, data_type, true))
        };
        Ok(types.into_iter().enumerate().map(field).collect())
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        (!args.is_distinct || K::HANDLES_DISTINCT) && args.order_bys.is_empty()
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(ManyGroups::try_new(K::default(), AggregateCall::of(&args)?)?))
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let is_distinct = args.is_distinct && !K::HANDLES_DISTINCT;
        Ok(Box::new(ReplayingAccumulator::new(K::default(), AggregateCall::of(&args)?, is_distinct)))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        if K::IS_ORDERED { AggregateOrderSensitivity::Beneficial } else { AggregateOrderSensitivity::Insensitive }
    }

    fn with_beneficial_ordering(self: Arc<Self>, _is_given: bool) -> Result<Option<Arc<dyn AggregateUDFImpl>>> {
        Ok(Some(self))
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        if K::IS_ORDERED { ReversedUDAF::NotSupported } else { ReversedUDAF::Identical }
    }

    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        K::default().default_value(data_type)
    }
}
