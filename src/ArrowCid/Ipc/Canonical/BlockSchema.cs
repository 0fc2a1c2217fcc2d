using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>A decoded schema message, kept for the blocks that begin with the same bytes.</summary>
/// <param name="Schema">The schema.</param>
/// <param name="Plans">How its columns are read.</param>
/// <param name="Message">The message, from its first byte to the end of its padding.</param>
internal sealed record BlockSchema(Schema Schema, FieldPlan[] Plans, byte[] Message)
{
    /// <summary>The quick way to its batches, where there is one.</summary>
    public FlatShape? Flat { get; } = FlatShape.Of(Schema);
}
