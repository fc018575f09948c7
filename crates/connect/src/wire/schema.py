"""Prints schema.rs: which fields of which messages nest further messages without end.

Run with PySpark's Connect client installed: python schema.py > schema.rs
"""
from pyspark.sql.connect.proto import base_pb2, commands_pb2, relations_pb2

ROOTS = {
    "EXECUTE_PLAN_REQUEST": base_pb2.ExecutePlanRequest.DESCRIPTOR,
    "ANALYZE_PLAN_REQUEST": base_pb2.AnalyzePlanRequest.DESCRIPTOR,
    "RELATION": relations_pb2.Relation.DESCRIPTOR,
    "COMMAND": commands_pb2.Command.DESCRIPTOR,
}


def children(message):
    # Maps are repeated messages with the fields 1 and 2: the descriptors show them as such.
    return [(f.number, f.message_type) for f in message.fields if f.message_type is not None]


def reachable(message):
    seen, todo = {}, [message]
    while todo:
        for _, child in children(todo.pop()):
            if child.full_name not in seen:
                seen[child.full_name] = child
                todo.append(child)
    return seen


messages = {}
for root in ROOTS.values():
    messages[root.full_name] = root
    messages.update(reachable(root))
recursive = {name for name, message in messages.items() if name in reachable(message)}
kept = sorted(name for name, message in messages.items() if name in recursive or recursive & reachable(message).keys())
index = {name: position for position, name in enumerate(kept)}

print("//! Which fields nest further messages without end. Printed by schema.py from Spark 4.2's descriptors.")
print()
print("use super::Field;")
print()
for constant, root in ROOTS.items():
    print(f"pub(super) const {constant}: u16 = {index[root.full_name]};")
print()
print("/// The fields of each message that lead to other messages of this table, in ascending order.")
print("#[rustfmt::skip]")
print("pub(super) static MESSAGES: &[&[Field]] = &[")
for name in kept:
    fields = sorted((number, index[child.full_name]) for number, child in children(messages[name]) if child.full_name in index)
    print(f"    // {name}")
    print("    &[" + ", ".join(f"({number}, {child})" for number, child in fields) + "],")
print("];")
