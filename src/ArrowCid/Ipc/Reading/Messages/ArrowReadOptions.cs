using ArrowCid.Columnar;

namespace ArrowCid.Ipc;

/// <summary>How Arrow IPC is read. Immutable.</summary>
public sealed class ArrowReadOptions
{
    /// <summary>The default of <see cref="MemoryBudget"/>: 4 GiB.</summary>
    public const long DefaultMemoryBudget = 4L << 30;

    private readonly long _memoryBudget = DefaultMemoryBudget;

    internal static ArrowReadOptions Default { get; } = new();

    /// <summary>
    /// The bytes that one batch and its dictionaries may take beyond the input itself:
    /// decompression, swapping of byte order, joining of delta dictionaries and the objects around them. A file that is
    /// read from a <see cref="Stream"/> that cannot seek counts too, since all of it is held. Over it reading ends with
    /// <see cref="ErrorCode.TooLarge"/>, before the memory is taken.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 0.</exception>
    public long MemoryBudget
    {
        get => _memoryBudget;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _memoryBudget = value;
        }
    }

    /// <summary>
    /// Leaves <c>custom_metadata</c> of messages and of a file's footer out instead of refusing it
    /// (<c>canonical-block.md</c>, section 4). A schema's and a field's metadata are kept.
    /// </summary>
    public bool DropCustomMetadata { get; init; }

    /// <summary>
    /// Keys that are left out of the schema's and every field's metadata, and that do no harm in the
    /// <c>custom_metadata</c> of messages and of a file's footer; null (the default) for none.
    /// </summary>
    public IReadOnlySet<string>? DropMetadata { get; init; }

    /// <summary>
    /// Reads batches whose bodies are over 2^31 - 57 bytes too. Where the input can seek, such a batch is given out as
    /// several, each with some of its rows, and only the bytes of those rows are in memory. Where it cannot, or where
    /// the batch is compressed, it is read whole, buffer by buffer, each of which is at most that large; it has no
    /// canonical block until it is cut (<see cref="BatchCut"/>). By default such batches are refused with
    /// <see cref="ErrorCode.TooLarge"/> before they are read.
    /// </summary>
    public bool ReadsLargeBatches { get; init; }

    /// <summary>The most bytes of a body that is held in one piece.</summary>
    internal long WholeBodyBytes { get; init; } = Array.MaxLength;

    /// <summary>About the most bytes of a part of a larger body.</summary>
    internal long PartBytes { get; init; } = 32 << 20;

    /// <summary>Each part of a larger body has a multiple of these rows.</summary>
    internal int PartRows { get; init; } = 1;

    /// <summary>Leaves a <see cref="Stream"/> open when the reader is disposed.</summary>
    public bool LeaveOpen { get; init; }
}
