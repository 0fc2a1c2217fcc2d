using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>A dictionary message to be.</summary>
internal sealed record DictionaryPlan(int Id, int Length, BodyPlan Body, FieldPath Path);
