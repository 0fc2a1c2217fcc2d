using ArrowCid.Ipc;
using ArrowCid.Storage;
using ArrowCid.Transfer.Backends;

namespace ArrowCid;

/// <summary>Statistics, verification, segments and processes.</summary>
public sealed partial class StoreDiagnostics
{
    // What the bytes of a large block are cut into where one names the first that differs.
    private const int LeafBytes = 1 << 20;

    /// <summary>Adds to an error where the damage begins, as far as that can be told.</summary>
    private static ArrowCidException Explain(ArrowCidException error, RecordLease block, Cid cid, BlockBackend? source,
        CancellationToken cancellationToken)
    {
        if (error.Code != ErrorCode.BlockCorrupt) return error;
        string? where = source is null ? null : FirstDifference(block, cid, source, cancellationToken);
        where ??= block.Kind == RecordKind.Batch ? FirstFault(block) : null;
        return where is null ? error : new ArrowCidException(error.Code, $"{error.Message}; {where}", error);
    }

    private static string? FirstDifference(RecordLease block, Cid cid, BlockBackend source,
        CancellationToken cancellationToken)
    {
        try
        {
            using BlockLease? good = source.TryGet(cid, cancellationToken);
            if (good is null) return null;
            int at = block.Memory.Span.CommonPrefixLength(good.Bytes.Span);
            return at == good.Bytes.Length ? null
                : $"the first difference is at byte {at} (in the 1 MiB leaf {at / LeafBytes})";
        }
        catch (ArrowCidException)
        {
            // The source is judged by itself.
            return null;
        }
    }

    /// <summary>What reading the bytes as a batch meets first.</summary>
    private static string? FirstFault(RecordLease block)
    {
        try
        {
            using BlockPlan plan = BlockPlan.Of(CanonicalBlock.DecodeView(block.Memory));
            return null;
        }
        catch (InvalidArrowException e)
        {
            return $"as a batch: {e.Message}";
        }
    }
}
