namespace ArrowCid.Ipc;

/// <summary>A part of a canonical block.</summary>
/// <param name="Message">«schema», «dictionary 3», «batch» or «end of stream».</param>
/// <param name="FieldPath">The field, or empty.</param>
/// <param name="Buffer">The buffer's role, or «metadata».</param>
/// <param name="End">The first byte after it.</param>
/// <param name="Rule">The rule that fixes its bytes.</param>
internal readonly record struct BlockPart(string Message, string FieldPath, string Buffer, long End, string Rule);
