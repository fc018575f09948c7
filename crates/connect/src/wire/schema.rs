//! Which fields nest further messages without end. Printed by schema.py from Spark 4.2's descriptors.

use super::Field;

pub(super) const EXECUTE_PLAN_REQUEST: u16 = 36;
pub(super) const ANALYZE_PLAN_REQUEST: u16 = 3;
pub(super) const RELATION: u16 = 97;
pub(super) const COMMAND: u16 = 22;

/// The fields of each message that lead to other messages of this table, in ascending order.
#[rustfmt::skip]
pub(super) static MESSAGES: &[&[Field]] = &[
    // spark.connect.Aggregate
    &[(1, 97), (3, 37), (4, 37), (5, 2), (6, 1)],
    // spark.connect.Aggregate.GroupingSets
    &[(1, 37)],
    // spark.connect.Aggregate.Pivot
    &[(1, 37), (2, 42)],
    // spark.connect.AnalyzePlanRequest
    &[(4, 11), (5, 4), (6, 13), (7, 7), (8, 8), (9, 6), (12, 10), (13, 12), (14, 9), (15, 14), (16, 5)],
    // spark.connect.AnalyzePlanRequest.Explain
    &[(1, 93)],
    // spark.connect.AnalyzePlanRequest.GetStorageLevel
    &[(1, 97)],
    // spark.connect.AnalyzePlanRequest.InputFiles
    &[(1, 93)],
    // spark.connect.AnalyzePlanRequest.IsLocal
    &[(1, 93)],
    // spark.connect.AnalyzePlanRequest.IsStreaming
    &[(1, 93)],
    // spark.connect.AnalyzePlanRequest.Persist
    &[(1, 97)],
    // spark.connect.AnalyzePlanRequest.SameSemantics
    &[(1, 93), (2, 93)],
    // spark.connect.AnalyzePlanRequest.Schema
    &[(1, 93)],
    // spark.connect.AnalyzePlanRequest.SemanticHash
    &[(1, 93)],
    // spark.connect.AnalyzePlanRequest.TreeString
    &[(1, 93)],
    // spark.connect.AnalyzePlanRequest.Unpersist
    &[(1, 97)],
    // spark.connect.ApplyInPandasWithState
    &[(1, 97), (2, 37), (3, 23)],
    // spark.connect.AsOfJoin
    &[(1, 97), (2, 97), (3, 37), (4, 37), (5, 37), (8, 37)],
    // spark.connect.CallFunction
    &[(2, 37)],
    // spark.connect.Catalog
    &[(13, 26), (14, 27)],
    // spark.connect.CheckpointCommand
    &[(1, 97)],
    // spark.connect.CoGroupMap
    &[(1, 97), (2, 37), (3, 97), (4, 37), (5, 23), (6, 37), (7, 37)],
    // spark.connect.CollectMetrics
    &[(1, 97), (3, 37)],
    // spark.connect.Command
    &[(1, 23), (2, 139), (3, 25), (4, 140), (5, 108), (6, 141), (9, 121), (10, 24), (14, 19), (16, 67), (17, 68), (19, 85)],
    // spark.connect.CommonInlineUserDefinedFunction
    &[(3, 37), (4, 95), (5, 104), (6, 60)],
    // spark.connect.CommonInlineUserDefinedTableFunction
    &[(3, 37), (4, 96)],
    // spark.connect.CreateDataFrameViewCommand
    &[(1, 97)],
    // spark.connect.CreateExternalTable
    &[(4, 28)],
    // spark.connect.CreateTable
    &[(5, 28)],
    // spark.connect.DataType
    &[(20, 29), (21, 31), (22, 30), (23, 33)],
    // spark.connect.DataType.Array
    &[(1, 28)],
    // spark.connect.DataType.Map
    &[(1, 28), (2, 28)],
    // spark.connect.DataType.Struct
    &[(1, 32)],
    // spark.connect.DataType.StructField
    &[(2, 28)],
    // spark.connect.DataType.UDT
    &[(5, 28)],
    // spark.connect.Deduplicate
    &[(1, 97)],
    // spark.connect.Drop
    &[(1, 97), (2, 37)],
    // spark.connect.ExecutePlanRequest
    &[(3, 93)],
    // spark.connect.Expression
    &[(1, 42), (3, 48), (6, 38), (7, 39), (9, 46), (10, 41), (11, 50), (12, 47), (13, 49), (15, 23), (16, 17), (17, 81), (19, 65), (20, 131), (21, 124), (22, 40)],
    // spark.connect.Expression.Alias
    &[(1, 37)],
    // spark.connect.Expression.Cast
    &[(1, 37), (2, 28)],
    // spark.connect.Expression.DirectShufflePartitionID
    &[(1, 37)],
    // spark.connect.Expression.LambdaFunction
    &[(1, 37)],
    // spark.connect.Expression.Literal
    &[(1, 28), (22, 43), (23, 44), (24, 45), (100, 28)],
    // spark.connect.Expression.Literal.Array
    &[(1, 28), (2, 42)],
    // spark.connect.Expression.Literal.Map
    &[(1, 28), (2, 28), (3, 42), (4, 42)],
    // spark.connect.Expression.Literal.Struct
    &[(1, 28), (2, 42)],
    // spark.connect.Expression.SortOrder
    &[(1, 37)],
    // spark.connect.Expression.UnresolvedExtractValue
    &[(1, 37), (2, 37)],
    // spark.connect.Expression.UnresolvedFunction
    &[(2, 37)],
    // spark.connect.Expression.UpdateFields
    &[(1, 37), (3, 37)],
    // spark.connect.Expression.Window
    &[(1, 37), (2, 37), (3, 46), (4, 51)],
    // spark.connect.Expression.Window.WindowFrame
    &[(2, 52), (3, 52)],
    // spark.connect.Expression.Window.WindowFrame.FrameBoundary
    &[(3, 37)],
    // spark.connect.Fetch
    &[(2, 54)],
    // spark.connect.Fetch.Method
    &[(2, 55)],
    // spark.connect.Fetch.Method.Args
    &[(1, 42), (2, 97)],
    // spark.connect.Filter
    &[(1, 97), (2, 37)],
    // spark.connect.GroupMap
    &[(1, 97), (2, 37), (3, 23), (4, 37), (5, 97), (6, 37), (10, 28), (11, 129)],
    // spark.connect.Hint
    &[(1, 97), (3, 37)],
    // spark.connect.HtmlString
    &[(1, 97)],
    // spark.connect.JavaUDF
    &[(2, 28)],
    // spark.connect.Join
    &[(1, 97), (2, 97), (3, 37)],
    // spark.connect.LateralJoin
    &[(1, 97), (2, 97), (3, 37)],
    // spark.connect.Limit
    &[(1, 97)],
    // spark.connect.MapPartitions
    &[(1, 97), (2, 23)],
    // spark.connect.MergeAction
    &[(2, 37), (3, 66)],
    // spark.connect.MergeAction.Assignment
    &[(1, 37), (2, 37)],
    // spark.connect.MergeIntoTableCommand
    &[(2, 97), (3, 37), (4, 37), (5, 37), (6, 37)],
    // spark.connect.MlCommand
    &[(1, 71), (2, 53), (4, 72), (6, 70), (9, 69)],
    // spark.connect.MlCommand.CreateSummary
    &[(2, 97)],
    // spark.connect.MlCommand.Evaluate
    &[(2, 73), (3, 97)],
    // spark.connect.MlCommand.Fit
    &[(2, 73), (3, 97)],
    // spark.connect.MlCommand.Write
    &[(3, 73)],
    // spark.connect.MlParams
    &[(1, 74)],
    // spark.connect.MlParams.ParamsEntry
    &[(2, 42)],
    // spark.connect.MlRelation
    &[(1, 76), (2, 53), (3, 97)],
    // spark.connect.MlRelation.Transform
    &[(3, 97), (4, 73)],
    // spark.connect.NADrop
    &[(1, 97)],
    // spark.connect.NAFill
    &[(1, 97), (3, 42)],
    // spark.connect.NAReplace
    &[(1, 97), (3, 80)],
    // spark.connect.NAReplace.Replacement
    &[(1, 42), (2, 42)],
    // spark.connect.NamedArgumentExpression
    &[(2, 37)],
    // spark.connect.NearestByJoin
    &[(1, 97), (2, 97), (3, 37)],
    // spark.connect.Offset
    &[(1, 97)],
    // spark.connect.Parse
    &[(1, 97), (3, 28)],
    // spark.connect.PipelineCommand
    &[(2, 90), (3, 86), (8, 89), (9, 92)],
    // spark.connect.PipelineCommand.DefineFlow
    &[(7, 88), (10, 87)],
    // spark.connect.PipelineCommand.DefineFlow.AutoCdcFlowDetails
    &[(2, 37), (3, 37), (6, 37), (7, 37), (8, 37), (9, 37), (14, 37), (15, 37)],
    // spark.connect.PipelineCommand.DefineFlow.WriteRelationFlowDetails
    &[(1, 97)],
    // spark.connect.PipelineCommand.DefineFlowQueryFunctionResult
    &[(3, 97)],
    // spark.connect.PipelineCommand.DefineOutput
    &[(6, 91)],
    // spark.connect.PipelineCommand.DefineOutput.TableDetails
    &[(4, 28)],
    // spark.connect.PipelineCommand.ExecuteOutputFlows
    &[(1, 90), (2, 86)],
    // spark.connect.Plan
    &[(1, 97), (2, 22)],
    // spark.connect.Project
    &[(1, 97), (3, 37)],
    // spark.connect.PythonUDF
    &[(1, 28)],
    // spark.connect.PythonUDTF
    &[(1, 28)],
    // spark.connect.Relation
    &[(3, 94), (4, 56), (5, 61), (6, 105), (7, 107), (8, 63), (9, 0), (10, 100), (12, 103), (13, 83), (14, 34), (16, 123), (17, 98), (18, 127), (19, 136), (20, 106), (21, 35), (22, 126), (23, 135), (24, 58), (25, 132), (26, 128), (27, 99), (28, 64), (29, 21), (30, 84), (31, 57), (32, 20), (33, 138), (34, 15), (35, 59), (38, 24), (39, 16), (41, 137), (42, 130), (43, 134), (44, 62), (47, 82), (90, 78), (91, 77), (92, 79), (100, 119), (101, 114), (102, 115), (103, 113), (104, 112), (105, 111), (106, 116), (107, 117), (200, 18), (300, 75)],
    // spark.connect.Repartition
    &[(1, 97)],
    // spark.connect.RepartitionByExpression
    &[(1, 97), (2, 37)],
    // spark.connect.SQL
    &[(2, 101), (3, 42), (4, 102), (5, 37)],
    // spark.connect.SQL.ArgsEntry
    &[(2, 42)],
    // spark.connect.SQL.NamedArgumentsEntry
    &[(2, 37)],
    // spark.connect.Sample
    &[(1, 97)],
    // spark.connect.ScalarScalaUDF
    &[(2, 28), (3, 28)],
    // spark.connect.SetOperation
    &[(1, 97), (2, 97)],
    // spark.connect.ShowString
    &[(1, 97)],
    // spark.connect.Sort
    &[(1, 97), (2, 46)],
    // spark.connect.SqlCommand
    &[(2, 109), (3, 42), (4, 110), (5, 37), (6, 97)],
    // spark.connect.SqlCommand.ArgsEntry
    &[(2, 42)],
    // spark.connect.SqlCommand.NamedArgumentsEntry
    &[(2, 37)],
    // spark.connect.StatApproxQuantile
    &[(1, 97)],
    // spark.connect.StatCorr
    &[(1, 97)],
    // spark.connect.StatCov
    &[(1, 97)],
    // spark.connect.StatCrosstab
    &[(1, 97)],
    // spark.connect.StatDescribe
    &[(1, 97)],
    // spark.connect.StatFreqItems
    &[(1, 97)],
    // spark.connect.StatSampleBy
    &[(1, 97), (2, 37), (3, 118)],
    // spark.connect.StatSampleBy.Fraction
    &[(1, 42)],
    // spark.connect.StatSummary
    &[(1, 97)],
    // spark.connect.StreamingForeachFunction
    &[(1, 95), (2, 104)],
    // spark.connect.StreamingQueryManagerCommand
    &[(5, 122), (6, 122)],
    // spark.connect.StreamingQueryManagerCommand.StreamingQueryListenerCommand
    &[(2, 95)],
    // spark.connect.SubqueryAlias
    &[(1, 97)],
    // spark.connect.SubqueryExpression
    &[(3, 125), (4, 37)],
    // spark.connect.SubqueryExpression.TableArgOptions
    &[(1, 37), (2, 46)],
    // spark.connect.Tail
    &[(1, 97)],
    // spark.connect.ToDF
    &[(1, 97)],
    // spark.connect.ToSchema
    &[(1, 97), (2, 28)],
    // spark.connect.TransformWithStateInfo
    &[(3, 28)],
    // spark.connect.Transpose
    &[(1, 97), (2, 37)],
    // spark.connect.TypedAggregateExpression
    &[(1, 104)],
    // spark.connect.Unpivot
    &[(1, 97), (2, 37), (3, 133)],
    // spark.connect.Unpivot.Values
    &[(1, 37)],
    // spark.connect.UnresolvedTableValuedFunction
    &[(2, 37)],
    // spark.connect.WithColumns
    &[(1, 97), (2, 38)],
    // spark.connect.WithColumnsRenamed
    &[(1, 97)],
    // spark.connect.WithRelations
    &[(1, 97), (2, 97)],
    // spark.connect.WithWatermark
    &[(1, 97)],
    // spark.connect.WriteOperation
    &[(1, 97)],
    // spark.connect.WriteOperationV2
    &[(1, 97), (4, 37), (8, 37)],
    // spark.connect.WriteStreamOperationStart
    &[(1, 97), (13, 120), (14, 120)],
];
