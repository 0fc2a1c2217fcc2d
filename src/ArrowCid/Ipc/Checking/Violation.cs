namespace ArrowCid.Ipc;

/// <summary>One rule of the canonical form that a stream does not keep, and how.</summary>
internal readonly record struct Violation(string Rule, string FieldPath, string How);
